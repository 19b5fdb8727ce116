//! Personal columns: the value sealed under a data key, beside it a blind index to find it by. Nobody reads either
//! without the key; equal values have equal indexes, within one kind and key.

use yiwang_kernel::{Error, Result};
use yiwang_seal::DataKey;

use crate::{Row, Value};

/// A personal value on its way into two BLOB columns.
#[derive(Clone, PartialEq)]
pub struct Sealed {
    sealed: Vec<u8>,
    index: [u8; 32],
}

impl Sealed {
    /// Seals a value. `kind` names the column (`accounts.phone`) and is bound to it: moved to another column, it does
    /// not open.
    pub fn new(key: &DataKey, kind: &str, value: &str) -> Sealed {
        let sealed = key.seal(kind.as_bytes(), value.as_bytes());
        Sealed { sealed, index: yiwang_seal::blind_index(key, kind, value) }
    }

    /// For the column that holds the value.
    pub fn value(&self) -> Value {
        Value::Bytes(self.sealed.clone())
    }

    /// For the column that finds it.
    pub fn index(&self) -> Value {
        self.index.into()
    }

    /// What to look for in the index column. The caller brings values into one form first.
    pub fn find(key: &DataKey, kind: &str, value: &str) -> Value {
        yiwang_seal::blind_index(key, kind, value).into()
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Sealed(..)")
    }
}

impl Row {
    /// Opens a sealed column.
    pub fn sealed(&self, name: &str, key: &DataKey, kind: &str) -> Result<String> {
        open(name, key, kind, &self.bytes(name)?)
    }

    /// Opens a sealed column, or none for NULL.
    pub fn opt_sealed(&self, name: &str, key: &DataKey, kind: &str) -> Result<Option<String>> {
        self.opt_bytes(name)?.map(|sealed| open(name, key, kind, &sealed)).transpose()
    }
}

fn open(name: &str, key: &DataKey, kind: &str, sealed: &[u8]) -> Result<String> {
    let opened = key.open(kind.as_bytes(), sealed).ok().and_then(|plain| String::from_utf8(plain).ok());
    opened.ok_or_else(|| Error::broken(format!("the sealed column {name} does not open")))
}

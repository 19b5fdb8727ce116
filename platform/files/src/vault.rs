//! The keys of files, one per scope, wrapped by the master key in the table files_keys. The master key itself is never
//! stored. Not to be called from inside a store transaction: a new scope opens one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use yiwang_kernel::{Error, Result};
use yiwang_seal::{DataKey, MasterKey};
use yiwang_store::Db;

use crate::store;

const REWRAPPED_AT_ONCE: usize = 200;

/// The keys of files. Cheap to clone; all clones are one vault.
#[derive(Clone)]
pub struct KeyVault {
    inside: Arc<Inside>,
}

struct Inside {
    db: Db,
    master: MasterKey,
    known: RwLock<HashMap<String, DataKey>>,
}

impl KeyVault {
    /// The vault in this store, opened by this ring of master keys.
    pub fn new(db: Db, master: MasterKey) -> KeyVault {
        KeyVault { inside: Arc::new(Inside { db, master, known: RwLock::default() }) }
    }

    /// The key of this scope, made and kept at its first use. A wrong master key is refused.
    pub async fn key(&self, scope: &str) -> Result<DataKey> {
        let known = self.inside.known.read().unwrap_or_else(PoisonError::into_inner).get(scope).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let wrapped = match store::key(&self.inside.db, scope).await? {
            Some(wrapped) => wrapped,
            None => self.make(scope).await?,
        };
        let key = self.open(scope, &wrapped)?;
        let mut known = self.inside.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(scope.to_owned(), key.clone());
        Ok(key)
    }

    /// Destroys the key of a scope: what it sealed can never be read again. Whether there was one.
    pub async fn destroy(&self, scope: &str) -> Result<bool> {
        let destroy = self.inside.db.tx(|tx| Box::pin(store::forget_key(tx, scope)));
        let existed = destroy.await?;
        self.inside.known.write().unwrap_or_else(PoisonError::into_inner).remove(scope);
        Ok(existed)
    }

    /// Wraps every key anew that an older master key wraps, after a rotation; how many.
    pub async fn rewrap(&self) -> Result<u64> {
        let newest = self.inside.master.ids().last().copied().unwrap_or(0);
        let mut count = 0;
        loop {
            let keys = store::keys_not_under(&self.inside.db, newest, REWRAPPED_AT_ONCE).await?;
            if keys.is_empty() {
                return Ok(count);
            }
            for (scope, wrapped) in keys {
                let anew = self.inside.master.wrap(&self.open(&scope, &wrapped)?, &scope);
                let (scope, anew) = (&scope, &anew);
                self.inside.db.tx(|tx| Box::pin(store::rewrap_key(tx, scope, newest, anew))).await?;
                count += 1;
            }
        }
    }

    async fn make(&self, scope: &str) -> Result<Vec<u8>> {
        let wrapped = self.inside.master.wrap(&DataKey::generate(), scope);
        let master = MasterKey::id_of(&wrapped).map_err(|_| Error::broken("a wrapping of our own cannot be read"))?;
        let wrapped = &wrapped;
        self.inside.db.tx(|tx| Box::pin(store::keep_key(tx, scope, master, wrapped))).await
    }

    fn open(&self, scope: &str, wrapped: &[u8]) -> Result<DataKey> {
        let opened = self.inside.master.unwrap(wrapped, scope);
        opened.map_err(|_| Error::unavailable("master-key-wrong"))
    }
}

impl fmt::Debug for KeyVault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("KeyVault(..)")
    }
}

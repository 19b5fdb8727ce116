//! Identifiers. `Id` (UUIDv7) is internal and sorts by time; `Handle` is what a resident or stranger may see:
//! random, meaningless, never reused. `Ref` names a thing of another capability.

use std::fmt;
use std::str::FromStr;

use crate::{Ctx, Error};

/// An internal identifier, UUIDv7: 16 bytes, sorts by the time it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

impl Id {
    /// A fresh id from the context's clock and randomness.
    pub fn new(ctx: &Ctx) -> Id {
        let millis = u64::try_from(ctx.now().micros() / 1000).unwrap_or(0);
        let mut random = [0u8; 10];
        ctx.fill_random(&mut random);
        Id(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes())
    }

    /// The id with these bytes, as stored.
    pub fn from_bytes(bytes: &[u8]) -> Result<Id, Error> {
        bytes.try_into().map(Id).map_err(|_| Error::broken("an id is not 16 bytes"))
    }

    /// The 16 bytes, as stored.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).as_hyphenated().fmt(out)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Id {
    type Err = Error;

    fn from_str(text: &str) -> Result<Id, Error> {
        let uuid = uuid::Uuid::try_parse(text).map_err(|_| Error::invalid("id", "id-format"))?;
        Ok(Id(uuid.into_bytes()))
    }
}

impl serde::Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// What outsiders see: 128 random bits as 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle(String);

impl Handle {
    /// A fresh handle from the context's randomness.
    pub fn new(ctx: &Ctx) -> Handle {
        let mut random = [0u8; 16];
        ctx.fill_random(&mut random);
        Handle(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The handle written as `text`: 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Handle, Error> {
        let fits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(Handle(text.to_owned())) } else { Err(Error::invalid("handle", "handle-format")) }
    }

    /// The 32 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A thing of another capability: its noun (`catalogue.resource`) and its key there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Ref {
    /// `capability.noun`.
    pub noun: String,
    /// The key inside that capability.
    pub key: String,
}

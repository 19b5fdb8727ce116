//! The ring of master keys that wraps data keys. Its text form is what an operator keeps beside the data directory
//! and in a safe. Does not read or write that file itself.

use zeroize::Zeroizing;

use crate::{DataKey, Error, Result, hex, unhex};

const LINE_HEAD: &str = "yiwang-master-1";
const WRAP_VERSION: u8 = 1;
const KEYS_MAX: usize = 1_000;

/// A ring of numbered master keys: the newest wraps, every one unwraps what it once wrapped.
#[derive(Clone)]
pub struct MasterKey {
    /// By rising number, never empty.
    keys: Vec<(u32, DataKey)>,
}

impl MasterKey {
    /// A fresh ring with one key, number 1.
    pub fn generate() -> MasterKey {
        MasterKey { keys: vec![(1, DataKey::generate())] }
    }

    /// Reads the text form: lines `yiwang-master-1:<id>:<64 hexadecimal digits>`; blank lines and `#` lines are
    /// skipped, order does not matter, a number occurs once.
    pub fn parse(text: &str) -> Result<MasterKey> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut keys = lines.map(parse_line).collect::<Result<Vec<_>>>()?;
        keys.sort_by_key(|(id, _)| *id);
        let repeated = keys.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if keys.is_empty() || keys.len() > KEYS_MAX || repeated {
            return Err(Error::KeyForm);
        }
        Ok(MasterKey { keys })
    }

    /// The text form, one line a key, oldest first. It is the secret itself.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.keys.len() * 96));
        for (id, key) in &self.keys {
            let digits = Zeroizing::new(hex(key.as_bytes()));
            text.push_str(&format!("{LINE_HEAD}:{id}:"));
            text.push_str(&digits);
            text.push('\n');
        }
        text
    }

    /// Adds a fresh key, which wraps from now on; gives its number. Old keys stay for what they wrapped.
    pub fn rotate(&mut self) -> u32 {
        let id = self.newest().0 + 1;
        self.keys.push((id, DataKey::generate()));
        id
    }

    /// The numbers in the ring, oldest first.
    pub fn ids(&self) -> Vec<u32> {
        self.keys.iter().map(|(id, _)| *id).collect()
    }

    /// Wraps a data key under the newest master key, bound to the context (for example `lake/resource 7`).
    pub fn wrap(&self, key: &DataKey, context: &str) -> Vec<u8> {
        let (id, master) = self.newest();
        let mut wrapped = vec![WRAP_VERSION];
        wrapped.extend_from_slice(&id.to_be_bytes());
        wrapped.extend_from_slice(&master.seal(&associated(*id, context), key.as_bytes()));
        wrapped
    }

    /// Unwraps what [`MasterKey::wrap`] made in the same context.
    pub fn unwrap(&self, wrapped: &[u8], context: &str) -> Result<DataKey> {
        let id = MasterKey::id_of(wrapped)?;
        let known = self.keys.iter().find(|(known, _)| *known == id);
        let (_, master) = known.ok_or(Error::KeyUnknown(id))?;
        let plain = Zeroizing::new(master.open(&associated(id, context), &wrapped[5..])?);
        let bytes = plain.as_slice().try_into().map_err(|_| Error::KeyForm)?;
        Ok(DataKey::from_bytes(bytes))
    }

    /// Which master key wrapped this: what a rotation asks to find keys still to be wrapped anew.
    pub fn id_of(wrapped: &[u8]) -> Result<u32> {
        match wrapped.split_first_chunk::<5>() {
            Some(([WRAP_VERSION, id @ ..], _)) => Ok(u32::from_be_bytes(*id)),
            _ => Err(Error::Sealed),
        }
    }

    fn newest(&self) -> &(u32, DataKey) {
        self.keys.last().expect("a ring holds a key")
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "MasterKey({:?})", self.ids())
    }
}

fn associated(id: u32, context: &str) -> Vec<u8> {
    [b"yiwang-wrap-1".as_slice(), &id.to_be_bytes(), context.as_bytes()].concat()
}

fn parse_line(line: &str) -> Result<(u32, DataKey)> {
    let mut parts = line.split(':');
    let (Some(LINE_HEAD), Some(id), Some(digits), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::KeyForm);
    };
    let bytes = Zeroizing::new(unhex(digits).ok_or(Error::KeyForm)?);
    let bytes = bytes.as_slice().try_into().map_err(|_| Error::KeyForm)?;
    Ok((id.parse().map_err(|_| Error::KeyForm)?, DataKey::from_bytes(bytes)))
}

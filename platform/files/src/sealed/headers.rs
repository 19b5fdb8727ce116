//! What is remembered of sealed objects, so that a read need not begin with their headers: salt and size, never a key.
//! Bounded; may be out of date, which opening finds out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use object_store::path::Path;

use super::layout;

const HEADERS_MAX: usize = 4_096;

/// The header of an object.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) salt: [u8; layout::SALT_BYTES],
    /// Plain bytes in the object.
    pub(crate) plain: u64,
}

/// Headers by path.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    known: Mutex<HashMap<Path, Header>>,
}

impl Header {
    /// From the first bytes of an object of so many sealed bytes; none where it is not one of ours.
    pub(crate) fn read(header: &[u8], sealed: u64) -> Option<Header> {
        let salt = header.strip_prefix(layout::MARK)?.try_into().ok()?;
        Some(Header { salt, plain: layout::plain_bytes(sealed)? })
    }
}

impl Headers {
    pub(crate) fn get(&self, location: &Path) -> Option<Header> {
        self.known().get(location).cloned()
    }

    pub(crate) fn put(&self, location: &Path, header: Header) {
        let mut known = self.known();
        if known.len() >= HEADERS_MAX {
            known.clear();
        }
        known.insert(location.clone(), header);
    }

    pub(crate) fn forget(&self, location: &Path) {
        self.known().remove(location);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Path, Header>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

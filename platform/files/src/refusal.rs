//! What storage says when it refuses, turned into the closed list of errors. A full or read-only disk has a code of its
//! own, because an operator can do something about it.

use std::io::ErrorKind;

use object_store::Error as StoreError;
use yiwang_kernel::Error;

/// The error for a refusal of an object store, ours or another's.
pub fn refusal(error: StoreError) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(link) = cause {
        if let Some(known) = link.downcast_ref::<Error>() {
            return known.clone();
        }
        if let Some(code) = link.downcast_ref::<std::io::Error>().and_then(io_code) {
            return Error::unavailable(code);
        }
        cause = link.source();
    }
    match error {
        StoreError::NotFound { .. } => Error::not_found("file-unknown"),
        StoreError::AlreadyExists { .. } => Error::conflict("exists"),
        StoreError::PermissionDenied { .. } => Error::unavailable("disk-readonly"),
        other => Error::internal("storage refused", other),
    }
}

/// An error of ours on its way through an object store's interface.
pub(crate) fn carried(error: Error) -> StoreError {
    StoreError::Generic { store: "sealed", source: Box::new(error) }
}

/// An error of the file system on its way through an object store's interface.
pub(crate) fn from_io(path: &object_store::path::Path, error: std::io::Error) -> StoreError {
    let path = path.to_string();
    match error.kind() {
        ErrorKind::NotFound => StoreError::NotFound { path, source: Box::new(error) },
        ErrorKind::AlreadyExists => StoreError::AlreadyExists { path, source: Box::new(error) },
        _ => StoreError::Generic { store: "disk", source: Box::new(error) },
    }
}

fn io_code(error: &std::io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("disk-full"),
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Some("disk-readonly"),
        _ => None,
    }
}

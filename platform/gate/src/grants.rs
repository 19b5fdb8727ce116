//! Grants as kept in the store. Which grants may exist is decided by their callers; which of them serve a read is
//! decided by the gate.

mod store;

pub use store::{FindGrants, MIGRATIONS, find, find_in, get, put, revoke, suspend, suspend_resource};

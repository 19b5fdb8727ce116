//! What visitors and programs rely on.

mod addresses;
mod formats;

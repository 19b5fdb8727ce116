//! The one HTTP client of the product. It resolves a name first, refuses addresses of this machine and of inside
//! networks unless the operator listed them for that use, connects to the very address it checked, and limits
//! redirects, size and time. Keeps no cookies, knows no proxy, reuses no connection.

mod address;
mod client;

pub use address::Allowed;
pub use client::{BODY_BYTES_MAX, Client, Limits, REDIRECTS_MAX, Reply, Request};
pub(crate) use client::{host_of, parse};

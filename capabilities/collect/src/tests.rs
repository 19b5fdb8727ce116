//! What callers of loading rely on.

mod model;

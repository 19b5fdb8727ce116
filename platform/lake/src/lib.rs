//! lake.

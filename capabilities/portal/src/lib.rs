//! portal.

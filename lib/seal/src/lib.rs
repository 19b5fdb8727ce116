//! The only home of crypto primitives.

/// Fills the buffer from the operating system's random source.
pub fn random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives randomness");
}

//! What callers rely on: published vectors for every primitive, and that nothing altered, moved or cut opens.

mod keys;
mod vectors;

fn bytes(text: &str) -> Vec<u8> {
    crate::unhex(text).expect("hexadecimal in a test")
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().expect("the right length in a test")
}

//! The only home of crypto primitives: hashes, authenticated encryption, key rings, signatures, verifiable labels,
//! passwords and one-time codes. Knows no file, no table and no clock; callers hand in times and contexts.

mod aead;
mod master;
pub mod password;
mod sign;
pub mod totp;
pub mod vrf;

#[cfg(test)]
mod tests;

pub use aead::{CHUNK_BYTES, CHUNK_OVERHEAD_BYTES, DataKey, FileKey, SEALED_OVERHEAD_BYTES};
pub use master::MasterKey;
pub use sign::{SigningKey, VerifyingKey};

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Digest;
use subtle::ConstantTimeEq;

/// What goes wrong with sealed things. Never says more: a reason would help only an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Altered, cut, moved to another place, or sealed under another key.
    #[error("a sealed value does not open")]
    Sealed,
    /// The ring holds no key of this number.
    #[error("no master key {0} in the ring")]
    KeyUnknown(u32),
    /// Key text or key bytes that cannot be read.
    #[error("a key cannot be read")]
    KeyForm,
    /// A signature that is not of this message by this key.
    #[error("a signature does not hold")]
    Signature,
    /// A label proof that does not hold for this value and key.
    #[error("a label proof does not hold")]
    Proof,
}

/// The result of opening, verifying or reading a key.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Fills the buffer from the operating system's random source.
pub fn random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives randomness");
}

/// SHA-256 (FIPS 180-4) of these bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// SHA-256 fed piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Nothing fed yet.
    pub fn new() -> Sha256 {
        Sha256::default()
    }

    /// Feeds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of everything fed.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// HMAC-SHA-256 (RFC 2104) of the message.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    hmac_parts(key, &[message])
}

/// Finds a personal value in the store without showing it: HMAC over kind and value under the index key.
pub fn blind_index(key: &DataKey, kind: &str, value: &str) -> [u8; 32] {
    hmac_parts(key.as_bytes(), &[b"yiwang-blind-1", &length(kind), kind.as_bytes(), value.as_bytes()])
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Reads lower- or upper-case hexadecimal; nothing for other text.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
}

/// Compares in a time that depends on the lengths alone.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn hmac_parts(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A text's length in front of it, so that two texts in a row have one reading.
fn length(text: &str) -> [u8; 8] {
    (text.len() as u64).to_be_bytes()
}

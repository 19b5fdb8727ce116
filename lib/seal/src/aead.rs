//! Authenticated encryption with AES-256-GCM: single values under random nonces, files as a chain of chunks under a
//! key of their own. Does no file IO; the caller keeps a file's salt in its header.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use zeroize::Zeroizing;

use crate::{Error, Result, hmac_parts, length, random};

/// Plain bytes per chunk of a sealed file; only the last chunk is shorter.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// What sealing adds to a chunk: the tag.
pub const CHUNK_OVERHEAD_BYTES: usize = TAG_BYTES;
/// What [`DataKey::seal`] adds to a value: nonce and tag.
pub const SEALED_OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// A key for data, 256 bits, wiped from memory when dropped. Seals at most 2^32 values (random 96-bit nonces).
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A fresh key from the operating system's randomness.
    pub fn generate() -> DataKey {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random(bytes.as_mut());
        DataKey(bytes)
    }

    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> DataKey {
        DataKey(Zeroizing::new(bytes))
    }

    /// The key's bytes: for wrapping and for HMAC, never for storing.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Another key for this purpose, which does not betray this one (HMAC-SHA-256 as a key derivation function).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> DataKey {
        DataKey(Zeroizing::new(hmac_parts(self.as_bytes(), &[b"yiwang-derive-1", purpose.as_bytes()])))
    }

    /// Seals a value under a random nonce: nonce, ciphertext, tag. `aad` is bound to it but not kept in it.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0u8; NONCE_BYTES];
        random(&mut nonce);
        let mut sealed = Vec::with_capacity(plain.len() + SEALED_OVERHEAD_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&encrypt(&self.cipher(), nonce, aad, plain));
        sealed
    }

    /// Opens what [`DataKey::seal`] made with the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Sealed)?;
        decrypt(&self.cipher(), *nonce, aad, sealed)
    }

    /// The key of one writing of one file. The salt is random, fresh for every writing, and stands in the file's
    /// header: so nonces never repeat, and chunks of two writings of the same path cannot be mixed.
    pub fn file(&self, path: &str, salt: &[u8; 16]) -> FileKey {
        let parts: [&[u8]; 4] = [b"yiwang-file-1", salt, &length(path), path.as_bytes()];
        let key = Zeroizing::new(hmac_parts(self.as_bytes(), &parts));
        FileKey(Aes256Gcm::new((&*key).into()))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DataKey(..)")
    }
}

/// Seals and opens the chunks of one file (the STREAM construction: position and end are part of the nonce).
#[derive(Clone)]
pub struct FileKey(Aes256Gcm);

impl FileKey {
    /// Seals chunk `index` (from 0). Exactly one chunk of a file is `last`, an empty file's only chunk included.
    pub fn seal_chunk(&self, index: u64, last: bool, plain: &[u8]) -> Vec<u8> {
        encrypt(&self.0, chunk_nonce(index, last), &[], plain)
    }

    /// Opens chunk `index`; fails when it is altered, stands elsewhere, or the file was cut or lengthened.
    pub fn open_chunk(&self, index: u64, last: bool, sealed: &[u8]) -> Result<Vec<u8>> {
        decrypt(&self.0, chunk_nonce(index, last), &[], sealed)
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FileKey(..)")
    }
}

fn chunk_nonce(index: u64, last: bool) -> [u8; NONCE_BYTES] {
    let mut nonce = [0u8; NONCE_BYTES];
    nonce[3..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

fn encrypt(cipher: &Aes256Gcm, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad });
    sealed.expect("values are far below the 64 GiB limit of GCM")
}

fn decrypt(cipher: &Aes256Gcm, nonce: [u8; NONCE_BYTES], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    cipher.decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad }).map_err(|_| Error::Sealed)
}

//! Authenticated encryption with AES-256-GCM: single values under random nonces, files as a chain of chunks under a
//! key of their own. Does no file IO; the caller keeps a file's salt in its header.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
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
        append_sealed(&self.cipher(), nonce, aad, plain, &mut sealed);
        sealed
    }

    /// Opens what [`DataKey::seal`] made with the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Sealed)?;
        let mut plain = sealed.to_vec();
        let opened = self.cipher().open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut plain);
        let length = opened.map_err(|_| Error::Sealed)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// The key of one writing of one file. The salt is random, fresh for every writing, and stands in the file's
    /// header: so nonces never repeat, and chunks of two writings of the same path cannot be mixed.
    pub fn file(&self, path: &str, salt: &[u8; 16]) -> FileKey {
        let parts: [&[u8]; 4] = [b"yiwang-file-1", salt, &length(path), path.as_bytes()];
        let key = Zeroizing::new(hmac_parts(self.as_bytes(), &parts));
        FileKey(cipher(&key))
    }

    fn cipher(&self) -> LessSafeKey {
        cipher(&self.0)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DataKey(..)")
    }
}

/// Seals and opens the chunks of one file (the STREAM construction: position and end are part of the nonce).
#[derive(Clone)]
pub struct FileKey(LessSafeKey);

impl FileKey {
    /// Appends chunk `index` (from 0), sealed. Exactly one chunk of a file is `last`, an empty file's only chunk
    /// included.
    pub fn seal_chunk(&self, index: u64, last: bool, plain: &[u8], sealed: &mut Vec<u8>) {
        append_sealed(&self.0, chunk_nonce(index, last), &[], plain, sealed);
    }

    /// Opens consecutive chunks where they stand, the first of them chunk `first` of a file that ends with chunk
    /// `last`. The plain bytes then stand at the beginning, this many. Fails when something is altered, stands
    /// elsewhere, or the file was cut or lengthened; what is in `sealed` is of no use then.
    pub fn open_chunks(&self, first: u64, last: u64, sealed: &mut [u8]) -> Result<usize> {
        let (mut index, mut from, mut plain) = (first, 0, 0);
        while from < sealed.len() {
            let end = sealed.len().min(from + CHUNK_BYTES + CHUNK_OVERHEAD_BYTES);
            let nonce = Nonce::assume_unique_for_key(chunk_nonce(index, index == last));
            let opened = self.0.open_within(nonce, Aad::empty(), &mut sealed[plain..end], from - plain..);
            plain += opened.map_err(|_| Error::Sealed)?.len();
            from = end;
            index += 1;
        }
        Ok(plain)
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

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key of AES-256"))
}

fn append_sealed(cipher: &LessSafeKey, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &[u8], sealed: &mut Vec<u8>) {
    let start = sealed.len();
    sealed.reserve(plain.len() + TAG_BYTES);
    sealed.extend_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed[start..]);
    sealed.extend_from_slice(tag.expect("values are far below the 64 GiB limit of GCM").as_ref());
}

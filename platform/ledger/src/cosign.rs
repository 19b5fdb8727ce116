//! Witnesses: other bodies that keep a head and sign that they saw it, as one more line of its note (C2SP
//! tlog-cosignature, version 1). Makes and checks such lines and the keys behind them; keeps nothing.

use std::fmt::Write;

use data_encoding::BASE64;
use yiwang_kernel::{Error, Instant, Result};
use yiwang_seal::{SigningKey, VerifyingKey, hex, sha256};

use crate::note::{Head, NOTE_BYTES_MAX};

const COSIGNATURE: u8 = 0x04;
const SECRET: &str = "PRIVATE+KEY+";
const NAME_CHARS_MAX: usize = 100;

/// A witness, as others know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    name: String,
    key: VerifyingKey,
}

/// A witness's own key.
#[derive(Debug, Clone)]
pub struct WitnessKey {
    name: String,
    key: SigningKey,
}

impl Witness {
    /// Reads a verifier key as C2SP writes one: `<name>+<key hash>+<base64 of type and key>`.
    pub fn parse(text: &str) -> Result<Witness> {
        let wrong = || Error::invalid("verifier", "ledger-witness-key");
        let (name, hash, bytes) = parts(text.trim()).ok_or_else(wrong)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| wrong())?;
        let witness = Witness { name: name.to_owned(), key };
        if !is_name(name) || hash != hex(&witness.hash()) { Err(wrong()) } else { Ok(witness) }
    }

    /// The name it signs by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its verifier key.
    pub fn verifier(&self) -> String {
        line(&self.name, &self.hash(), &self.key.to_bytes())
    }

    /// When this witness signed the note; nothing where it did not.
    pub fn signed(&self, note: &str) -> Option<Instant> {
        let (text, lines) = halves(note)?;
        let time = |line: &str| {
            let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
            let blob = BASE64.decode(blob.as_bytes()).ok()?;
            let (hash, rest) = blob.split_first_chunk::<4>()?;
            let (seconds, signature) = rest.split_first_chunk::<8>()?;
            if name != self.name || *hash != self.hash() {
                return None;
            }
            let seconds = u64::from_be_bytes(*seconds);
            self.key.verify(&message(text, seconds), signature.try_into().ok()?).ok()?;
            i64::try_from(seconds).ok()?.checked_mul(1_000_000).map(Instant::from_micros)
        };
        lines.lines().find_map(time)
    }

    fn hash(&self) -> [u8; 4] {
        hash(&self.name, &self.key)
    }
}

impl WitnessKey {
    /// A fresh key under this name, which has neither blanks nor plus signs.
    pub fn generate(name: &str) -> Result<WitnessKey> {
        if !is_name(name) {
            return Err(Error::invalid("name", "ledger-witness-name"));
        }
        Ok(WitnessKey { name: name.to_owned(), key: SigningKey::generate() })
    }

    /// Reads what [`WitnessKey::to_text`] wrote.
    pub fn parse(text: &str) -> Result<WitnessKey> {
        let wrong = || Error::invalid("key", "ledger-witness-secret");
        let (name, given, seed) = text.trim().strip_prefix(SECRET).and_then(parts).ok_or_else(wrong)?;
        let key = SigningKey::from_bytes(&seed);
        if !is_name(name) || given != hex(&hash(name, &key.verifying_key())) {
            return Err(wrong());
        }
        Ok(WitnessKey { name: name.to_owned(), key })
    }

    /// The key as text, to be kept secret.
    pub fn to_text(&self) -> String {
        let own = hash(&self.name, &self.key.verifying_key());
        format!("{SECRET}{}\n", line(&self.name, &own, &self.key.to_bytes()))
    }

    /// What others check its signatures by.
    pub fn witness(&self) -> Witness {
        Witness { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The note with one more line: that this witness saw it at this time.
    pub fn cosign(&self, note: &str, at: Instant) -> Result<String> {
        let wrong = || Error::invalid("note", "ledger-head");
        if !Head::is_note(note) {
            return Err(wrong());
        }
        let (text, _) = halves(note).ok_or_else(wrong)?;
        let seconds = u64::try_from(at.micros() / 1_000_000).map_err(|_| wrong())?;
        let signature = self.key.sign(&message(text, seconds));
        let hash = hash(&self.name, &self.key.verifying_key());
        let blob = [hash.as_slice(), &seconds.to_be_bytes(), &signature].concat();
        let mut note = note.to_owned();
        writeln!(note, "— {} {}", self.name, BASE64.encode(&blob)).expect("a string takes any text");
        Ok(note)
    }
}

/// What a witness signs: its own first line, the time, the note's text.
fn message(text: &str, seconds: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes()
}

/// The note's text with its last line end, and the lines of signatures.
fn halves(note: &str) -> Option<(&str, &str)> {
    if note.len() > NOTE_BYTES_MAX || !note.ends_with('\n') {
        return None;
    }
    let (text, lines) = note.split_once("\n\n")?;
    Some((&note[..text.len() + 1], lines))
}

fn line(name: &str, hash: &[u8; 4], bytes: &[u8; 32]) -> String {
    let typed = [&[COSIGNATURE], bytes.as_slice()].concat();
    format!("{name}+{}+{}", hex(hash), BASE64.encode(&typed))
}

fn parts(text: &str) -> Option<(&str, &str, [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, hash, typed) = (parts.next()?, parts.next()?, parts.next()?);
    let typed = BASE64.decode(typed.as_bytes()).ok()?;
    let (&COSIGNATURE, bytes) = typed.split_first()? else { return None };
    Some((name, hash, bytes.try_into().ok()?))
}

fn hash(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let named = [name.as_bytes(), &[b'\n', COSIGNATURE], &key.to_bytes()].concat();
    *sha256(&named).first_chunk().expect("4 of 32 bytes")
}

fn is_name(name: &str) -> bool {
    let fits = |character: char| !character.is_whitespace() && !character.is_control() && character != '+';
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && name.chars().all(fits)
}

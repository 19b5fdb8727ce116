//! One-time codes by time: RFC 6238 over HMAC-SHA-1, six digits, 30 seconds, as every authenticator app has it.
//! Keeps no state: the caller stores the last step used, so that a code serves once.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};

use crate::{equal, random};

/// Seconds one code lasts.
pub const STEP_S: u64 = 30;
const SECRET_BYTES: usize = 20;
const DIGITS: u32 = 6;

/// A fresh secret, 160 bits.
pub fn secret() -> Vec<u8> {
    let mut secret = vec![0u8; SECRET_BYTES];
    random(&mut secret);
    secret
}

/// The secret as people type it into an app: base32 without padding.
pub fn secret_text(secret: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(secret)
}

/// The `otpauth://` address an app reads from a QR code.
pub fn address(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account, secret) = (escaped(issuer), escaped(account), secret_text(secret));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

/// The code shown at this time (seconds since 1970).
pub fn code_at(secret: &[u8], unix_s: u64) -> String {
    code(secret, unix_s / STEP_S, DIGITS)
}

/// The step this code belongs to, if it is right now or one step away and later than the last step used.
/// Store the answer as the new `step_used`: a code serves once.
pub fn verify(secret: &[u8], given: &str, unix_s: u64, step_used: Option<u64>) -> Option<u64> {
    let now = unix_s / STEP_S;
    let near = now.saturating_sub(1)..=now.saturating_add(1);
    let mut found = None;
    for step in near {
        if equal(code(secret, step, DIGITS).as_bytes(), given.as_bytes()) {
            found = Some(step);
        }
    }
    found.filter(|step| step_used.is_none_or(|used| *step > used))
}

/// RFC 4226, 5.3: HOTP with dynamic truncation.
pub(crate) fn code(secret: &[u8], step: u64, digits: u32) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0x0f);
    let word: [u8; 4] = hash[offset..offset + 4].try_into().expect("four bytes");
    let number = (u32::from_be_bytes(word) & 0x7fff_ffff) % 10u32.pow(digits);
    format!("{number:0width$}", width = digits as usize)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

//! Signatures of calls by the Standard Webhooks convention (standardwebhooks.com, 1.0): HMAC-SHA-256 over id, time
//! and body, under a secret the receiver was given once. Sends nothing.

use data_encoding::BASE64;
use yiwang_kernel::{Ctx, Error, Instant, Result};

/// How a secret begins.
const PREFIX: &str = "whsec_";
/// Bytes of a secret's key.
const KEY_BYTES: usize = 32;

/// A fresh secret: `whsec_` and 32 random bytes in base64.
pub(crate) fn new_secret(ctx: &Ctx) -> String {
    let mut key = [0u8; KEY_BYTES];
    ctx.fill_random(&mut key);
    format!("{PREFIX}{}", BASE64.encode(&key))
}

/// Seconds since 1970, as `webhook-timestamp` says them.
pub(crate) fn seconds(at: Instant) -> i64 {
    at.micros().div_euclid(1_000_000)
}

/// The value of `webhook-signature` for this call.
pub(crate) fn signature(secret: &str, id: &str, at: Instant, body: &str) -> Result<String> {
    let encoded = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let key = BASE64.decode(encoded.as_bytes()).map_err(|_| Error::broken("the secret of a hook cannot be read"))?;
    let signed = format!("{id}.{}.{body}", seconds(at));
    Ok(format!("v1,{}", BASE64.encode(&yiwang_seal::hmac_sha256(&key, signed.as_bytes()))))
}

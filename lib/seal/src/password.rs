//! Passwords: argon2id as a PHC string, with OWASP's parameters (19 MiB, 2 passes, 1 lane). Slow on purpose: call it
//! off the async threads. Strings with other parameters stay readable, and [`is_current`] says when to hash anew.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::random;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const PASSWORD_BYTES_MAX: usize = 1024;
/// Today's parameters, no salt worth the name, a hash nobody's password has.
pub(crate) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The PHC string of this password under a fresh salt. Passwords over 1,024 bytes count by their first 1,024.
pub fn hash(password: &str) -> String {
    let mut salt = [0u8; 16];
    random(&mut salt);
    hash_with_salt(password, &salt)
}

/// Whether this is the password of the PHC string; an unreadable string matches nothing.
pub fn verify(password: &str, phc: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(phc) else { return false };
    argon2().verify_password(limited(password), &parsed).is_ok()
}

/// Costs what [`verify`] costs and is always false: for names nobody has, so that time does not tell.
pub fn verify_nobody(password: &str) -> bool {
    std::hint::black_box(verify(password, NOBODY));
    false
}

/// Whether the string was made with today's parameters; if not, hash anew at the next sign-in.
pub fn is_current(phc: &str) -> bool {
    phc.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

fn hash_with_salt(password: &str, salt: &[u8; 16]) -> String {
    let hashed = argon2().hash_password_with_salt(limited(password), salt);
    hashed.expect("a bounded password under a 16-byte salt hashes").to_string()
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn limited(password: &str) -> &[u8] {
    &password.as_bytes()[..password.len().min(PASSWORD_BYTES_MAX)]
}

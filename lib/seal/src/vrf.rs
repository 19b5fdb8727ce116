//! Verifiable labels: RFC 9381 ECVRF-EDWARDS25519-SHA512-TAI. A label is unique to a value, cannot be guessed without
//! the secret, and can be proved to whoever knows the value. Function names follow the RFC's sections.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::{Error, Result, length, random};

const SUITE: u8 = 0x03;
const ENCODE_TO_CURVE: u8 = 0x01;
const CHALLENGE: u8 = 0x02;
const PROOF_TO_HASH: u8 = 0x03;
const BACK: u8 = 0x00;

/// What a value is called where the value itself must not stand: the first 32 bytes of the function's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub [u8; 32]);

/// Proves a label to somebody who knows the value: point, challenge, response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof(pub [u8; 80]);

/// The secret that makes labels.
#[derive(Clone)]
pub struct VrfSecret {
    seed: Zeroizing<[u8; 32]>,
    scalar: Zeroizing<Scalar>,
    nonce_key: Zeroizing<[u8; 32]>,
    public: VrfPublic,
}

/// The public half: checks proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VrfPublic {
    point: EdwardsPoint,
    bytes: [u8; 32],
}

impl VrfSecret {
    /// A fresh secret from the operating system's randomness.
    pub fn generate() -> VrfSecret {
        let mut seed = Zeroizing::new([0u8; 32]);
        random(seed.as_mut());
        VrfSecret::from_bytes(&seed)
    }

    /// The secret of this 32-byte seed (RFC 8032, 5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> VrfSecret {
        let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(seed).into());
        let (lower, upper) = hash.split_at(32);
        let lower = Zeroizing::new(clamp_integer(lower.try_into().expect("half of 64 bytes")));
        let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(*lower));
        let nonce_key = Zeroizing::new(upper.try_into().expect("half of 64 bytes"));
        let point = EdwardsPoint::mul_base(&scalar);
        let public = VrfPublic { point, bytes: point.compress().to_bytes() };
        VrfSecret { seed: Zeroizing::new(*seed), scalar, nonce_key, public }
    }

    /// The 32-byte seed.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.seed.clone()
    }

    /// The public half.
    pub fn public(&self) -> VrfPublic {
        self.public
    }

    /// The label of an identifier: its kind (`citizen`, `credit-code` ...) and its value as read.
    pub fn label(&self, kind: &str, value: &str) -> Label {
        let gamma = encode_to_curve(&self.public.bytes, &identifier(kind, value)) * *self.scalar;
        label_of(&output(&gamma))
    }

    /// The label and its proof.
    pub fn prove(&self, kind: &str, value: &str) -> (Label, Proof) {
        let proof = self.prove_bytes(&identifier(kind, value));
        let gamma = point(&proof.0[..32]).expect("a proof of ours begins with a point");
        (label_of(&output(&gamma)), proof)
    }

    /// 5.1, ECVRF_prove.
    pub(crate) fn prove_bytes(&self, alpha: &[u8]) -> Proof {
        let hashed = encode_to_curve(&self.public.bytes, alpha);
        let hashed_bytes = hashed.compress().to_bytes();
        let gamma = hashed * *self.scalar;
        let nonce: Zeroizing<[u8; 64]> =
            Zeroizing::new(Sha512::new().chain_update(*self.nonce_key).chain_update(hashed_bytes).finalize().into());
        let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&nonce));
        let points = [hashed, gamma, EdwardsPoint::mul_base(&nonce), hashed * *nonce];
        let challenge = challenge(&self.public.bytes, points);
        let response = *nonce + short_scalar(&challenge) * *self.scalar;
        let mut proof = [0u8; 80];
        proof[..32].copy_from_slice(gamma.compress().as_bytes());
        proof[32..48].copy_from_slice(&challenge);
        proof[48..].copy_from_slice(response.as_bytes());
        Proof(proof)
    }
}

impl std::fmt::Debug for VrfSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("VrfSecret(..)")
    }
}

impl VrfPublic {
    /// The key of these 32 bytes; refuses points of small order (5.4.5, ECVRF_validate_key).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<VrfPublic> {
        let point = point(bytes).filter(|point| !point.is_small_order()).ok_or(Error::KeyForm)?;
        Ok(VrfPublic { point, bytes: *bytes })
    }

    /// The 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.bytes
    }

    /// The label of this identifier, if the proof holds for it.
    pub fn verify(&self, kind: &str, value: &str, proof: &Proof) -> Result<Label> {
        self.verify_bytes(&identifier(kind, value), proof).map(|beta| label_of(&beta))
    }

    /// 5.3, ECVRF_verify.
    pub(crate) fn verify_bytes(&self, alpha: &[u8], proof: &Proof) -> Result<[u8; 64]> {
        let gamma = point(&proof.0[..32]).ok_or(Error::Proof)?;
        let given: [u8; 16] = proof.0[32..48].try_into().expect("16 of 80 bytes");
        let response: [u8; 32] = proof.0[48..].try_into().expect("32 of 80 bytes");
        let response = Option::<Scalar>::from(Scalar::from_canonical_bytes(response)).ok_or(Error::Proof)?;
        let scalar = short_scalar(&given);
        let hashed = encode_to_curve(&self.bytes, alpha);
        let with_base = EdwardsPoint::mul_base(&response) - self.point * scalar;
        let with_hash = hashed * response - gamma * scalar;
        let expected = challenge(&self.bytes, [hashed, gamma, with_base, with_hash]);
        if crate::equal(&expected, &given) { Ok(output(&gamma)) } else { Err(Error::Proof) }
    }
}

fn identifier(kind: &str, value: &str) -> Vec<u8> {
    [&length(kind), kind.as_bytes(), value.as_bytes()].concat()
}

fn label_of(beta: &[u8; 64]) -> Label {
    Label(*beta.first_chunk().expect("32 of 64 bytes"))
}

/// 5.4.1.1, ECVRF_encode_to_curve_try_and_increment, with the public key as salt.
fn encode_to_curve(salt: &[u8; 32], alpha: &[u8]) -> EdwardsPoint {
    let prefix = Sha512::new().chain_update([SUITE, ENCODE_TO_CURVE]).chain_update(salt).chain_update(alpha);
    let tries = (0..=u8::MAX).filter_map(|counter| {
        let hash = prefix.clone().chain_update([counter, BACK]).finalize();
        let cleared = point(&hash[..32])?.mul_by_cofactor();
        (!cleared.is_identity()).then_some(cleared)
    });
    tries.take(1).next().expect("256 tries fail once in 2^256 values")
}

/// 5.4.3, ECVRF_challenge_generation.
fn challenge(public: &[u8; 32], points: [EdwardsPoint; 4]) -> [u8; 16] {
    let mut hash = Sha512::new().chain_update([SUITE, CHALLENGE]).chain_update(public);
    for point in points {
        hash.update(point.compress().as_bytes());
    }
    *hash.chain_update([BACK]).finalize().first_chunk().expect("16 of 64 bytes")
}

/// 5.2, ECVRF_proof_to_hash.
fn output(gamma: &EdwardsPoint) -> [u8; 64] {
    let cleared = gamma.mul_by_cofactor().compress();
    let hash = Sha512::new().chain_update([SUITE, PROOF_TO_HASH]).chain_update(cleared.as_bytes());
    hash.chain_update([BACK]).finalize().into()
}

fn short_scalar(bytes: &[u8; 16]) -> Scalar {
    Scalar::from(u128::from_le_bytes(*bytes))
}

/// RFC 8032, 5.1.3: only the one canonical encoding of a point is a point.
fn point(bytes: &[u8]) -> Option<EdwardsPoint> {
    let compressed = CompressedEdwardsY::from_slice(bytes).ok()?;
    compressed.decompress().filter(|point| point.compress() == compressed)
}

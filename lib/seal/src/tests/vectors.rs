//! Published vectors, one test a primitive; each names its source.

use proptest::prelude::*;

use super::{array, bytes};
use crate::vrf::{Proof, VrfPublic, VrfSecret};
use crate::{DataKey, Error, SigningKey, VerifyingKey, hex, hmac_sha256, password, sha256, totp};

#[test]
fn sha256_as_in_fips_180_4() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex(&sha256(b"abc")), abc);
    let mut piecewise = crate::Sha256::new();
    piecewise.update(b"a");
    piecewise.update(b"bc");
    assert_eq!(hex(&piecewise.finish()), abc);
}

#[test]
fn hmac_as_in_rfc_4231() {
    let cases = [
        (vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (key, message, expected) in cases {
        assert_eq!(hex(&hmac_sha256(&key, &message)), expected);
    }
}

/// The GCM specification of McGrew and Viega, appendix B, test cases 13, 14 and 16 (256-bit keys).
#[test]
fn aes_256_gcm_as_in_its_specification() {
    let cases = [
        ([0u8; 32], [0u8; 12], "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            [0u8; 32],
            [0u8; 12],
            "",
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            array("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
            array("cafebabefacedbaddecaf888"),
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ];
    for (key, nonce, aad, plain, sealed) in cases {
        let value = [nonce.as_slice(), &bytes(sealed)].concat();
        let opened = DataKey::from_bytes(key).open(&bytes(aad), &value).expect("a published ciphertext opens");
        assert_eq!(hex(&opened), plain);
    }
}

/// RFC 8032, 7.1, tests 1 to 3.
#[test]
fn ed25519_as_in_rfc_8032() {
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
             d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c\
             387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
             4a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (seed, public, message, signature) in cases {
        let key = SigningKey::from_bytes(&array(seed));
        assert_eq!(hex(&key.verifying_key().to_bytes()), public);
        assert_eq!(hex(&key.sign(&bytes(message))), signature);
        let public = VerifyingKey::from_bytes(&array(public)).expect("a published key");
        public.verify(&bytes(message), &array(signature)).expect("a published signature");
        assert_eq!(public.verify(b"another message", &array(signature)), Err(Error::Signature));
    }
}

/// RFC 9381, appendix B.3, examples 16 to 18.
#[test]
fn labels_as_in_rfc_9381() {
    for (seed, public, alpha, proof, beta) in VRF_EXAMPLES {
        let secret = VrfSecret::from_bytes(&array(seed));
        assert_eq!(hex(&secret.public().to_bytes()), public);
        let made = secret.prove_bytes(&bytes(alpha));
        assert_eq!(hex(&made.0), proof);
        let public = VrfPublic::from_bytes(&array(public)).expect("a published key");
        assert_eq!(hex(&public.verify_bytes(&bytes(alpha), &made).expect("a published proof")), beta);
    }
}

const VRF_EXAMPLES: [(&str, &str, &str, &str, &str); 3] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d97\
         27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
        "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af02679\
         8e8f81cd2e333de5cdf4f3e140fdd8ae",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465\
         301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
        "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848\
         a0bef4553a41befc57663b56373a5031",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0\
         e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
        "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241\
         578be7217ba85a2687f7a0310b2df19f",
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_label_proof_holds_for_its_value_alone(value in "\\PC{0,40}", bit in 0usize..640) {
        let secret = VrfSecret::from_bytes(&[7; 32]);
        let (label, proof) = secret.prove("citizen", &value);
        prop_assert_eq!(label, secret.label("citizen", &value));
        prop_assert_eq!(secret.public().verify("citizen", &value, &proof), Ok(label));
        prop_assert!(secret.public().verify("plate", &value, &proof).is_err());
        let mut altered = Proof(proof.0);
        altered.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(secret.public().verify("citizen", &value, &altered).is_err());
    }
}

#[test]
fn a_key_of_small_order_makes_no_labels() {
    let identity = array("0100000000000000000000000000000000000000000000000000000000000000");
    assert_eq!(VrfPublic::from_bytes(&identity), Err(Error::KeyForm));
}

/// RFC 6238, appendix B, the SHA-1 rows (eight digits).
#[test]
fn codes_as_in_rfc_6238() {
    let secret = b"12345678901234567890";
    let cases = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];
    for (unix_s, expected) in cases {
        assert_eq!(totp::code(secret, unix_s / totp::STEP_S, 8), expected);
        assert_eq!(totp::code_at(secret, unix_s), expected[2..]);
    }
}

#[test]
fn a_code_serves_once_and_one_step_around() {
    let secret = totp::secret();
    let code = totp::code_at(&secret, 3_000);
    assert_eq!(totp::verify(&secret, &code, 3_029, None), Some(100));
    assert_eq!(totp::verify(&secret, &code, 3_059, Some(99)), Some(100));
    assert_eq!(totp::verify(&secret, &code, 3_000, Some(100)), None, "used already");
    assert_eq!(totp::verify(&secret, &code, 3_060, None), None, "two steps late");
    assert_eq!(totp::verify(&secret, &code[..5], 3_000, None), None);
}

#[test]
fn an_authenticator_reads_the_address() {
    let address = totp::address("示例市", "zhang san", b"12345678901234567890");
    let expected = "otpauth://totp/%E7%A4%BA%E4%BE%8B%E5%B8%82:zhang%20san?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=%E7%A4%BA%E4%BE%8B%E5%B8%82&algorithm=SHA1&digits=6&period=30";
    assert_eq!(address, expected);
}

/// A string of the reference implementation's test suite (argon2id, version 19, m=65536, t=2, p=1).
#[test]
fn passwords_as_in_the_reference_implementation() {
    let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert!(password::verify("password", phc));
    assert!(!password::verify("Password", phc));
    assert!(!password::is_current(phc));
}

#[test]
fn a_password_verifies_against_its_own_hash_alone() {
    let phc = password::hash("一网通办");
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    assert!(password::is_current(&phc));
    assert!(password::verify("一网通办", &phc));
    assert!(!password::verify("一网统管", &phc));
    assert!(!password::verify("x", "no hash at all"));
    assert_ne!(phc, password::hash("一网通办"), "each hash has a salt of its own");
}

#[test]
fn an_unknown_name_costs_a_whole_verification() {
    assert!(!password::verify_nobody(""));
    assert!(password::is_current(password::NOBODY));
    let real = password::hash("x");
    assert_eq!(real.len(), password::NOBODY.len(), "salt and hash are as long as a real one's");
}

//! The written forms: a header has exactly one spelling, framing sees damage, heads read as C2SP notes.

use proptest::prelude::*;
use yiwang_seal::SigningKey;
use yiwang_seal::vrf::Label;

use crate::note::{parse_verifier_key, verifier_key};
use crate::segment::crc32;
use crate::{EpochRoots, Follows, Head, Header, Kind, Link, ListRoot};

fn any_header() -> impl Strategy<Value = Header> {
    let kind = prop::sample::select(vec![Kind::Open, Kind::Close, Kind::Decision, Kind::System, Kind::Epoch]);
    let link = (any::<[u8; 32]>(), any::<u64>(), any::<Option<u64>>(), any::<Option<[u8; 32]>>())
        .prop_map(|(label, number, previous, part)| Link { label: Label(label), number, previous, part });
    let list = || (any::<u64>(), any::<[u8; 32]>()).prop_map(|(count, root)| ListRoot { count, root });
    let heads = prop::collection::vec(any::<([u8; 16], u64, [u8; 32])>(), 0..3);
    let epoch = (heads, list(), prop::collection::vec(any::<u64>(), 0..5)).prop_map(|(heads, map, lists)| EpochRoots {
        heads,
        map,
        lists,
    });
    let fixed = (any::<[u8; 16]>(), any::<u64>(), any::<i64>(), kind, any::<[u8; 32]>(), any::<[u8; 32]>());
    let numbers = (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<[u8; 16]>>());
    let follows = (any::<[u8; 16]>(), any::<u64>(), any::<[u8; 32]>(), any::<Option<(u64, [u8; 32])>>())
        .prop_map(|(log, size, root, witnessed)| Follows { log, size, root, witnessed });
    let follows = prop::option::of(follows);
    let parts = (prop::collection::vec(link, 0..4), prop::option::of(list()), prop::option::of(epoch), follows);
    (fixed, numbers, parts).prop_map(|(fixed, (rows_max, refers, event), (links, list, epoch, follows))| {
        let (log, index, time, kind, common, body) = fixed;
        Header { log, index, time, kind, common, body, links, list, rows_max, refers, event, epoch, follows }
    })
}

proptest! {
    #[test]
    fn a_header_survives_its_trip_and_has_one_spelling(header in any_header(), at: prop::sample::Index, bit in 0u8..8) {
        let bytes = header.encode();
        prop_assert_eq!(Header::decode(&bytes), Some(header.clone()));
        let longer = [bytes.as_slice(), &[0]].concat();
        prop_assert_eq!(Header::decode(&longer), None);
        let mut altered = bytes.clone();
        altered[at.index(bytes.len())] ^= 1 << bit;
        if let Some(other) = Header::decode(&altered) {
            prop_assert_ne!(&other, &header);
            prop_assert_eq!(other.encode(), altered, "what is read is written the same");
        }
    }

    #[test]
    fn no_bytes_upset_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Some(header) = Header::decode(&bytes) {
            prop_assert_eq!(header.encode(), bytes);
        }
    }
}

#[test]
fn the_checksum_is_that_of_zlib() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
}

#[test]
fn a_head_reads_as_a_signed_note() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let head =
        Head { origin: "yiwang.test/ledger".into(), size: 7, root: [2; 32], batch: 3, time: 9, previous: [4; 32] };
    let note = head.sign(&key);
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[..2], ["yiwang.test/ledger", "7"]);
    assert_eq!(lines[2], "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=");
    assert_eq!(lines[3], "yiwang-head-1 3 9 BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=");
    assert_eq!(lines[4], "");
    assert!(lines[5].starts_with("— yiwang.test/ledger "));
    assert_eq!(Head::open(&note, &key.verifying_key()), Some(head));

    let witnessed = format!("{note}— witness.example AAAAAAAA\n");
    assert!(Head::open(&witnessed, &key.verifying_key()).is_some(), "a witness adds its line");
    assert!(Head::open(&note.replace("\n7\n", "\n8\n"), &key.verifying_key()).is_none());
    assert!(Head::open(&note.replace("\n7\n", "\n07\n"), &key.verifying_key()).is_none());
    assert!(Head::open(note.trim_end(), &key.verifying_key()).is_none());
}

#[test]
fn the_public_key_reads_as_a_verifier_key() {
    let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
    let text = verifier_key("yiwang.test/ledger", &key);
    assert_eq!(parse_verifier_key(&text), Some(("yiwang.test/ledger".to_owned(), key)));
    assert_eq!(parse_verifier_key(&text.replacen("test", "tset", 1)), None, "the hash binds name and key");
}

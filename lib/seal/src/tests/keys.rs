//! Sealing: what is altered, moved, cut or lengthened does not open; rotation keeps old keys readable.

use proptest::prelude::*;

use crate::{CHUNK_BYTES, DataKey, Error, FileKey, MasterKey, blind_index, equal, hex, unhex};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_flipped_bit_keeps_a_value_shut(
        plain in proptest::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
    ) {
        let key = DataKey::generate();
        let mut sealed = key.seal(b"row 7", &plain);
        prop_assert_eq!(key.open(b"row 7", &sealed), Ok(plain));
        prop_assert_eq!(key.open(b"row 8", &sealed), Err(Error::Sealed));
        let bit = at.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(key.open(b"row 7", &sealed), Err(Error::Sealed));
    }

    #[test]
    fn a_file_opens_whole_and_in_order_or_not_at_all(
        chunks in 2usize..6,
        swap: prop::sample::Index,
        cut: prop::sample::Index,
    ) {
        let key = DataKey::from_bytes([3; 32]).file("lake/a.parquet", &[1; 16]);
        let sealed = file(&key, chunks);
        prop_assert!(opens(&key, &sealed));
        let first = swap.index(chunks - 1);
        let mut swapped = sealed.clone();
        swapped.swap(first, first + 1);
        prop_assert!(!opens(&key, &swapped), "swapped {first}");
        prop_assert!(!opens(&key, &sealed[..cut.index(chunks)]), "cut");
        let mut longer = sealed.clone();
        longer.push(sealed[0].clone());
        prop_assert!(!opens(&key, &longer), "lengthened");
    }

    #[test]
    fn hexadecimal_survives_its_trip(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
    }
}

/// The chunks of a file whose n-th chunk says n; all but the last are full.
fn file(key: &FileKey, chunks: usize) -> Vec<Vec<u8>> {
    let chunk = |index: usize| {
        let last = index + 1 == chunks;
        let plain = vec![u8::try_from(index).expect("few chunks"); if last { 100 } else { CHUNK_BYTES }];
        sealed(key, index as u64, last, &plain)
    };
    (0..chunks).map(chunk).collect()
}

fn sealed(key: &FileKey, index: u64, last: bool, plain: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    key.seal_chunk(index, last, plain, &mut sealed);
    sealed
}

fn open(key: &FileKey, first: u64, last: u64, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = sealed.to_vec();
    let length = key.open_chunks(first, last, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// One by one and all at once.
fn opens(key: &FileKey, sealed: &[Vec<u8>]) -> bool {
    let Some(last) = sealed.len().checked_sub(1) else { return false };
    let opened = |(index, chunk): (usize, &Vec<u8>)| open(key, index as u64, last as u64, chunk).is_ok();
    let each = sealed.iter().enumerate().all(opened);
    assert_eq!(open(key, 0, last as u64, &sealed.concat()).is_ok(), each);
    each
}

#[test]
fn chunks_opened_in_place_are_the_plain_bytes_in_a_row() {
    let key = DataKey::from_bytes([3; 32]).file("lake/a.parquet", &[1; 16]);
    let chunks = file(&key, 5);
    let plain = open(&key, 2, 4, &chunks[2..].concat()).expect("opens");
    assert_eq!(plain.len(), 2 * CHUNK_BYTES + 100);
    let says =
        |index: usize| plain[index * CHUNK_BYTES..].iter().take(CHUNK_BYTES).all(|byte| *byte == index as u8 + 2);
    assert!(says(0) && says(1) && says(2));
    assert_eq!(open(&key, 0, 0, &sealed(&key, 0, true, b"")), Ok(Vec::new()), "an empty file");
}

#[test]
fn chunks_of_another_path_or_another_writing_do_not_open() {
    let key = DataKey::generate();
    let chunk = sealed(&key.file("a", &[1; 16]), 0, true, b"rows");
    assert_eq!(open(&key.file("b", &[1; 16]), 0, 0, &chunk), Err(Error::Sealed));
    assert_eq!(open(&key.file("a", &[2; 16]), 0, 0, &chunk), Err(Error::Sealed));
    assert_eq!(open(&key.file("a", &[1; 16]), 0, 0, &chunk), Ok(b"rows".to_vec()));
}

#[test]
fn a_rotated_ring_still_unwraps_what_the_old_key_wrapped() {
    let mut ring = MasterKey::generate();
    let before = ring.clone();
    let key = DataKey::generate();
    let old = ring.wrap(&key, "files/1");
    assert_eq!(ring.rotate(), 2);
    let new = ring.wrap(&key, "files/1");
    assert_eq!((MasterKey::id_of(&old), MasterKey::id_of(&new)), (Ok(1), Ok(2)));
    for wrapped in [&old, &new] {
        assert_eq!(ring.unwrap(wrapped, "files/1").expect("in the ring").as_bytes(), key.as_bytes());
        assert_eq!(ring.unwrap(wrapped, "files/2").err(), Some(Error::Sealed), "another context");
    }
    assert_eq!(before.unwrap(&new, "files/1").err(), Some(Error::KeyUnknown(2)));
    assert_eq!(MasterKey::generate().unwrap(&old, "files/1").err(), Some(Error::Sealed), "another ring");
    assert_eq!(ring.unwrap(b"", "files/1").err(), Some(Error::Sealed));
}

#[test]
fn a_ring_survives_its_text_form() {
    let mut ring = MasterKey::generate();
    ring.rotate();
    let wrapped = ring.wrap(&DataKey::from_bytes([5; 32]), "x");
    let text = format!("# keep a copy elsewhere\n\n{}", *ring.to_text());
    let read = MasterKey::parse(&text).expect("own text");
    assert_eq!(read.ids(), [1, 2]);
    assert_eq!(read.unwrap(&wrapped, "x").expect("the same ring").as_bytes(), &[5; 32]);
}

#[test]
fn a_mangled_ring_is_refused() {
    let line = MasterKey::generate().to_text();
    let twice = format!("{}{}", *line, *line);
    let short = &line[..line.len() - 3];
    for text in ["", "# nothing", "yiwang-master-2:1:00", "yiwang-master-1:x:00", &twice, short] {
        assert_eq!(MasterKey::parse(text).err(), Some(Error::KeyForm), "{}", text.len());
    }
}

#[test]
fn keys_never_show_in_debug_output() {
    let ring = MasterKey::parse(&format!("yiwang-master-1:4:{}", "ab".repeat(32))).expect("well formed");
    assert_eq!(format!("{ring:?} {:?}", DataKey::from_bytes([0xab; 32])), "MasterKey([4]) DataKey(..)");
}

#[test]
fn a_blind_index_tells_kinds_values_and_keys_apart() {
    let key = DataKey::from_bytes([1; 32]);
    let index = blind_index(&key, "citizen", "440106");
    assert_eq!(index, blind_index(&key, "citizen", "440106"));
    assert_ne!(index, blind_index(&key, "citizen4", "40106"), "kind and value do not run together");
    assert_ne!(index, blind_index(&DataKey::from_bytes([2; 32]), "citizen", "440106"));
    assert_ne!(key.derive("a").as_bytes(), key.derive("b").as_bytes());
}

#[test]
fn equality_is_of_content_and_length() {
    assert!(equal(b"abc", b"abc"));
    assert!(!equal(b"abc", b"abd"));
    assert!(!equal(b"abc", b"ab"));
}

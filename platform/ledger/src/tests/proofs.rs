//! Proofs, checked by code that is not ours: the `ct-merkle` crate, and a tree hashed by the letter of RFC 9162.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use yiwang_seal::vrf::Label;

use super::{Log, fill, read_of};
use crate::merkle::{Frontier, consistency_path, inclusion_path, node_hash, range_root, root_of};
use crate::sorted::{LABEL_BYTES, SortedTree, root_of_sorted};
use crate::{Hash, Head, SortedProof, consistent, included, leaf_hash};

/// MTH of RFC 9162, 2.1.1, as it is written there.
fn tree_hash(leaves: &[Vec<u8>]) -> Hash {
    match leaves.len() {
        0 => Sha256::digest(b"").into(),
        1 => Sha256::new().chain_update([0]).chain_update(&leaves[0]).finalize().into(),
        count => {
            let left = (1..).map(|power| 1usize << power).take_while(|left| *left < count).last().unwrap_or(1);
            let (left, right) = (tree_hash(&leaves[..left]), tree_hash(&leaves[left..]));
            Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
        }
    }
}

fn outside_root(root: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new((*root).into(), size)
}

fn contents(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| number.to_string().into_bytes()).collect()
}

/// The root over a range from kept nodes, as the derived files give them.
fn kept_nodes(contents: &[Vec<u8>]) -> impl Fn(u64, u64) -> yiwang_kernel::Result<Hash> {
    let mut nodes = std::collections::HashMap::new();
    let mut frontier = Frontier::default();
    for content in contents {
        frontier.push(leaf_hash(content), &mut |level, at, node| {
            nodes.insert((level, at), node);
        });
    }
    move |start, end| range_root(start, end, &|level, at| Ok(nodes[&(level, at)]))
}

#[test]
fn roots_of_all_small_sizes_are_those_of_the_rfc() {
    for count in 0..70 {
        let contents = contents(count);
        let leaves: Vec<Hash> = contents.iter().map(|content| leaf_hash(content)).collect();
        assert_eq!(root_of(&leaves), tree_hash(&contents), "{count} leaves");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_outsider_accepts_every_proof_and_no_altered_one(
        count in 1usize..200,
        at: prop::sample::Index,
        old: prop::sample::Index,
    ) {
        let contents = contents(count);
        let root = tree_hash(&contents);
        let kept = kept_nodes(&contents);
        let (size, index) = (count as u64, at.index(count));
        let mut path = inclusion_path(index as u64, size, &kept).expect("kept nodes");
        let leaf = leaf_hash(&contents[index]);
        prop_assert!(included(&leaf, index as u64, size, &path, &root));
        let outside = InclusionProof::<Sha256>::try_from_bytes(path.concat()).expect("whole hashes");
        prop_assert!(outside_root(&root, size).verify_inclusion(&contents[index], index as u64, &outside).is_ok());
        prop_assert!(!included(&leaf, size, size, &path, &root));
        prop_assert!(!included(&leaf_hash(b"x"), index as u64, size, &path, &root));
        if let Some(sibling) = path.first_mut() {
            sibling[0] ^= 1;
            prop_assert!(!included(&leaf, index as u64, size, &path, &root));
        }

        let old = old.index(count) + 1;
        let old_root = tree_hash(&contents[..old]);
        let path = consistency_path(old as u64, size, &kept).expect("kept nodes");
        prop_assert!(consistent(old as u64, &old_root, size, &root, &path));
        let outside = ConsistencyProof::<Sha256>::try_from_bytes(path.concat()).expect("whole hashes");
        let accepted = outside_root(&root, size).verify_consistency(&outside_root(&old_root, old as u64), &outside);
        prop_assert!(old == count || accepted.is_ok());
        prop_assert!(!consistent(old as u64, &leaf_hash(b"x"), size, &root, &path));
    }

    #[test]
    fn a_sorted_tree_proves_presence_and_absence(count in 0usize..2_500, asked in any::<u16>()) {
        let records: Vec<u8> = (0..count).flat_map(|number| label(number as u16 * 2 + 1).0).collect();
        let home = tempfile::tempdir().expect("a temporary directory");
        let path = home.path().join("list");
        std::fs::write(&path, &records).expect("a list");
        let tree = SortedTree::open(&path, LABEL_BYTES).expect("in order");
        let root = tree.root();
        let contents: Vec<Vec<u8>> = records.chunks(LABEL_BYTES).map(<[u8]>::to_vec).collect();
        prop_assert_eq!(root.root, tree_hash(&contents), "blocks make the very tree of the RFC");
        prop_assert_eq!(root, root_of_sorted(&records, LABEL_BYTES));

        let asked = label(asked % 5_100);
        let present = contents.iter().any(|record| record[..] == asked.0);
        let proof = tree.prove(&asked).expect("readable");
        prop_assert_eq!(proof.check(&root, &asked).expect("a proof of ours").is_some(), present);
        let other = label(u16::from_be_bytes([asked.0[0], asked.0[1]]).wrapping_add(3));
        if let Ok(found) = proof.check(&root, &other) {
            let really = contents.iter().any(|record| record[..] == other.0);
            prop_assert_eq!(found.is_some(), really, "a proof about one label never misleads about another");
        }
    }
}

fn label(number: u16) -> Label {
    let mut bytes = [0u8; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    Label(bytes)
}

#[test]
fn absence_is_not_proved_by_records_that_are_not_neighbours() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let path = home.path().join("list");
    let records: Vec<u8> = [1, 5, 9].iter().flat_map(|number| label(*number).0).collect();
    std::fs::write(&path, records).expect("a list");
    let tree = SortedTree::open(&path, LABEL_BYTES).expect("in order");
    let member = |number| match tree.prove(&label(number)).expect("readable") {
        SortedProof::Member(member) => member,
        SortedProof::Absent { .. } => panic!("{number} is in the list"),
    };
    let around = SortedProof::Absent { before: Some(member(1)), after: Some(member(9)) };
    assert!(around.check(&tree.root(), &label(5)).is_err(), "5 lies hidden between 1 and 9");
    let beyond = SortedProof::Absent { before: Some(member(5)), after: None };
    assert!(beyond.check(&tree.root(), &label(9)).is_err(), "5 is not the last");
    let nothing = SortedProof::Absent { before: None, after: None };
    assert!(nothing.check(&tree.root(), &label(5)).is_err(), "the list is not empty");
}

#[tokio::test]
async fn a_receipt_with_its_proof_convinces_an_outsider() {
    let log = Log::new();
    let ledger = log.open();
    let entries = fill(&ledger).await;
    let receipt = ledger.append(read_of("parking")).await.expect("appended");
    let proof = ledger.proof(receipt.index).await.expect("a proof");
    assert!(proof.holds(&ledger.public_key()));
    assert_eq!(leaf_hash(&proof.header), receipt.leaf);
    let head = Head::open(&proof.head, &ledger.public_key()).expect("signed");
    assert_eq!(head.size, entries + 1);
    let outside = InclusionProof::<Sha256>::try_from_bytes(proof.path.concat()).expect("whole hashes");
    let root = outside_root(&head.root, head.size);
    root.verify_inclusion(&proof.header, receipt.index, &outside).expect("accepted by ct-merkle");

    let altered = crate::InclusionProof { index: 0, ..proof.clone() };
    assert!(!altered.holds(&ledger.public_key()));
    assert!(!proof.holds(&yiwang_seal::SigningKey::generate().verifying_key()));
    assert_eq!(ledger.proof(99).await.expect_err("no such entry").code(), "ledger-entry");
}

#[tokio::test]
async fn every_head_is_consistent_with_every_later_one() {
    let log = Log::new();
    let ledger = log.open();
    let mut heads = Vec::new();
    for _ in 0..20 {
        ledger.append(read_of("r")).await.expect("appended");
        heads.push(Head::open(&ledger.head(), &ledger.public_key()).expect("signed"));
    }
    for pair in heads.windows(2) {
        assert_eq!(pair[1].batch, pair[0].batch + 1);
    }
    for old in &heads {
        let (note, path) = ledger.consistency(old.size).await.expect("a proof");
        let new = Head::open(&note, &ledger.public_key()).expect("signed");
        assert!(consistent(old.size, &old.root, new.size, &new.root, &path), "from {}", old.size);
    }
    assert!(ledger.consistency(21).await.is_err());
    assert_ne!(node_hash(&heads[0].root, &heads[1].root), node_hash(&heads[1].root, &heads[0].root));
}

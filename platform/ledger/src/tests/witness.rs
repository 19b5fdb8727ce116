//! Witnesses: who keeps a head and says so is believed by those who know its key, and by nobody else.

use yiwang_kernel::Instant;

use super::{Log, fill};
use crate::{Head, Kept, Witness, WitnessKey, consistent, verify_all};

fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

#[tokio::test]
async fn a_cosigned_head_is_still_the_logs_and_says_who_saw_it_when() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let (police, bank) = (WitnessKey::generate("police.example").expect("a key"), WitnessKey::generate("bank"));
    let bank = bank.expect("a key");
    let note = police.cosign(&ledger.head(), at(1_795_312_900)).expect("cosigned");
    let note = bank.cosign(&note, at(1_795_312_901)).expect("cosigned");
    let head = Head::open(&note, &ledger.public_key()).expect("the log's head all the same");
    assert_eq!(head.size, ledger.status().entries);
    assert_eq!(ledger.root_at(head.size).await.expect("a root"), head.root);
    let read = Witness::parse(&police.witness().verifier()).expect("a verifier key");
    assert_eq!(read.signed(&note), Some(at(1_795_312_900)));
    assert_eq!(bank.witness().signed(&note), Some(at(1_795_312_901)));
    let stranger = WitnessKey::generate("police.example").expect("another key of the same name");
    assert_eq!(stranger.witness().signed(&note), None);
    let kept = Kept { heads: vec![note.clone()], keys: Vec::new() };
    assert!(verify_all(&log.dir, &kept).expect("readable").iter().all(|log| log.report.is_whole()));
    // Another size under the same signatures is nobody's.
    let size = head.size.to_string();
    let forged = note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", head.size + 1), 1);
    assert!(Head::open(&forged, &ledger.public_key()).is_none() && read.signed(&forged).is_none());
}

#[tokio::test]
async fn a_witness_follows_the_log_by_proof_and_sees_another_history() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let old = Head::open(&ledger.head(), &ledger.public_key()).expect("a head");
    fill(&ledger).await;
    let (note, path) = ledger.consistency(old.size).await.expect("a proof");
    let new = Head::open(&note, &ledger.public_key()).expect("a head");
    assert!(consistent(old.size, &old.root, new.size, &new.root, &path));
    assert!(!consistent(old.size, &[7; 32], new.size, &new.root, &path));
    assert!(ledger.root_at(new.size + 1).await.is_err());
}

#[test]
fn a_witness_key_comes_back_from_its_text_and_nothing_else_passes_for_one() {
    let key = WitnessKey::generate("archive.example").expect("a key");
    let again = WitnessKey::parse(&key.to_text()).expect("its text");
    assert_eq!(again.witness(), key.witness());
    assert!(WitnessKey::generate("two words").is_err() && WitnessKey::generate("a+b").is_err());
    assert!(WitnessKey::parse(&key.witness().verifier()).is_err());
    assert!(Witness::parse(&key.to_text()).is_err());
    let renamed = key.witness().verifier().replacen("archive", "police", 1);
    assert!(Witness::parse(&renamed).is_err(), "the hash is over the name");
}

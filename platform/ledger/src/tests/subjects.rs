//! What a person sees: the whole chain, every list with proof either way, epochs, and what erasure leaves.

use yiwang_kernel::PageRequest;
use yiwang_seal::vrf::VrfPublic;

use super::{Log, citizen, common, fill, page, read_of, row};
use crate::{Common, Entry, Filter, Kind};

#[tokio::test]
async fn a_chain_leads_back_to_the_first_read_page_by_page() {
    let log = Log::new();
    let ledger = log.open();
    for number in 0..10 {
        let read = read_of("parking").about(citizen(1), row(&number.to_string()));
        ledger.append(if number % 2 == 0 { read.about(citizen(2), row("x")) } else { read }).await.expect("appended");
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest { rows: Some(3), after };
        let found = ledger.subject_entries(citizen(1), request).await.expect("readable");
        assert_eq!(found.total, 10);
        seen.extend(found.rows);
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    let numbers: Vec<u64> = seen.iter().map(|shown| shown.entry.header.links[0].number).collect();
    assert!(numbers.into_iter().eq((1..=10).rev()));
    let rows: Vec<&str> =
        seen.iter().map(|shown| shown.parts.as_ref().expect("its key lives")[0].row.as_str()).collect();
    assert_eq!(rows, ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]);
    assert_eq!(ledger.subject_entries(citizen(2), page(50)).await.expect("readable").rows.len(), 5);
    let nobody = ledger.subject_entries(citizen(3), page(50)).await.expect("readable");
    assert_eq!((nobody.total, nobody.rows.len()), (0, 0));
}

#[tokio::test]
async fn a_subject_named_twice_is_one_link_with_both_rows() {
    let log = Log::new();
    let ledger = log.open();
    let entry = read_of("parking").about(citizen(1), row("1")).about(citizen(1), row("2"));
    ledger.append(entry).await.expect("appended");
    let found = ledger.subject_entries(citizen(1), page(5)).await.expect("readable");
    assert_eq!(found.total, 1);
    assert_eq!(found.rows[0].parts.as_ref().expect("its key lives").len(), 2);
}

#[tokio::test]
async fn no_personal_value_stands_in_any_file() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    ledger.append(Entry::open(Common { why: "因停车投诉".into(), ..common("check") })).await.expect("appended");
    drop(ledger);
    let mut files = vec![log.dir.clone()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).expect("a directory").map(|found| found.expect("an entry").path()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        for value in [citizen(1).value.as_str(), "因停车投诉", "parking"] {
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "{value} in {}", path.display());
        }
    }
}

#[tokio::test]
async fn each_list_answers_for_those_in_it_and_those_not() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let inside = ledger.subject_lists(citizen(39), page(5)).await.expect("readable");
    let outside = ledger.subject_lists(citizen(40), page(5)).await.expect("readable");
    for (lists, subject, member) in [(inside, citizen(39), true), (outside, citizen(40), false)] {
        assert_eq!((lists.total, lists.rows.len()), (1, 1));
        let answer = &lists.rows[0];
        assert_eq!(answer.member, member);
        let root = answer.entry.header.list.expect("a list");
        assert_eq!(root.count, 40);
        let (label, proof) = ledger.prove_label(subject.clone()).await.expect("a label");
        let public = labels_key(&log);
        assert_eq!(public.verify(&subject.kind, &subject.value, &proof), Ok(label), "the label is theirs");
        assert_eq!(answer.proof.check(&root, &label).expect("it holds").is_some(), member);
    }
}

#[tokio::test]
async fn an_epoch_states_every_chain_and_the_lists_since_the_last() {
    let log = Log::new();
    let ledger = log.open();
    assert!(ledger.epoch().await.expect("possible").is_none(), "nothing to state");
    ledger.append(read_of("parking")).await.expect("appended");
    assert!(ledger.epoch().await.expect("possible").is_some());
    assert!(ledger.epoch().await.expect("possible").is_none(), "nothing since");
    fill(&ledger).await;
    let found = ledger.read(Filter { kind: Some(Kind::Epoch), ..Filter::default() }, page(5)).await.expect("readable");
    assert_eq!(found.rows.len(), 2);
    let roots = found.rows[0].header.epoch.clone().expect("an epoch's roots");
    assert_eq!(roots.heads[0].1, found.rows[0].header.index, "covers all before it");
    assert_eq!(roots.map.count, 5);
    assert_eq!(roots.lists, [15]);

    let present = ledger.map_proof(citizen(0)).await.expect("a proof");
    assert_eq!(present.map, roots.map);
    let record = present.proof.check(&roots.map, &present.label).expect("it holds").expect("present");
    let chain = ledger.subject_entries(citizen(0), page(1)).await.expect("readable");
    let number = |at: usize| u64::from_be_bytes(record[at..at + 8].try_into().expect("eight bytes"));
    assert_eq!((number(32), number(40)), (chain.total, chain.rows[0].entry.header.index));
    let absent = ledger.map_proof(citizen(9)).await.expect("a proof");
    assert_eq!(absent.proof.check(&roots.map, &absent.label).expect("it holds"), None);

    drop(ledger);
    let ledger = log.open();
    assert_eq!(ledger.map_proof(citizen(0)).await.expect("after a restart").proof, present.proof);
}

/// A map is made from a copy of the chains, so entries may come in before the epoch's own.
#[tokio::test]
async fn entries_that_come_while_an_epoch_is_made_are_the_next_ones() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("parking").about(citizen(1), row("1"))).await.expect("appended");
    let (draft, roots) = ledger.shared().epoch_draft().expect("possible").expect("an epoch");
    let between = read_of("parking").about(citizen(1), row("2")).listing(vec![citizen(1)]);
    ledger.append(between.about(citizen(2), row("2"))).await.expect("appended");
    ledger.send(draft).await.expect("appended");
    assert_eq!((roots.heads[0].1, roots.map.count), (1, 1));
    drop(ledger);
    let report = log.verify();
    assert_eq!((report.difference, report.epoch), (None, Some(2)));
    let ledger = log.open();
    let next = ledger.epoch().await.expect("possible").expect("an epoch");
    assert_eq!((next.roots.map.count, next.roots.lists), (2, vec![1]));
}

/// What a dishonest operator with all keys could try: an epoch that leaves a read out.
#[tokio::test]
async fn an_epoch_that_states_other_chains_is_found() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("parking").about(citizen(1), row("1"))).await.expect("appended");
    let (mut draft, mut roots) = ledger.shared().epoch_draft().expect("possible").expect("an epoch");
    roots.map.root[0] ^= 1;
    draft.epoch = Some(roots);
    ledger.send(draft).await.expect("appended");
    ledger.append(read_of("parking").about(citizen(2), row("1"))).await.expect("appended");
    drop(ledger);
    let difference = log.verify().difference.expect("found");
    assert_eq!((difference.fault, difference.entry), (crate::Fault::Epoch, 1));
}

#[tokio::test]
async fn erasure_leaves_the_chain_and_who_read_but_not_what() {
    let log = Log::new();
    let ledger = log.open();
    for number in 0..3 {
        let read = read_of("parking").about(citizen(1), row(&number.to_string())).about(citizen(2), row("y"));
        ledger.append(read).await.expect("appended");
    }
    let basis = Common { basis: Some("个人信息保护法第四十七条".into()), ..common("erase") };
    let receipt = ledger.erase_subject(citizen(1), basis).await.expect("erased");
    ledger.append(read_of("parking").about(citizen(1), row("later"))).await.expect("appended");
    drop(ledger);
    assert!(log.verify().is_whole(), "the chain holds");
    let ledger = log.open();
    let found = ledger.subject_entries(citizen(1), page(9)).await.expect("readable");
    assert_eq!(found.total, 5, "three reads, the erasure, one read after it");
    assert_eq!(found.rows[0].parts.as_ref().expect("a new key")[0].row, "later");
    assert_eq!(found.rows[1].entry.header.index, receipt.index);
    for shown in &found.rows[1..] {
        assert_eq!(shown.parts, None);
        assert_eq!(shown.entry.common.as_ref().expect("who and why stay").who, "system:test");
    }
    let other = ledger.subject_entries(citizen(2), page(9)).await.expect("readable");
    assert!(other.rows.iter().all(|shown| shown.parts.is_some()), "another's parts stay");
}

#[tokio::test]
async fn auditors_find_entries_by_actor_resource_and_time() {
    let log = Log::new();
    let ledger = log.open();
    for number in 0..30 {
        let resource = if number % 3 == 0 { "parking, roads" } else { "schools" };
        let who = Common { who: format!("account:{}", number % 2), ..common("check") };
        ledger.append(Entry::open(Common { resource: Some(resource.into()), ..who })).await.expect("appended");
        log.clock.advance_s(60);
    }
    let count = async |filter: Filter| ledger.read(filter, page(100)).await.expect("readable").rows.len();
    let start = yiwang_kernel::Instant::from_micros(super::START_MICROS);
    assert_eq!(count(Filter::default()).await, 30);
    assert_eq!(count(Filter { resource: Some("roads".into()), ..Filter::default() }).await, 10);
    let both = Filter { resource: Some("roads".into()), who: Some("account:0".into()), ..Filter::default() };
    assert_eq!(count(both).await, 5);
    let early = Filter { from: Some(start), until: Some(start.plus_s(600)), ..Filter::default() };
    assert_eq!(count(early).await, 10);

    let first = ledger.read(Filter::default(), page(20)).await.expect("readable");
    assert_eq!(first.rows[0].header.index, 29, "newest first");
    let rest = PageRequest { rows: Some(20), after: first.next };
    let second = ledger.read(Filter::default(), rest).await.expect("readable");
    assert_eq!((second.rows.len(), second.rows[0].header.index, second.next), (10, 9, None));
    let mangled = PageRequest { rows: None, after: Some(yiwang_kernel::Cursor(vec!["x".into()])) };
    assert!(ledger.read(Filter::default(), mangled).await.is_err());
}

/// The label key as an outsider reads it: the fourth line of the file `log`.
fn labels_key(log: &Log) -> VrfPublic {
    let text = std::fs::read_to_string(log.dir.join("log")).expect("the log file");
    let bytes = yiwang_seal::unhex(text.lines().nth(3).expect("four lines")).expect("hexadecimal");
    VrfPublic::from_bytes(&bytes.try_into().expect("32 bytes")).expect("a key")
}

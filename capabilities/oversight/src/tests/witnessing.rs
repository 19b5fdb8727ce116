//! Witnesses: registered by the security administrator alone, believed by their signature alone; a ledger that falls
//! short of what they signed stops the city until somebody accepts that on record.

use http::{Request, header};
use yiwang_kernel::Error;
use yiwang_ledger::{Common, Entry, Filter, Head, Kind, WitnessKey, consistent};
use yiwang_seal::unhex;
use yiwang_testkit::City;

use super::{auditor, capabilities, security};
use crate::ops;
use crate::store::{self, Witnessed};

async fn fill(city: &City, entries: usize) {
    for _ in 0..entries {
        let common = Common::of(&city.system().actor, "check");
        city.platform.ledger.append(Entry::system(common)).await.expect("appended");
    }
}

/// A registered witness.
async fn registered(city: &City, name: &str) -> WitnessKey {
    let key = WitnessKey::generate(name).expect("a key");
    ops::register(&city.platform, &security(city), &key.witness().verifier()).await.expect("registered");
    key
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.expect_err("refused").code().to_owned()
}

#[tokio::test]
async fn a_head_is_kept_when_a_registered_witness_signed_it_and_only_then() {
    for city in City::each(capabilities).await {
        let (platform, ctx) = (&city.platform, &city.stranger());
        fill(&city, 3).await;
        let key = WitnessKey::generate("police.example").expect("a key");
        let verifier = key.witness().verifier();
        assert!(ops::register(platform, &auditor(&city), &verifier).await.is_err(), "the security administrator alone");
        assert_eq!(code(ops::register(platform, &security(&city), "nonsense").await), "ledger-witness-key");
        let note = key.cosign(&platform.ledger.head(), ctx.now()).expect("cosigned");
        assert_eq!(code(ops::take(platform, ctx, &note).await), "oversight-witness-unknown");
        ops::register(platform, &security(&city), &verifier).await.expect("registered");
        assert_eq!(code(ops::register(platform, &security(&city), &verifier).await), "oversight-witness-known");
        let early = key.cosign(&platform.ledger.head(), ctx.now().plus_s(600)).expect("cosigned");
        assert_eq!(code(ops::take(platform, ctx, &early).await), "oversight-witness-early");
        assert_eq!(code(ops::take(platform, ctx, "nonsense\n").await), "ledger-head");

        let request = Request::post("/ledger/witnessed").header(header::CONTENT_TYPE, "application/json");
        let reply = city.ask(request, serde_json::json!({ "note": note }).to_string()).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let told = city.get("/ledger?format=json").await.json();
        let size = platform.ledger.status().entries;
        assert_eq!(
            (&told["witnessed"][0]["witness"], &told["witnessed"][0]["size"]),
            (&"police.example".into(), &size.into())
        );
        assert!(city.get("/ledger").await.text.contains("police.example"));
        ops::require_witnessed(platform).await.expect("the ledger contains it");
        assert!(ops::verify(platform, &auditor(&city)).await.expect("checked").is_whole());

        ops::remove(platform, &security(&city), "police.example").await.expect("taken off");
        assert_eq!(code(ops::take(platform, ctx, &note).await), "oversight-witness-unknown");
        assert_eq!(ops::witnessed(platform).await.expect("heads").len(), 1, "what it signed counts on");
        platform.relay.drain().await.expect("entered");
        let filter = Filter { kind: Some(Kind::Decision), ..Filter::default() };
        let entries = platform.ledger.read(filter, Default::default()).await.expect("entries");
        let acts: Vec<_> = entries.rows.into_iter().filter_map(|entry| entry.common?.act).collect();
        assert_eq!(acts, ["oversight.witness_removed", "oversight.witness_registered"], "{}", city.name);
    }
}

#[tokio::test]
async fn the_proof_of_growth_is_public_and_holds() {
    for city in City::each(capabilities).await {
        fill(&city, 5).await;
        let key = city.platform.ledger.public_key();
        let old = Head::open(&city.platform.ledger.head(), &key).expect("a head");
        fill(&city, 6).await;
        let told = city.get(&format!("/ledger/consistency?old={}", old.size)).await.json();
        let new = Head::open(told["head"].as_str().expect("a note"), &key).expect("a head");
        let nodes = told["path"].as_array().expect("nodes").iter();
        let path: Vec<[u8; 32]> = nodes
            .map(|node| unhex(node.as_str().expect("text")).expect("hexadecimal").try_into().expect("a hash"))
            .collect();
        assert!(consistent(old.size, &old.root, new.size, &new.root, &path), "{}", city.name);
        assert_eq!(city.get("/ledger/consistency?old=x").await.status, 422);
    }
}

#[tokio::test]
async fn a_ledger_short_of_a_witnessed_head_stops_the_city_until_accepted() {
    for city in City::each(capabilities).await {
        let platform = &city.platform;
        fill(&city, 4).await;
        let key = registered(&city, "bank.example").await;
        let note = key.cosign(&platform.ledger.head(), city.stranger().now()).expect("cosigned");
        let kept = ops::take(platform, &city.stranger(), &note).await.expect("kept");
        let larger = |size, log: &str| Witnessed { size, log: log.to_owned(), ..kept.clone() };
        let put = async |head: &Witnessed| {
            platform.db.tx(|tx| Box::pin(store::keep_head(tx, head))).await.expect("kept");
        };
        let log = platform.ledger.log();
        put(&larger(kept.size + 10, &log)).await;
        let gaps = ops::gaps(platform).await.expect("looked");
        assert_eq!(gaps.iter().map(|gap| gap.size).collect::<Vec<_>>(), [kept.size + 10], "{}", city.name);
        let refused = ops::require_witnessed(platform).await;
        assert!(matches!(&refused, Err(Error::Conflict(_))) && code(refused) == "oversight-gap");
        let operator = &platform.ctx(yiwang_kernel::Actor::Operator { reason: "the disk died".to_owned() });
        assert_eq!(code(ops::accept_gaps(platform, operator, "  ").await), "reason-missing");
        assert_eq!(ops::accept_gaps(platform, operator, "the disk died").await.expect("accepted").len(), 1);
        ops::require_witnessed(platform).await.expect("accepted on record");
        assert!(ops::kept_heads(platform).await.expect("heads").is_empty());

        // A later head is another gap, and so is one of a log that is not here at all.
        put(&larger(kept.size + 11, &log)).await;
        put(&larger(3, &"0".repeat(32))).await;
        assert_eq!(ops::gaps(platform).await.expect("looked").len(), 2, "{}", city.name);
        assert_eq!(ops::accept_gaps(platform, operator, "again").await.expect("accepted").len(), 2);
        ops::require_witnessed(platform).await.expect("accepted on record");
    }
}

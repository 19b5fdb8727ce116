//! Decisions as auditors see them, and the receipt of one while it is being entered and after.

use yiwang_kernel::{Ctx, Id};
use yiwang_ledger::InclusionProof;
use yiwang_seal::unhex;
use yiwang_store::decisions::{Decision, decide};
use yiwang_testkit::City;

use super::{auditor, capabilities};

async fn decide_one(city: &City, ctx: &Ctx) -> Id {
    let id = Id::new(ctx);
    let decision = &Decision::new("catalogue.take_down", "C001/000001").because("leaked").naming(["phone"]);
    city.platform.db.tx(|tx| Box::pin(decide(tx, ctx, id, decision))).await.expect("decided");
    id
}

#[tokio::test]
async fn a_receipt_says_being_entered_and_then_proves_the_entry() {
    for city in City::each(capabilities).await {
        let steward = city.steward("C002");
        let id = decide_one(&city, &steward).await;
        let (cookie, _) = city.session(&steward).await;
        let path = format!("/ledger/decisions/{id}");
        assert_eq!(city.get_with(&format!("{path}?format=json"), &cookie).await.json()["state"], "waiting");
        assert!(city.get_with(&path, &cookie).await.text.contains("正在入账"));
        city.platform.relay.drain().await.expect("entered");
        let receipt = city.get_with(&format!("{path}?format=json"), &cookie).await.json();
        assert_eq!(receipt["state"], "entered", "{}", city.name);
        let bytes = |text: &serde_json::Value| unhex(text.as_str().expect("text")).expect("hexadecimal");
        let nodes = receipt["path"].as_array().expect("nodes");
        let proof = InclusionProof {
            index: receipt["index"].as_u64().expect("a number"),
            header: bytes(&receipt["header"]),
            path: nodes.iter().map(|node| bytes(node).try_into().expect("a hash")).collect(),
            head: receipt["head"].as_str().expect("a note").to_owned(),
        };
        assert!(proof.holds(&city.platform.ledger.public_key()));
        assert!(city.get_with(&path, &cookie).await.text.contains("<pre"));
        assert_ne!(city.get(&path).await.status, 200);
        let other = format!("/ledger/decisions/{}", Id::new(&steward));
        assert_eq!(city.get_with(&other, &cookie).await.status, 404);
    }
}

#[tokio::test]
async fn an_auditor_sees_who_decided_what_and_why_at_once() {
    for city in City::each(capabilities).await {
        decide_one(&city, &city.steward("C002")).await;
        let (cookie, _) = city.session(&auditor(&city)).await;
        let page = city.get_with("/ledger/reads?kind=decision", &cookie).await;
        for words in ["catalogue.take_down", "C001/000001", "leaked · phone"] {
            assert!(page.text.contains(words), "{}: {words}: {}", city.name, page.text);
        }
        let twin = city.get_with("/ledger/reads?kind=decision&format=json", &cookie).await.json();
        assert_eq!((&twin["waiting"], twin["rows"].as_array().map(Vec::len)), (&0.into(), Some(1)), "{twin}");
        let looks = city.get_with("/ledger/reads?kind=open&format=json", &cookie).await.json();
        assert_eq!(looks["rows"].as_array().map(Vec::len), Some(3), "each look is one entry: {looks}");
    }
}

//! Signed calls to a real listener: signature, repetition, giving up, whose messages a hook is told.

use serde_json::{Value, json};
use yiwang_kernel::{Actor, Ctx, Instant, Role};

use super::peers::{Peer, body, header};
use super::world::{City, INSIDE_ONLY, cities, city, id_of, note};
use crate::ops::{self, Registered};
use crate::{Class, DeliveryState, jobs, signing};

async fn hook(city: &City, peer: &Peer, who: &Ctx, department: Option<&str>) -> Registered {
    city.set(&[("host.address", "https://data.city.example"), ("messages.http_allowed", &peer.entry())]).await;
    ops::register(&city.platform, who, department, &peer.url("/hook?key=abc")).await.expect("registers")
}

fn signed_rightly(secret: &str, call: &str) -> bool {
    let key = data_encoding::BASE64.decode(secret.trim_start_matches("whsec_").as_bytes()).expect("base64");
    let signed = format!("{}.{}.{}", header(call, "webhook-id"), header(call, "webhook-timestamp"), body(call));
    let mac = yiwang_seal::hmac_sha256(&key, signed.as_bytes());
    header(call, "webhook-signature") == format!("v1,{}", data_encoding::BASE64.encode(&mac))
}

#[test]
fn signatures_are_those_of_the_convention() {
    // The example of the Standard Webhooks reference libraries.
    let at = Instant::from_micros(1_614_265_330_000_000);
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signature = signing::signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, "{\"test\": 2432232314}");
    assert_eq!(signature.expect("signs"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[tokio::test]
async fn a_hook_is_told_title_and_link_signed_and_once_an_event() {
    for city in cities().await {
        let peer = Peer::http(&[]).await;
        let steward = city.steward("C001");
        let registered = hook(&city, &peer, &steward, None).await;
        assert_eq!(registered.hook.department.as_deref(), Some("C001"), "a steward registers for the own department");
        let [zhang, li] = ["zhang", "li"].map(|name| city.acting(name, "C001", Role::Steward));
        for _ in 0..2 {
            city.send(&[id_of(&zhang), id_of(&li)], &note("a", "C001")).await;
        }
        city.send(&[id_of(&zhang)], &note("b", "C002")).await;
        city.work().await;
        let got = peer.got();
        assert_eq!(got.len(), 1, "{}: one event of the own department, one call", city.name);
        let call = &got[0];
        assert!(call.starts_with("POST /hook?key=abc HTTP/1.1\r\n"), "{call}");
        assert!(signed_rightly(&registered.secret, call), "{call}");
        let told: Value = serde_json::from_str(body(call)).expect("JSON");
        let sent = city.deliveries().await.remove(0);
        let expected = json!({
            "type": "notes.note",
            "timestamp": sent.created,
            "data": {
                "title": { "zh": "《停车场》有 1,234 行", "en": "1,234 rows in Car parks" },
                "link": "https://data.city.example/notes/a",
                "department": "C001",
            },
        });
        assert_eq!(told, expected);
        assert!(INSIDE_ONLY.split(", ").all(|part| !call.contains(part)));
        assert_eq!((header(call, "webhook-id"), sent.state), (sent.id.to_string().as_str(), DeliveryState::Sent));
    }
}

#[tokio::test]
async fn killed_between_sending_and_noting_the_call_comes_again_under_the_same_id() {
    for city in cities().await {
        let peer = Peer::http(&[]).await;
        hook(&city, &peer, &city.steward("C001"), None).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        let system = city.platform.ctx(Actor::System("jobs"));
        // The node that dies: it claimed the job and called, and nobody ever hears of it again.
        let claimed = yiwang_jobs::claim(&city.platform.db, &system, &[jobs::DELIVER], 1).await.expect("claims");
        assert_eq!(claimed.len(), 1);
        let delivery = city.deliveries().await.remove(0);
        jobs::attempt(&city.platform, &system, &delivery).await.expect("calls");
        city.work().await;
        assert_eq!(peer.got().len(), 1, "{}: the dead node's lease holds", city.name);
        city.clock.advance_s(121);
        city.work().await;
        let got = peer.got();
        assert_eq!(got.len(), 2);
        assert_eq!(header(&got[0], "webhook-id"), header(&got[1], "webhook-id"));
        assert_eq!(body(&got[0]), body(&got[1]));
        assert_eq!(city.delivery().await.expect("one").0, DeliveryState::Sent);
        assert_eq!(ops::unread(&city.platform, &zhang).await.expect("counts"), 1, "in the product once");
    }
}

#[tokio::test]
async fn a_dead_receiver_is_given_up_visibly_and_revived_by_a_press() {
    for city in cities().await {
        let down = "HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n";
        let peer = Peer::http(&[down; 8]).await;
        let steward = city.steward("C001");
        hook(&city, &peer, &steward, None).await;
        city.send(&[], &note("a", "C001")).await;
        for _ in 0..10 {
            city.work().await;
            city.clock.advance_s(3_600);
        }
        assert_eq!(peer.got().len(), 8, "{}", city.name);
        let dead = city.deliveries().await.remove(0);
        assert_eq!((dead.state, dead.error.as_deref()), (DeliveryState::Failed, Some("messages-hook-answer")));
        assert_eq!(dead.attempts, 8);
        let other = ops::press(&city.platform, &city.steward("C002"), dead.id).await;
        assert_eq!(other.expect_err("another department").status(), 403);
        ops::press(&city.platform, &steward, dead.id).await.expect("presses");
        city.work().await;
        assert_eq!(city.delivery().await.expect("one").0, DeliveryState::Sent);
        let got = peer.got();
        assert_eq!(header(&got[0], "webhook-id"), header(&got[8], "webhook-id"));
    }
}

#[tokio::test]
async fn a_receiver_that_says_gone_is_not_called_again() {
    let city = city().await;
    let peer = Peer::http(&["HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"]).await;
    hook(&city, &peer, &city.steward("C001"), None).await;
    city.send(&[], &note("a", "C001")).await;
    city.work().await;
    let (state, error) = city.delivery().await.expect("one");
    assert_eq!((state, error.as_deref()), (DeliveryState::Failed, Some("messages-hook-gone")));
}

#[tokio::test]
async fn an_address_the_operator_did_not_list_is_never_called() {
    for city in cities().await {
        let peer = Peer::http(&[]).await;
        let steward = city.steward("C001");
        hook(&city, &peer, &steward, None).await;
        city.set(&[("messages.http_allowed", "")]).await;
        city.send(&[], &note("a", "C001")).await;
        city.work().await;
        let (state, error) = city.delivery().await.expect("one");
        assert_eq!((state, error.as_deref()), (DeliveryState::Failed, Some("http-address-refused")), "{}", city.name);
        assert_eq!(peer.got().len(), 0);
    }
}

#[tokio::test]
async fn whose_hooks_they_are() {
    for city in cities().await {
        let peer = Peer::http(&[]).await;
        let (one, two, operator) = (city.steward("C001"), city.steward("C002"), city.operator());
        let own = hook(&city, &peer, &one, None).await.hook;
        let whole = hook(&city, &peer, &operator, None).await.hook;
        assert_eq!(whole.department, None, "the operator's is the city's");
        let platform = &city.platform;
        let foreign = ops::register(platform, &two, Some("C001"), &peer.url("/")).await;
        assert_eq!(foreign.err().expect("another's").status(), 403, "{}", city.name);
        assert_eq!(ops::hooks(platform, &two).await.expect("lists"), []);
        assert_eq!(ops::hooks(platform, &one).await.expect("lists"), std::slice::from_ref(&own));
        assert_eq!(ops::hooks(platform, &operator).await.expect("lists").len(), 2);
        assert_eq!(ops::hook(platform, &one, whole.id).await.expect_err("the city's").status(), 403);
        assert_eq!(ops::remove_hook(platform, &two, own.id).await.expect_err("another's").status(), 403);

        let (ctx, data) = (&city.system(), &json!({ "lamp": 7 }));
        let class = Class::new("notes.note");
        let tell = platform.db.tx(|tx| Box::pin(crate::tell(tx, ctx, class, "lamp/7", Some("C002"), data)));
        tell.await.expect("is told");
        city.work().await;
        let got = peer.got();
        assert_eq!(got.len(), 1, "C002 has no hook of its own, the city's is told");
        let told: Value = serde_json::from_str(body(&got[0])).expect("JSON");
        assert_eq!(told["data"], json!({ "lamp": 7, "department": "C002" }));

        ops::remove_hook(platform, &operator, whole.id).await.expect("removes");
        city.send(&[], &note("a", "C003")).await;
        city.work().await;
        assert_eq!(peer.got().len(), 1);
        let kept = format!("{:?}", platform.db.query("SELECT * FROM messages_hooks", &[]).await.expect("rows"));
        assert!(!kept.contains("key=abc") && !kept.contains("whsec"), "address and secret are sealed: {kept}");
    }
}

#[tokio::test]
async fn a_new_secret_signs_from_then_on() {
    let city = city().await;
    let peer = Peer::http(&[]).await;
    let steward = city.steward("C001");
    let before = hook(&city, &peer, &steward, None).await;
    let after = ops::renew_secret(&city.platform, &steward, before.hook.id).await.expect("renews");
    assert_ne!(before.secret, after.secret);
    ops::trial_call(&city.platform, &steward, before.hook.id).await.expect("tries");
    city.work().await;
    let call = peer.got().remove(0);
    assert!(signed_rightly(&after.secret, &call) && !signed_rightly(&before.secret, &call));
}

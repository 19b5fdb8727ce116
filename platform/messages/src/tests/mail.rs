//! Mail to a real peer over SMTP: what it says, when it is tried again, what the operator sees.

use yiwang_kernel::{Lang, Role};

use super::peers::{Peer, body, header};
use super::world::{City, INSIDE_ONLY, cities, city, id_of, note};
use crate::mail::TlsMode;
use crate::ops::{self, Channels};
use crate::{DeliveryState, MailChoice};

/// Sets the mail server to this peer.
pub(super) async fn set_up(city: &City, peer: &Peer) {
    let port = peer.port.to_string();
    let from = "Sample City <noreply@city.example>";
    city.set(&[
        ("host.address", "https://data.city.example/"),
        ("messages.smtp_host", "127.0.0.1"),
        ("messages.smtp_port", &port),
        ("messages.smtp_tls", "none"),
        ("messages.smtp_from", from),
    ])
    .await;
}

#[tokio::test]
async fn a_mail_says_title_and_link_in_the_readers_language_and_nothing_more() {
    for city in cities().await {
        let peer = Peer::smtp(&[]).await;
        set_up(&city, &peer).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        city.choose(&zhang, MailChoice::AtOnce).await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        city.work().await;
        city.work().await;
        let got = peer.got();
        assert_eq!(got.len(), 1, "{}: one event, one mail", city.name);
        let mail = &got[0];
        assert_eq!(header(mail, "to"), "zhang@city.example");
        assert_eq!(header(mail, "subject"), "1,234 rows in Car parks");
        assert_eq!(header(mail, "auto-submitted"), "auto-generated");
        let delivery = city.deliveries().await.remove(0);
        assert_eq!(header(mail, "message-id"), format!("<{}@city.example>", delivery.id));
        let text = decoded(mail);
        assert!(text.starts_with("1,234 rows in Car parks\nhttps://data.city.example/notes/a\n"), "{text}");
        for part in INSIDE_ONLY.split(", ") {
            assert!(!mail.contains(part) && !text.contains(part), "{part}");
        }
        assert_eq!((delivery.state, delivery.attempts, delivery.error), (DeliveryState::Sent, 1, None));
    }
}

#[tokio::test]
async fn a_busy_server_is_tried_again_and_sees_the_same_mail() {
    for city in cities().await {
        let peer = Peer::smtp(&["451 later", "421 busy"]).await;
        set_up(&city, &peer).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        city.choose(&zhang, MailChoice::AtOnce).await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        city.work().await;
        let (state, error) = city.delivery().await.expect("one");
        assert_eq!((state, error.as_deref()), (DeliveryState::Retrying, Some("messages-mail-unreachable")));
        city.work().await;
        assert_eq!(peer.got().len(), 1, "{}: not before its pause is over", city.name);
        city.clock.advance_s(10);
        city.work().await;
        city.clock.advance_s(20);
        city.work().await;
        let got = peer.got();
        assert_eq!(got.len(), 3);
        assert!(got.iter().all(|mail| header(mail, "message-id") == header(&got[0], "message-id")));
        assert_eq!(city.delivery().await.expect("one"), (DeliveryState::Sent, None));
    }
}

#[tokio::test]
async fn a_refused_mail_fails_at_once_and_waits_for_a_press() {
    for city in cities().await {
        let peer = Peer::smtp(&["550 nobody here"]).await;
        set_up(&city, &peer).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        city.choose(&zhang, MailChoice::AtOnce).await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        city.work().await;
        let failed = city.deliveries().await.remove(0);
        assert_eq!(
            (failed.state, failed.error.as_deref()),
            (DeliveryState::Failed, Some("messages-mail-refused")),
            "{}",
            city.name
        );
        assert_eq!(ops::press(&city.platform, &zhang, failed.id).await.expect_err("a steward").status(), 404);
        ops::press(&city.platform, &city.operator(), failed.id).await.expect("presses");
        let again = ops::press(&city.platform, &city.operator(), failed.id).await;
        assert_eq!(again.expect_err("it is queued").code(), "messages-not-failed");
        city.work().await;
        assert_eq!(city.delivery().await.expect("one"), (DeliveryState::Sent, None));
        let got = peer.got();
        assert_eq!(header(&got[0], "message-id"), header(&got[1], "message-id"));
    }
}

#[tokio::test]
async fn who_read_it_meanwhile_or_has_no_address_gets_no_mail() {
    for city in cities().await {
        let peer = Peer::smtp(&[]).await;
        set_up(&city, &peer).await;
        let [zhang, li] = ["zhang", "li"].map(|name| city.acting(name, "C001", Role::Steward));
        city.give_address(&zhang, "zhang@city.example").await;
        city.choose(&zhang, MailChoice::AtOnce).await;
        city.send(&[id_of(&zhang), id_of(&li)], &note("a", "C001")).await;
        ops::mark_read(&city.platform, &zhang, None).await.expect("reads");
        city.work().await;
        assert_eq!(city.delivery().await.expect("one").0, DeliveryState::Dropped, "{}", city.name);
        assert_eq!(peer.got().len(), 0);
    }
}

#[tokio::test]
async fn without_a_mail_server_the_delivery_says_so() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        city.choose(&zhang, MailChoice::AtOnce).await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        city.work().await;
        let (state, error) = city.delivery().await.expect("one");
        assert_eq!((state, error.as_deref()), (DeliveryState::Failed, Some("messages-mail-off")), "{}", city.name);
        let trial = ops::trial(&city.platform, &city.operator()).await;
        assert_eq!(trial.expect_err("no server").code(), "messages-mail-off");
    }
}

#[tokio::test]
async fn an_address_stands_nowhere_in_clear() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        let rows = city.platform.db.query("SELECT * FROM messages_people", &[]).await.expect("rows");
        let seen = format!("{rows:?}");
        assert!(!seen.contains("zhang") && !seen.contains("city.example"), "{}: {seen}", city.name);
        let own = ops::own(&city.platform, &zhang).await.expect("the own");
        assert_eq!((own.address.as_deref(), own.lang), (Some("zhang@city.example"), Lang::En));
        assert!(!format!("{own:?}").contains("city.example"));
    }
}

#[tokio::test]
async fn channels_are_checked_before_they_are_kept() {
    let city = city().await;
    let good = Channels {
        host: "mail.city.example".to_owned(),
        port: 587,
        tls: TlsMode::StartTls,
        user: "yiwang".to_owned(),
        from: "City <noreply@city.example>".to_owned(),
        address: "https://data.city.example".to_owned(),
        digest_hour: 8,
        allowed: "10.0.0.0/8".to_owned(),
        trusted: String::new(),
        has_password: false,
    };
    let (platform, operator) = (&city.platform, &city.operator());
    let wrong = [
        ("smtp_host", Channels { host: "mail server".to_owned(), ..good.clone() }),
        ("smtp_port", Channels { port: 0, ..good.clone() }),
        ("smtp_from", Channels { from: "nobody".to_owned(), ..good.clone() }),
        ("smtp_tls", Channels { tls: TlsMode::Plain, ..good.clone() }),
        ("digest_hour", Channels { digest_hour: 24, ..good.clone() }),
        ("address", Channels { address: "data.city.example".to_owned(), ..good.clone() }),
        ("http_allowed", Channels { allowed: "inside.example".to_owned(), ..good.clone() }),
    ];
    for (field, wanted) in wrong {
        let refused = ops::set_channels(platform, operator, &wanted, Some("hunter2")).await.expect_err(field);
        assert!(refused.to_string().starts_with(&format!("invalid {field}")), "{refused}");
    }
    assert!(!ops::channels(platform, operator).await.expect("nothing kept").has_password);
    ops::set_channels(platform, operator, &good, Some("hunter2")).await.expect("kept");
    ops::set_channels(platform, operator, &Channels { port: 465, ..good.clone() }, None).await.expect("kept");
    let kept = ops::channels(platform, operator).await.expect("kept");
    assert!(kept == Channels { port: 465, has_password: true, ..good.clone() });
    let secrets = platform.db.query("SELECT * FROM messages_secrets", &[]).await.expect("rows");
    assert!(!format!("{secrets:?}").contains("hunter2"));
    ops::set_channels(platform, operator, &Channels { user: String::new(), ..good.clone() }, None).await.expect("kept");
    assert!(!ops::channels(platform, operator).await.expect("kept").has_password, "no user, no password");
    let steward = city.acting("zhang", "C001", Role::Steward);
    assert_eq!(ops::channels(platform, &steward).await.err().expect("not for stewards").status(), 403);
}

/// The text of a mail, its transfer encoding undone.
pub(super) fn decoded(mail: &str) -> String {
    let text = body(mail);
    match header(mail, "content-transfer-encoding") {
        "base64" => {
            let packed: String = text.split_whitespace().collect();
            String::from_utf8(data_encoding::BASE64.decode(packed.as_bytes()).expect("base64")).expect("UTF-8")
        }
        "quoted-printable" => {
            let mut bytes = Vec::new();
            let joined = text.replace("=\n", "");
            let mut rest = joined.as_bytes();
            while let [first, tail @ ..] = rest {
                rest = tail;
                match (first, tail) {
                    (b'=', [high, low, after @ ..]) => {
                        bytes.extend(data_encoding::HEXUPPER.decode(&[*high, *low]).expect("hex"));
                        rest = after;
                    }
                    _ => bytes.push(*first),
                }
            }
            String::from_utf8(bytes).expect("UTF-8")
        }
        _ => text.to_owned(),
    }
}

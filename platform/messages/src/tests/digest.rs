//! The daily mail: at its hour, once a day and account, only with news.

use yiwang_kernel::Role;

use super::mail::{decoded, set_up};
use super::peers::{Peer, header};
use super::world::{INSIDE_ONLY, cities, id_of, note};
use crate::{Class, MailChoice, Message, jobs, ops};

/// The city's clock stands at noon.
const NOON: i64 = 12;
const HOUR_S: i64 = 3_600;

#[tokio::test]
async fn one_mail_a_day_names_what_is_unread() {
    for city in cities().await {
        let peer = Peer::smtp(&[]).await;
        set_up(&city, &peer).await;
        city.set(&[("messages.digest_hour", &(NOON + 1).to_string())]).await;
        let [zhang, li, wang] = ["zhang", "li", "wang"].map(|name| city.acting(name, "C001", Role::Steward));
        for person in [&zhang, &li] {
            city.give_address(person, "someone@city.example").await;
        }
        city.choose(&li, MailChoice::Never).await;
        let all = [id_of(&zhang), id_of(&li), id_of(&wang)];
        city.send(&all, &note("a", "C001")).await;
        city.send(&all, &note("b", "C001")).await;
        city.work().await;
        assert_eq!(peer.got().len(), 0, "{}: not before its hour", city.name);
        city.clock.advance_s(HOUR_S);
        city.work().await;
        city.clock.advance_s(HOUR_S);
        city.send(&all, &note("c", "C001")).await;
        city.work().await;
        let got = peer.got();
        assert_eq!(got.len(), 1, "{}: one a day, to who has an address and did not leave", city.name);
        assert_eq!(header(&got[0], "subject"), "You have 2 unread messages");
        let text = decoded(&got[0]);
        for path in ["/messages", "/notes/a", "/notes/b"] {
            assert!(text.contains(&format!("https://data.city.example{path}\n")), "{text}");
        }
        assert!(INSIDE_ONLY.split(", ").all(|part| !text.contains(part)), "{text}");

        city.clock.advance_s(22 * HOUR_S);
        city.work().await;
        assert_eq!(peer.got().len(), 1, "the next day, an hour early");
        city.clock.advance_s(HOUR_S);
        city.work().await;
        assert_eq!(header(&peer.got()[1], "subject"), "You have 3 unread messages");
        city.clock.advance_s(24 * HOUR_S);
        city.work().await;
        assert_eq!(peer.got().len(), 2, "nothing new since");
    }
}

#[tokio::test]
async fn many_nodes_order_one_mail() {
    for city in cities().await {
        let peer = Peer::smtp(&[]).await;
        set_up(&city, &peer).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        let ctx = &city.system();
        let rounds = (0..4).map(|_| jobs::order_digests(&city.platform, ctx));
        futures::future::try_join_all(rounds).await.expect("ordered");
        city.work().await;
        assert_eq!(peer.got().len(), 1, "{}", city.name);
    }
}

#[tokio::test]
async fn what_was_read_before_the_mail_left_is_not_mailed_and_urgent_news_do_not_wait() {
    for city in cities().await {
        let peer = Peer::smtp(&[]).await;
        set_up(&city, &peer).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        jobs::order_digests(&city.platform, &city.system()).await.expect("ordered");
        ops::mark_read(&city.platform, &zhang, None).await.expect("reads");
        city.work().await;
        assert_eq!(peer.got().len(), 0, "{}", city.name);
        let urgent = Message { class: Class::urgent("notes.note"), ..note("b", "C001") };
        city.send(&[id_of(&zhang)], &urgent).await;
        city.work().await;
        assert!(header(&peer.got()[0], "subject").starts_with("1,234 rows in"), "{}", city.name);
    }
}

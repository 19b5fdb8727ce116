//! A link that is a secret: mailed to the address the manager gave, kept nowhere once it is out.

use yiwang_kernel::{Lang, Role};

use super::mail::{decoded, set_up};
use super::peers::Peer;
use super::world::{City, cities, id_of};
use crate::{Class, DeliveryState, Letter, MailChoice, Words, ops};

const LINK: &str = "/activate?link=0123456789abcdef";

async fn letter(city: &City, to: &yiwang_kernel::Ctx) -> bool {
    let class = Class::urgent("notes.note");
    let title = Words::new("notes-told").plain("title", "x").number("n", 1);
    let letter = &Letter::new(&city.platform, class, "opened", title, LINK).await.expect("a letter");
    let (ctx, to) = (&city.system(), id_of(to));
    city.platform.db.tx(|tx| Box::pin(crate::send_letter(tx, ctx, to, letter))).await.expect("is sent")
}

async fn kept(city: &City) -> String {
    let rows = city.platform.db.query("SELECT * FROM messages_deliveries", &[]).await.expect("rows");
    let jobs = city.platform.db.query("SELECT * FROM jobs_jobs", &[]).await.expect("rows");
    format!("{rows:?} {jobs:?}")
}

#[tokio::test]
async fn the_link_reaches_its_person_alone_and_is_kept_sealed_until_then() {
    for city in cities().await {
        let peer = Peer::smtp(&["451 later"]).await;
        set_up(&city, &peer).await;
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        assert!(letter(&city, &zhang).await, "{}", city.name);
        assert!(!kept(&city).await.contains("0123456789abcdef"));
        city.work().await;
        assert!(city.deliveries().await[0].sealed.is_some(), "it is still needed");
        city.clock.advance_s(10);
        city.work().await;
        let mails = peer.got();
        assert!(decoded(&mails[1]).contains(&format!("https://data.city.example{LINK}\n")));
        let sent = city.deliveries().await.remove(0);
        assert_eq!((sent.state, sent.sealed), (DeliveryState::Sent, None));
        assert_eq!(ops::unread(&city.platform, &zhang).await.expect("counts"), 0, "it stands in no list");
    }
}

#[tokio::test]
async fn an_address_the_person_gave_gets_no_secret() {
    for city in cities().await {
        let [zhang, li] = ["zhang", "li"].map(|name| city.acting(name, "C001", Role::Steward));
        assert!(!letter(&city, &zhang).await, "{}: no address", city.name);
        let platform = &city.platform;
        ops::set_own(platform, &zhang, "zhang@else.example", Lang::Zh, MailChoice::Daily).await.expect("set");
        assert!(!letter(&city, &zhang).await);
        city.give_address(&li, "li@city.example").await;
        ops::set_own(platform, &li, "li@city.example", Lang::Zh, MailChoice::Never).await.expect("set");
        assert!(letter(&city, &li).await, "the manager's address, left as it was");
        ops::set_own(platform, &li, "li@else.example", Lang::Zh, MailChoice::Daily).await.expect("set");
        assert!(!letter(&city, &li).await, "changed since");
        let wrong = ops::set_own(platform, &li, "no address", Lang::Zh, MailChoice::Daily).await;
        assert_eq!(wrong.expect_err("refused").code(), "messages-address");
    }
}

#[tokio::test]
async fn a_link_that_never_left_is_wiped_after_its_end() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        city.give_address(&zhang, "zhang@city.example").await;
        letter(&city, &zhang).await;
        city.work().await;
        assert_eq!(city.delivery().await.expect("one").0, DeliveryState::Failed, "{}: no server", city.name);
        for _ in 0..5 {
            city.clock.advance_s(86_400);
            city.work().await;
        }
        crate::jobs::sweep(&city.platform, &city.system()).await.expect("sweeps");
        let swept = city.deliveries().await.remove(0);
        assert_eq!((swept.state, swept.sealed), (DeliveryState::Dropped, None));
    }
}

//! In the product: told once, in the sender's transaction, to nobody else.

use yiwang_kernel::{Error, Id, PageRequest, Result, Role};

use super::world::{cities, id_of, note};
use crate::{Kept, Message, ops};

#[tokio::test]
async fn an_account_is_told_of_an_event_once_however_often_it_is_sent() {
    for city in cities().await {
        let [zhang, li] = ["zhang", "li"].map(|name| city.acting(name, "C001", Role::Steward));
        let both = [id_of(&zhang), id_of(&li), id_of(&zhang)];
        assert_eq!(city.send(&both, &note("a", "C001")).await, 2, "{}", city.name);
        assert_eq!(city.send(&both, &note("a", "C001")).await, 0);
        assert_eq!(city.send(&both[..1], &note("b", "C001")).await, 1);
        assert_eq!(ops::unread(&city.platform, &zhang).await.expect("counts"), 2);
        assert_eq!(ops::unread(&city.platform, &li).await.expect("counts"), 1);
        let told = ops::list(&city.platform, &li, false, &PageRequest::default()).await.expect("lists");
        let expected = note("a", "C001");
        let Kept { class, title, body, path, read, .. } = told.rows[0].clone();
        assert_eq!((class.as_str(), title, body, path), ("notes.note", expected.title, expected.body, expected.path));
        assert_eq!((told.total, read), (1, None));
    }
}

#[tokio::test]
async fn what_is_undone_was_never_told() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        let (ctx, to, message) = (&city.system(), &[id_of(&zhang)], &note("a", "C001"));
        let undone: Result<()> = city
            .platform
            .db
            .tx(|tx| {
                Box::pin(async move {
                    crate::send(tx, ctx, to, message).await?;
                    Err(Error::refused("load-not-held"))
                })
            })
            .await;
        assert_eq!(undone.expect_err("undone").code(), "load-not-held");
        assert_eq!(ops::unread(&city.platform, &zhang).await.expect("counts"), 0, "{}", city.name);
    }
}

#[tokio::test]
async fn reading_is_ones_own_business() {
    for city in cities().await {
        let [zhang, li] = ["zhang", "li"].map(|name| city.acting(name, "C001", Role::Steward));
        city.send(&[id_of(&zhang), id_of(&li)], &note("a", "C001")).await;
        city.send(&[id_of(&zhang)], &note("b", "C001")).await;
        let ids = async |who| -> Vec<Id> {
            let page = ops::list(&city.platform, who, true, &PageRequest::default()).await.expect("lists");
            page.rows.iter().map(|message| message.id).collect()
        };
        let first = ids(&zhang).await[0];
        let foreign = ops::mark_read(&city.platform, &li, Some(first)).await;
        assert_eq!(foreign.expect_err("another's").code(), "messages-unknown", "{}", city.name);
        assert_eq!(ops::mark_read(&city.platform, &zhang, Some(first)).await.expect("marks"), 1);
        assert_eq!(ops::mark_read(&city.platform, &zhang, Some(first)).await.expect("again"), 0);
        assert_eq!(ids(&zhang).await.len(), 1);
        assert_eq!(ops::mark_read(&city.platform, &zhang, None).await.expect("marks"), 1);
        assert_eq!((ids(&zhang).await.len(), ids(&li).await.len()), (0, 1));
        let stranger = ops::list(&city.platform, &city.stranger(), false, &PageRequest::default()).await;
        assert_eq!(stranger.expect_err("nobody").status(), 401);
    }
}

#[tokio::test]
async fn a_list_pages_through_everything_newest_first() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        for number in 0..7 {
            city.send(&[id_of(&zhang)], &note(&number.to_string(), "C001")).await;
            city.clock.advance_s(number % 2);
        }
        let mut page = PageRequest { rows: Some(3), after: None };
        let mut paths = Vec::new();
        loop {
            let listed = ops::list(&city.platform, &zhang, false, &page).await.expect("lists");
            assert_eq!(listed.total, 7);
            paths.extend(listed.rows.into_iter().map(|message| message.path));
            match listed.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(paths.len(), 7, "{}", city.name);
        assert_eq!((paths[0].as_str(), paths[6].as_str()), ("/notes/6", "/notes/0"));
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 7);
    }
}

#[tokio::test]
async fn a_message_that_leads_out_of_the_product_is_refused() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        for path in ["https://evil.example/", "//evil.example", "", "notes", "/a\r\nb", "/\\evil.example"] {
            let message = &Message { path: path.to_owned(), ..note("a", "C001") };
            let (ctx, to) = (&city.system(), &[id_of(&zhang)]);
            let sent = city.platform.db.tx(|tx| Box::pin(crate::send(tx, ctx, to, message))).await;
            assert_eq!(sent.expect_err(path).status(), 500, "{}", city.name);
        }
    }
}

#[tokio::test]
async fn what_is_old_goes_and_a_closed_account_is_forgotten() {
    for city in cities().await {
        let [zhang, li] = ["zhang", "li"].map(|name| city.acting(name, "C001", Role::Steward));
        city.set(&[("messages.keep_days", "30")]).await;
        city.send(&[id_of(&zhang)], &note("old", "C001")).await;
        city.clock.advance_s(31 * 86_400);
        city.send(&[id_of(&zhang), id_of(&li)], &note("new", "C001")).await;
        crate::jobs::sweep(&city.platform, &city.system()).await.expect("sweeps");
        let left = ops::list(&city.platform, &zhang, false, &PageRequest::default()).await.expect("lists");
        assert_eq!((left.total, left.rows[0].path.as_str()), (1, "/notes/new"), "{}", city.name);
        city.give_address(&zhang, "zhang@city.example").await;
        let (ctx, gone) = (&city.system(), id_of(&zhang));
        city.platform.db.tx(|tx| Box::pin(crate::forget(tx, ctx, gone))).await.expect("forgets");
        assert_eq!(ops::unread(&city.platform, &zhang).await.expect("counts"), 0);
        assert_eq!(ops::own(&city.platform, &zhang).await.expect("unknown").address, None);
        assert_eq!(ops::unread(&city.platform, &li).await.expect("counts"), 1);
    }
}

//! A small city with messages and a capability that sends some.

use std::ops::Deref;

use yiwang_host::Capability;
use yiwang_kernel::{Actor, Ctx, Id, Lang, Result, Role, Text};
use yiwang_store::testing::{databases, sqlite};
use yiwang_testkit::Plan;

use crate::{Address, Class, Delivery, DeliveryState, MailChoice, Message, Words, ops, store};

/// What everybody may know and what stays inside.
pub(super) const INSIDE_ONLY: &str = "Zhang San, 440106";
const ZH: &str = "notes-told = 《{ $title }》有 { $n } 行\nnotes-body = 详情 { $who }\nnotes-class-note = 便条\n";
const EN: &str = "notes-told = { $n } rows in { $title }\nnotes-body = About { $who }\nnotes-class-note = Note\n";

/// A city.
pub(super) struct City(yiwang_testkit::City);

impl Deref for City {
    type Target = yiwang_testkit::City;

    fn deref(&self) -> &yiwang_testkit::City {
        &self.0
    }
}

fn capabilities() -> Vec<Capability> {
    let notes = Capability::new("notes", Text::new("便条", "Notes")).texts(&[(Lang::Zh, ZH), (Lang::En, EN)]);
    vec![crate::capability(), notes]
}

/// A city on each database.
pub(super) async fn cities() -> Vec<City> {
    let mut cities = Vec::new();
    for db in databases().await {
        let plan = Plan { capabilities: capabilities(), lake: false, demo: false };
        cities.push(City(yiwang_testkit::City::new(db, plan).await));
    }
    cities
}

/// A city where the database does not matter.
pub(super) async fn city() -> City {
    let plan = Plan { capabilities: capabilities(), lake: false, demo: false };
    City(yiwang_testkit::City::new(sqlite().await, plan).await)
}

/// A message about an event.
pub(super) fn note(event: &str, department: &str) -> Message {
    Message {
        class: Class::new("notes.note"),
        event: event.to_owned(),
        department: Some(department.to_owned()),
        title: Words::new("notes-told").titled("title", &Text::new("停车场", "Car parks")).number("n", 1_234),
        body: Some(Words::new("notes-body").plain("who", INSIDE_ONLY)),
        path: format!("/notes/{event}"),
    }
}

/// The id of who acts.
pub(super) fn id_of(ctx: &Ctx) -> Id {
    ctx.actor.account().expect("an account").id
}

impl City {
    /// Somebody who runs the platform.
    pub(super) fn operator(&self) -> Ctx {
        self.acting("operator", "C001", Role::Operator)
    }

    /// Sends in a transaction of its own.
    pub(super) async fn send(&self, to: &[Id], message: &Message) -> usize {
        let ctx = &self.system();
        let sent = self.platform.db.tx(|tx| Box::pin(crate::send(tx, ctx, to, message))).await;
        sent.expect("is sent")
    }

    /// Sets settings as the channels page would.
    pub(super) async fn set(&self, values: &[(&str, &str)]) {
        let (platform, ctx) = (&self.platform, &self.system());
        let set = platform.db.tx(|tx| {
            Box::pin(async move {
                for (name, value) in values {
                    platform.settings.set(tx, ctx, name, value).await?;
                }
                Ok(())
            })
        });
        set.await.expect("is set");
        platform.settings.reload(&platform.db).await.expect("reloads");
    }

    /// Gives somebody an address, as the account's manager does.
    pub(super) async fn give_address(&self, person: &Ctx, address: &str) {
        let address = &Address::new(&self.platform, "mail", address).await.expect("an address");
        let account = id_of(person);
        let given = self.platform.db.tx(|tx| Box::pin(crate::set_address(tx, account, address, Lang::En))).await;
        given.expect("is given");
    }

    /// How somebody wants mail from now on.
    pub(super) async fn choose(&self, person: &Ctx, mail: MailChoice) {
        let own = ops::own(&self.platform, person).await.expect("is known");
        let address = own.address.unwrap_or_default();
        ops::set_own(&self.platform, person, &address, own.lang, mail).await.expect("is set");
    }

    /// Runs every job that is due.
    pub(super) async fn work(&self) {
        let runner = yiwang_host::runner(&self.platform, &capabilities(), 2);
        runner.run_due(&self.platform.ctx(Actor::System("jobs"))).await.expect("runs");
    }

    /// All deliveries, newest first.
    pub(super) async fn deliveries(&self) -> Vec<Delivery> {
        let shown = store::deliveries::Shown::default();
        let page = store::deliveries::list(&self.platform.db, &shown, &Default::default()).await;
        page.expect("deliveries").rows
    }

    /// The one delivery there is: its state and the code of its error.
    pub(super) async fn delivery(&self) -> Result<(DeliveryState, Option<String>)> {
        let mut all = self.deliveries().await;
        assert_eq!(all.len(), 1, "{}", self.name);
        let only = all.remove(0);
        Ok((only.state, only.error))
    }
}

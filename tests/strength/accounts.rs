//! The server is killed at some moment while accounts are made, given roles and opened: whatever was acknowledged
//! stands, and no account shows a change without the act that says who made it.

use std::sync::mpsc::{Sender, channel};

use serde_json::Value;

use super::{loops, report, until};
use crate::city::City;
use crate::visitor::Visitor;

const PASSWORD: &str = "correct horse 7";

/// What the server acknowledged of an account, by its sign-in name.
enum Told {
    Made(String),
    Roles(String),
    Opened(String),
}

#[test]
fn account_changes_killed_at_any_moment_are_whole_or_not_there() {
    let mut city = City::demo();
    let mut opened = 0;
    for turn in 0..loops() {
        let told = killed_changes(&mut city, turn);
        opened += told.iter().filter(|told| matches!(told, Told::Opened(_))).count();
        check(&city, turn, &told);
    }
    assert!(opened > 0, "some changes were quicker than the kill");
    let report = report(&city, &["verify"]);
    assert_eq!(report["whole"], true, "{report}");
}

/// Changes accounts until the server is killed after a moment that depends on the turn; what was acknowledged.
fn killed_changes(city: &mut City, turn: u64) -> Vec<Told> {
    let security = Visitor::in_role(city, "security");
    let stranger = Visitor::stranger(city);
    let (telling, heard) = channel();
    let changing = std::thread::spawn(move || {
        for number in 0.. {
            let name = format!("kill-{turn}-{number}");
            if change(&security, &stranger, &name, &telling).is_none() {
                return;
            }
        }
    });
    until(50 + turn * 7919 % 1_300, || changing.is_finished());
    city.kill();
    changing.join().expect("the changes end with the server");
    city.kill_and_restart();
    heard.iter().collect()
}

/// Makes an account, gives it another role and opens it; none as soon as the server is gone.
fn change(security: &Visitor, stranger: &Visitor, name: &str, telling: &Sender<Told>) -> Option<()> {
    let tell = |told: Told| telling.send(told).expect("somebody listens");
    let new = [("name", name), ("display", "示例"), ("department", "064"), ("roles", "clerk")];
    let (status, page) = security.try_submit("/accounts/new", "/accounts", &new)?;
    assert_eq!(status, 201, "{page}");
    tell(Told::Made(name.to_owned()));
    let after = |mark: &str| {
        let rest = page.split(mark).nth(1).unwrap_or_else(|| panic!("no {mark} on the page: {page}"));
        rest.split(['"', '<', '&']).next().unwrap_or_default().to_owned()
    };
    let (id, link) = (after("href=\"/accounts/0"), after("/activate?link="));
    let account = format!("/accounts/0{id}");
    let (status, page) = security.try_submit(&account, &format!("{account}/roles"), &[("roles", "steward")])?;
    assert_eq!(status, 303, "{page}");
    tell(Told::Roles(name.to_owned()));
    let passwords = [("password", PASSWORD), ("again", PASSWORD)];
    let (status, page) = stranger.try_submit(&format!("/activate?link={link}"), "/activate", &passwords)?;
    assert_eq!(status, 303, "{page}");
    tell(Told::Opened(name.to_owned()));
    Some(())
}

/// Every account of this turn is as its acts say, and what was acknowledged is among them.
fn check(city: &City, turn: u64, told: &[Told]) {
    let security = Visitor::in_role(city, "security");
    let listed = security.json(&format!("/accounts?q=kill-{turn}-&rows=200"));
    let mut accounts = Vec::new();
    for row in listed["rows"].as_array().expect("rows") {
        let account = security.json(&format!("/accounts/{}", row["id"].as_str().expect("an id")));
        let acts = account["acts"].as_array().expect("acts");
        let has = |kind: &str| acts.iter().any(|act| act["kind"] == kind);
        let given = |role: &str| acts.iter().any(|act| act["kind"] == "accounts.role_given" && act["detail"] == role);
        assert!(has("accounts.made"), "an account nobody made: {account}");
        let role = if given("steward") { "steward" } else { "clerk" };
        assert_eq!(account["roles"], serde_json::json!([role]), "{account}");
        let state = if has("accounts.activated") { "active" } else { "invited" };
        assert_eq!(account["state"], state, "{account}");
        accounts.push(account);
    }
    let of = |name: &str| -> &Value {
        let found = accounts.iter().find(|account| account["name"] == name);
        found.unwrap_or_else(|| panic!("turn {turn}: {name} was acknowledged and is gone"))
    };
    let mut made = 0;
    for told in told {
        match told {
            Told::Made(name) => made += usize::from(of(name)["name"] == name.as_str()),
            Told::Roles(name) => assert_eq!(of(name)["roles"][0], "steward"),
            Told::Opened(name) => assert_eq!(of(name)["state"], "active"),
        }
    }
    assert!(accounts.len() == made || accounts.len() == made + 1, "one was in flight at most");
    if let Some(Told::Opened(name)) = told.iter().rfind(|told| matches!(told, Told::Opened(_))) {
        let visitor = Visitor::stranger(city);
        let given = [("name", name.as_str()), ("password", PASSWORD)];
        assert_eq!(visitor.submit("/sign-in", "/sign-in", &given).0, 303, "{name} has its password");
    }
}

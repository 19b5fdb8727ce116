//! Who is told of what happens to entries.

use yiwang_accounts::NewPerson;
use yiwang_kernel::{Account, Actor, Ctx, Role};

use super::city::{City, cities, content};
use crate::ops::{self, LoadedField, LoadedTable};

/// Somebody with an account.
async fn person(city: &City, name: &str, department: &str, role: Role) -> Ctx {
    let (name, department) = (name.to_owned(), Some(department.to_owned()));
    let new = NewPerson { name, display: "张三".to_owned(), department, roles: vec![role.word().to_owned()] };
    let made = yiwang_accounts::ops::create_account(&city.platform, &city.system(), &new).await;
    let person = made.expect("an account").person;
    let account = Account { id: person.id, name: person.name, department: person.department, roles: person.roles };
    city.platform.ctx(Actor::Account(account))
}

/// The texts an account was told, by their ids, in the order of the alphabet: the clock stands still.
async fn told(city: &City, who: &Ctx) -> Vec<String> {
    let id = who.actor.account().expect("an account").id;
    let sql = "SELECT title FROM messages_inbox WHERE recipient = $1";
    let rows = city.platform.db.query(sql, &[id.into()]).await.expect("rows");
    let text = |row: &yiwang_store::Row| -> String {
        row.json("title").expect("JSON")["id"].as_str().expect("an id").replace("catalogue-message-", "")
    };
    let mut told: Vec<String> = rows.iter().map(text).collect();
    told.sort();
    told
}

#[tokio::test]
async fn review_is_told_to_those_it_waits_for_and_its_end_to_those_who_wait() {
    for city in cities().await {
        let platform = &city.platform;
        let zhang = person(&city, "zhang", "C002", Role::Steward).await;
        let li = person(&city, "li", "C002", Role::Steward).await;
        let other = person(&city, "other", "C003", Role::Steward).await;
        let bureau = person(&city, "bureau", "C001", Role::Bureau).await;
        let code = ops::create(platform, &zhang, None, &content("停车场", "C002")).await.expect("made").code;
        assert_eq!(told(&city, &bureau).await, Vec::<String>::new(), "{}: a draft is nobody's news", city.name);
        ops::submit(platform, &zhang, &code).await.expect("submitted");
        ops::send_back(platform, &bureau, &code, "缺依据").await.expect("returned");
        ops::submit(platform, &zhang, &code).await.expect("submitted");
        ops::approve(platform, &bureau, &code).await.expect("approved");
        ops::take_down(platform, &li, &code, "疑似泄露").await.expect("taken down");
        assert_eq!(told(&city, &bureau).await, ["submitted", "submitted", "taken-down"]);
        assert_eq!(told(&city, &zhang).await, ["published", "returned", "taken-down"]);
        assert_eq!(told(&city, &li).await, ["published", "returned"], "not of the own take-down");
        assert_eq!(told(&city, &other).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn late_entries_are_told_once_for_each_day_one_more_became_late() {
    for city in cities().await {
        let (platform, system) = (&city.platform, &city.system());
        let zhang = person(&city, "zhang", "C002", Role::Steward).await;
        let bureau = person(&city, "bureau", "C001", Role::Bureau).await;
        let field = |name: &str| LoadedField {
            name: name.into(),
            title: yiwang_kernel::Text::new(name, ""),
            r#type: "text".into(),
            length: None,
            nullable: false,
            kind: None,
            personal: false,
            sortable: false,
            key: false,
        };
        let mut entry = content("停车场", "C002");
        entry.cycle = crate::Cycle::Monthly;
        let code = ops::create(platform, system, None, &entry).await.expect("made").code;
        ops::submit(platform, system, &code).await.expect("submitted");
        ops::approve(platform, &bureau, &code).await.expect("published");
        let table = &LoadedTable {
            resource: code.clone(),
            title: yiwang_kernel::Text::new("停车场", ""),
            department: "C002".into(),
            fields: vec![field("mc"), field("dz")],
            version: 1,
            rows: 2,
            grade: None,
        };
        platform.db.tx(|tx| Box::pin(ops::draft_from_load(tx, system, table))).await.expect("attached");
        assert_eq!(ops::remind_late(platform, system).await.expect("nothing"), 0, "{}", city.name);
        city.clock.advance_s(40 * 86_400);
        for _ in 0..2 {
            assert_eq!(ops::remind_late(platform, system).await.expect("one"), 1);
            city.clock.advance_s(86_400);
        }
        for who in [&zhang, &bureau] {
            let late = told(&city, who).await.into_iter().filter(|text| text == "late").count();
            assert_eq!(late, 1);
        }
    }
}

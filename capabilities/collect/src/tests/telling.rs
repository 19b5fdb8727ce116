//! Who hears what became of a load.

use yiwang_accounts::NewPerson;
use yiwang_kernel::{Account, Actor, Ctx, Role};

use super::city::{City, cities};
use crate::State;
use crate::ops;

const PARKING: &str = "编号,车位\r\n007,120\r\n008,85\r\n";

async fn messages(city: &City, who: &Ctx) -> serde_json::Value {
    let (cookie, _) = city.session(who).await;
    city.get_with("/messages?format=json&lang=zh", &cookie).await.json()
}

#[tokio::test]
async fn who_loaded_is_told_once_how_it_ended_and_the_link_leads_there() {
    for city in cities().await {
        let steward = city.steward("C001");
        let report = city.load(&city.request("停车场.csv", PARKING)).await.expect("loaded");
        let told = messages(&city, &steward).await;
        assert_eq!(told["total"], 1, "{}: {told}", city.name);
        let first = &told["rows"][0];
        assert_eq!(first["title"], format!("{} 已入库 2 行", report.resource));
        assert_eq!((&first["class"], &first["body"]), (&"collect.load".into(), &"来源：停车场.csv".into()));
        assert_eq!(first["path"], format!("/collect/loads/{}", report.load));
        let (cookie, _) = city.session(&steward).await;
        let page = city.get_with(&format!("/collect/loads/{}", report.load), &cookie).await;
        assert_eq!(page.status, 200, "{}", page.text);

        let mut other = city.request("停车场.csv", "编号,车位,地址\r\n009,1,东\r\n");
        other.resource = Some(report.resource.clone());
        city.clock.advance_s(1);
        let held = city.load(&other).await.expect("held");
        assert_eq!(held.state, State::Held);
        let told = messages(&city, &steward).await;
        assert_eq!(told["rows"][0]["title"], format!("{} 的装载待您确认：可入库 1 行，拒收 0 行", report.resource));
        assert_eq!(messages(&city, &city.steward("C002")).await["total"], 0, "nobody else's business");
    }
}

#[tokio::test]
async fn a_load_of_the_operator_is_told_to_the_departments_stewards() {
    for city in cities().await {
        let roles = vec![Role::Steward.word().to_owned()];
        let (name, department) = ("zhang".to_owned(), Some("C001".to_owned()));
        let new = NewPerson { name, display: "张三".to_owned(), department, roles };
        let made = yiwang_accounts::ops::create_account(&city.platform, &city.system(), &new).await;
        let person = made.expect("an account").person;
        let account = Account { id: person.id, name: person.name, department: person.department, roles: person.roles };
        let operator = city.platform.ctx(Actor::Operator { reason: "first load".to_owned() });
        let mut request = city.request("停车场.csv", PARKING);
        request.department = Some("C001".to_owned());
        ops::load(&city.platform, &operator, request, &|_| ()).await.expect("loads");
        let told = messages(&city, &city.platform.ctx(Actor::Account(account))).await;
        assert_eq!(told["total"], 1, "{}: {told}", city.name);
    }
}

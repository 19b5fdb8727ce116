//! A report of a fault: taken from anybody, answered by the department, looked up by its number.

use std::collections::BTreeMap;

use yiwang_accounts::NewPerson;
use yiwang_kernel::{Account, Actor, Error, PageRequest, Role};

use super::city::cities;
use crate::faults::{FaultForm, FaultState};
use crate::ops;

const CSV: &str = "编号,名称\n007,东门\n008,西门\n";

#[tokio::test]
async fn a_report_reaches_the_department_and_its_answer_the_sender() {
    for city in cities().await {
        let code = city.open("停车场.csv", CSV, BTreeMap::new()).await;
        let stranger = city.stranger();
        let form = FaultForm { resource: code, place: "007".into(), words: "已经关闭".into() };
        let sent = ops::report_fault(&city.platform, &stranger, form.clone()).await.expect("taken");
        let page = PageRequest::default();
        let (own, other) = (city.steward("C001"), city.steward("C002"));
        assert_eq!(ops::faults(&city.platform, &own, &page).await.expect("a list").total, 1, "{}", city.name);
        assert_eq!(ops::faults(&city.platform, &other, &page).await.expect("a list").total, 0);
        assert!(matches!(ops::fault(&city.platform, &other, sent.id).await, Err(Error::Forbidden(_))));
        ops::answer_fault(&city.platform, &own, sent.id, "已更正").await.expect("answered");
        let again = ops::answer_fault(&city.platform, &own, sent.id, "再次").await;
        assert!(matches!(again, Err(Error::Conflict(_))));
        let found = ops::fault_by_handle(&city.platform, &sent.handle).await.expect("found");
        assert_eq!((found.state, found.answer.as_str()), (FaultState::Answered, "已更正"));
        let unknown = FaultForm { resource: "999999-000001".into(), ..form.clone() };
        assert!(ops::report_fault(&city.platform, &stranger, unknown).await.is_err());
        let empty = FaultForm { words: " ".into(), ..form };
        assert!(ops::report_fault(&city.platform, &stranger, empty).await.is_err());
    }
}

#[tokio::test]
async fn stewards_of_the_department_are_told_without_the_senders_words() {
    for city in cities().await {
        let code = city.open("停车场.csv", CSV, BTreeMap::new()).await;
        let mut told = Vec::new();
        for (name, department) in [("steward1", "C001"), ("steward2", "C002")] {
            let (name, department) = (name.to_owned(), Some(department.to_owned()));
            let roles = vec![Role::Steward.word().to_owned()];
            let new = NewPerson { name: name.clone(), display: "张三".to_owned(), department, roles };
            let person = yiwang_accounts::ops::create_account(&city.platform, &city.system(), &new).await;
            let person = person.expect("an account").person;
            let (id, department, roles) = (person.id, person.department, person.roles);
            told.push(city.platform.ctx(Actor::Account(Account { id, name, department, roles })));
        }
        let form = FaultForm { resource: code, place: "007".into(), words: "张三住在这里".into() };
        let fault = ops::report_fault(&city.platform, &city.stranger(), form).await.expect("taken");
        for (who, expected) in told.iter().zip([1, 0]) {
            let (cookie, _) = city.session(who).await;
            let messages = city.get_with("/messages?format=json", &cookie).await;
            let list = messages.json();
            assert_eq!(list["total"], expected, "{}: {list}", city.name);
            assert!(!messages.text.contains("住在"));
            if expected == 1 {
                assert_eq!(list["rows"][0]["path"], format!("/portal/faults/{}", fault.id));
                let page = city.get_with(&format!("/portal/faults/{}", fault.id), &cookie).await;
                assert_eq!(page.status, 200, "the link leads there: {}", page.text);
            }
        }
    }
}

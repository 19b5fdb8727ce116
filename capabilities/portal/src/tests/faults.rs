//! A report of a fault: taken from anybody, answered by the department, looked up by its number.

use std::collections::BTreeMap;

use yiwang_kernel::{Error, PageRequest};

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

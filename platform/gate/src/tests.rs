//! Grants as kept and as they serve; what a load or query may not be. Reading through the gate is tested where the
//! engine is.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use yiwang_kernel::{Account, Actor, Ctx, Error, Id, Instant, Role};
use yiwang_store::testing::databases;

use crate::grants::{self, FindGrants};
use crate::{
    Cell, Fields, Filter, Grant, Grantee, LoadSpec, Mask, Mode, Op, Page, Query, RESOURCE_ANY, RowRule, RowsQuery, Why,
};

fn ctx() -> Ctx {
    Ctx::system(Actor::System("test"))
}

fn instant(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

fn rich_grant(grantee: Grantee) -> Grant {
    Grant {
        rows: Some(RowRule { all: vec![Filter::new("district", Op::Eq, "449901")] }),
        fields: Fields::Listed(vec!["name".into()]),
        masks: [("phone".to_owned(), Mask::Keep { first: 3, last: 2 }), ("note".to_owned(), Mask::Drop)].into(),
        until: Some(instant(100)),
        ..Grant::whole(Id::new(&ctx()), "people", grantee, "relief", instant(10))
    }
}

#[tokio::test]
async fn a_grant_comes_back_as_it_was_kept() {
    for store in databases().await {
        store.migrate(grants::MIGRATIONS).await.expect("tables");
        let grantees = [
            Grantee::Public,
            Grantee::Account(Id::new(&ctx())),
            Grantee::Department("d:1".into()),
            Grantee::Role(Role::Steward),
            Grantee::Operator,
            Grantee::System("profile".into()),
        ];
        for grantee in grantees {
            let grant = rich_grant(grantee);
            store.tx(|tx| Box::pin(grants::put(tx, &grant))).await.expect("kept");
            assert_eq!(grants::get(&store, grant.id).await.expect("read"), Some(grant), "{}", store.name);
        }
        let wanted = FindGrants { resource: Some("people".into()), grantee: Some(Grantee::Public), purpose: None };
        assert_eq!(grants::find(&store, &wanted).await.expect("found").len(), 1);
        let other = FindGrants { purpose: Some("other".into()), ..FindGrants::default() };
        assert!(grants::find(&store, &other).await.expect("found").is_empty());
    }
}

#[tokio::test]
async fn suspended_and_revoked_grants_stay_on_record_but_do_not_live() {
    for store in databases().await {
        store.migrate(grants::MIGRATIONS).await.expect("tables");
        let grant = rich_grant(Grantee::Public);
        let id = grant.id;
        store.tx(|tx| Box::pin(grants::put(tx, &grant))).await.expect("kept");
        store.tx(|tx| Box::pin(grants::suspend(tx, id, true))).await.expect("set aside");
        let kept = grants::get(&store, id).await.expect("read").expect("on record");
        assert!(!kept.is_live(instant(50)));
        store.tx(|tx| Box::pin(grants::suspend(tx, id, false))).await.expect("back");
        store.tx(|tx| Box::pin(grants::revoke(tx, id, instant(60)))).await.expect("ended");
        let kept = grants::get(&store, id).await.expect("read").expect("on record");
        assert!(kept.is_live(instant(59)) && !kept.is_live(instant(60)), "{}", store.name);
        let unknown = Id::new(&ctx());
        let refused = store.tx(|tx| Box::pin(grants::suspend(tx, unknown, true))).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let any = Grant { resource: RESOURCE_ANY.into(), ..rich_grant(Grantee::Public) };
        let refused = store.tx(|tx| Box::pin(grants::put(tx, &any))).await;
        assert_eq!(refused.expect_err("too wide").code(), "gate-grant-any");
    }
}

#[test]
fn a_grant_serves_its_grantee_for_its_purpose_alone() {
    let account =
        Account { id: Id::new(&ctx()), name: "li".into(), department: Some("d1".into()), roles: vec![Role::Clerk] };
    let actor = Actor::Account(account.clone());
    let (why, other) = (Why::purpose("relief"), Why::purpose("tax"));
    let serving =
        [Grantee::Public, Grantee::Account(account.id), Grantee::Department("d1".into()), Grantee::Role(Role::Clerk)];
    for grantee in serving {
        assert!(rich_grant(grantee.clone()).serves(&actor, &why), "{grantee:?}");
        assert!(!rich_grant(grantee).serves(&actor, &other));
    }
    for grantee in [Grantee::Department("d2".into()), Grantee::Role(Role::Chief), Grantee::Operator] {
        assert!(!rich_grant(grantee.clone()).serves(&actor, &why), "{grantee:?}");
    }
    assert!(!rich_grant(Grantee::Operator).serves(&Actor::Stranger, &why));
}

#[test]
fn a_cell_is_shown_covered_or_absent() {
    let grant = rich_grant(Grantee::Public);
    assert_eq!(grant.cell("name"), Cell::Shown);
    assert_eq!(grant.cell("phone"), Cell::Masked(Mask::Keep { first: 3, last: 2 }));
    assert_eq!(grant.cell("note"), Cell::Absent);
    assert_eq!(grant.cell("other"), Cell::Absent);
}

#[test]
fn a_load_with_bad_names_or_without_its_key_is_refused_naming_the_field() {
    let spec = |names: &[&str], mode, key: &[&str]| LoadSpec {
        resource: "people".into(),
        load: Id::new(&ctx()),
        mode,
        schema: Arc::new(Schema::new(
            names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>(),
        )),
        key: key.iter().map(|name| (*name).to_owned()).collect(),
        sortable: Vec::new(),
        subject: None,
        reason: "test".into(),
    };
    assert!(spec(&["code", "name_2"], Mode::Upsert, &["code"]).check().is_ok());
    let cases = [
        (spec(&["Code"], Mode::Append, &[]), "Code"),
        (spec(&["a", "a"], Mode::Append, &[]), "a"),
        (spec(&["a\"; drop"], Mode::Append, &[]), "a\"; drop"),
        (spec(&["a"], Mode::Append, &["b"]), "b"),
        (spec(&["a"], Mode::Upsert, &[]), "key"),
        (spec(&[], Mode::Append, &[]), "fields"),
    ];
    for (spec, at_fault) in cases {
        let refused = spec.check();
        assert!(matches!(&refused, Err(Error::Invalid { field, .. }) if field == at_fault), "{refused:?}");
    }
}

#[test]
fn a_page_has_limits() {
    let page = |rows| Query::Rows(RowsQuery { page: Page::Offset { offset: 0, rows }, ..RowsQuery::all("people") });
    assert!(page(0).check().is_err());
    assert!(page(10_000).check().is_ok());
    assert!(page(10_001).check().is_err());
}

//! What a reader may not see stays unseen, whatever is asked; what may be seen by nobody is refused with its reason.

use yiwang_gate::{
    Erasure, Fields, Filter, Grant, Grantee, Mask, Mode, Op, Query, RowRule, RowsQuery, Sort, SystemPurpose, Why,
    grants,
};
use yiwang_kernel::{Actor, Error, Id};

use super::world::{PURPOSE, RESOURCE, World, all, lines, page, people, worlds};

fn masked(world: &World, mask: Mask) -> Grant {
    Grant { masks: [("name".to_owned(), mask)].into(), ..world.whole_grant() }
}

#[tokio::test]
async fn a_masked_value_cannot_be_asked_out_by_any_question() {
    for world in worlds().await {
        world.grant(&masked(&world, Mask::Null)).await;
        world.load(Mode::Append, &people(0..10_040)).await;
        world.load(Mode::Append, &people(10_040..10_050)).await;
        let rows = world.rows(all()).await.expect("rows");
        assert!(rows.iter().all(|row| row[1] == "-"), "{}", world.store.name);
        let filters = [
            Filter::new("name", Op::Eq, "person 7"),
            Filter::new("name", Op::Contains, "person"),
            Filter::new("name", Op::Gt, "a"),
        ];
        for filter in filters {
            assert!(world.rows(RowsQuery { filters: vec![filter], ..all() }).await.expect("rows").is_empty());
        }
        let sorted = RowsQuery { sort: Some(Sort { field: "name".into(), descending: true }), ..page(0, 5) };
        let first: Vec<String> =
            world.rows(sorted).await.expect("a page").into_iter().map(|mut row| row.swap_remove(0)).collect();
        assert_eq!(first, ["c000000", "c000001", "c000002", "c000003", "c000004"], "the order tells nothing");
        let questions = [
            ("select count(*) from people where name like 'person%'", "0"),
            ("select count(*) from people where name = 'person 7' or 1 = 0", "0"),
            ("select count(distinct name) from people", "0"),
            ("select max(name) from people", "-"),
            ("select count(*) from people where coalesce(name, 'x') <> 'x'", "0"),
            (
                "select count(*) from (select 1 / (case when name = 'person 7' then 0 else 1 end) from people) t",
                "10050",
            ),
            ("select count(*) from people a join people b on a.name = b.name", "0"),
        ];
        for (text, expected) in questions {
            assert_eq!(world.sql(text).await.expect(text).concat(), [expected], "{text} {}", world.store.name);
        }
    }
}

#[tokio::test]
async fn masks_cover_as_they_say() {
    for world in worlds().await {
        world.load(Mode::Append, &people([3, 4, 1_003].into_iter())).await;
        let shown = |rows: Vec<Vec<String>>| rows.into_iter().map(|row| row[1].clone()).collect::<Vec<_>>();
        let grant = masked(&world, Mask::Keep { first: 2, last: 1 });
        world.grant(&grant).await;
        assert_eq!(shown(world.rows(all()).await.expect("rows")), ["pe******1", "pe******8", "pe******1"]);
        world.grant(&Grant { masks: [("name".to_owned(), Mask::Hash)].into(), ..grant.clone() }).await;
        let hashed = shown(world.rows(all()).await.expect("rows"));
        assert_eq!(hashed[0], hashed[2], "{}", world.store.name);
        assert_ne!(hashed[0], hashed[1]);
        assert!(hashed.iter().all(|text| text.len() == 32));
        world.grant(&Grant { masks: [("name".to_owned(), Mask::Drop)].into(), ..grant }).await;
        assert_eq!(world.rows(all()).await.expect("rows")[0], ["c000003", "3"]);
        let asked = RowsQuery { fields: vec!["name".into()], ..all() };
        let error = world.rows(asked).await.expect_err("not granted");
        assert_eq!((error.status(), error.code()), (403, "gate-field-not-granted"));
        assert!(error.detail().expect("a detail").args.contains(&("field", "name".to_owned())));
    }
}

#[tokio::test]
async fn several_grants_show_a_cell_where_one_of_them_holds() {
    for world in worlds().await {
        world.load(Mode::Append, &people(0..10)).await;
        let low = Grant {
            rows: Some(RowRule { all: vec![Filter::new("n", Op::Lt, "3")] }),
            fields: Fields::Listed(vec!["code".into(), "name".into()]),
            ..world.whole_grant()
        };
        let middle = Grant {
            rows: Some(RowRule { all: vec![Filter::new("n", Op::Ge, "2"), Filter::new("n", Op::Lt, "5")] }),
            fields: Fields::Listed(vec!["code".into(), "n".into()]),
            ..world.whole_grant()
        };
        world.grant(&low).await;
        world.grant(&middle).await;
        let rows = world.rows(all()).await.expect("rows");
        let expected = [
            ["c000000", "person 0", "-"],
            ["c000001", "person 7", "-"],
            ["c000002", "person 14", "2"],
            ["c000003", "-", "3"],
            ["c000004", "-", "4"],
        ];
        assert_eq!(rows, expected, "{}", world.store.name);
        assert_eq!(world.answer(page(0, 2)).await.expect("a page").total, Some(5));
        assert_eq!(world.sql("select count(*), count(n) from people").await.expect("counted"), [["5", "3"]]);
        let hidden = RowsQuery { filters: vec![Filter::new("n", Op::Eq, "1")], ..all() };
        assert!(world.rows(hidden).await.expect("rows").is_empty(), "a hidden cell answers no condition");
    }
}

#[tokio::test]
async fn a_column_without_grant_is_refused_by_the_name_the_reader_wrote() {
    for world in worlds().await {
        world.load(Mode::Append, &people(0..10)).await;
        let listed = Fields::Listed(vec!["code".into(), "n".into()]);
        world.grant(&Grant { fields: listed, ..world.whole_grant() }).await;
        let questions = [
            ("select code, Name from people", Some("Name")),
            ("select p.name from people p where n > 3", Some("name")),
            ("select code from people where \"no such\" = 'name'", Some("no such")),
            ("select code from people order by 职务", Some("职务")),
            ("select code from people where n = 1 group by name", Some("name")),
            ("select nothing.code from people", Some("code")),
        ];
        for (text, name) in questions {
            let error = world.sql(text).await.expect_err(text);
            assert_eq!((error.code(), error.status()), ("sql-name-unknown", 422), "{text}");
            let told = error.detail().expect("a detail");
            let said = told.args.iter().find(|(arg, _)| *arg == "name").map(|(_, name)| name.as_str());
            assert_eq!(said, name, "{text}");
            assert!(
                !format!("{error} {told:?}").contains("person"),
                "neither a value nor a name nobody wrote: {told:?}"
            );
        }
        let star = world.sql("select * from people where n = 0").await.expect("what is granted");
        assert_eq!(star, [["c000000", "0"]], "{}", world.store.name);
    }
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() {
    for world in worlds().await {
        world.load(Mode::Append, &people(0..10)).await;
        assert_eq!(world.rows(all()).await.expect_err("no grant").code(), "gate-grant-missing");
        let grant = world.whole_grant();
        world.grant(&Grant { suspended: true, ..grant.clone() }).await;
        assert_eq!(world.rows(all()).await.expect_err("set aside").code(), "gate-grant-suspended");
        world.grant(&Grant { until: Some(world.ctx.now()), ..grant }).await;
        assert_eq!(world.rows(all()).await.expect_err("ended").code(), "gate-grant-ended");
        let stranger = world.ctx.acting_as(Actor::Stranger);
        let read = world.gate.read(&stranger, &Why::public(), &Query::Rows(all())).await;
        assert!(matches!(read.err(), Some(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn open_data_is_not_personally_logged_and_goes_at_once_when_taken_down() {
    for world in worlds().await {
        world.load(Mode::Append, &people(0..10)).await;
        let public = Grant { grantee: Grantee::Public, purpose: "public".into(), ..world.whole_grant() };
        world.grant(&public).await;
        let stranger = world.ctx.acting_as(Actor::Stranger);
        let entries = world.ledger.status().entries;
        let answer = world.gate.read(&stranger, &Why::public(), &Query::Rows(all())).await.expect("open data");
        assert!(answer.receipt.is_none());
        assert_eq!(lines(answer).await.expect("rows").len(), 10);
        assert_eq!(world.ledger.status().entries, entries, "{}", world.store.name);
        world
            .store
            .tx(|tx| Box::pin(async move { grants::suspend_resource(tx, RESOURCE, &Grantee::Public, true).await }))
            .await
            .expect("taken down");
        let gone = world.gate.read(&stranger, &Why::public(), &Query::Rows(all())).await;
        assert_eq!(gone.err().map(|error| error.status()), Some(410));
    }
}

#[tokio::test]
async fn the_platforms_own_reading_is_entered_too() {
    for world in worlds().await {
        world.load(Mode::Append, &people(0..10)).await;
        let entries = world.ledger.status().entries;
        let answer = world.gate.derive(&world.ctx, SystemPurpose::Profile, &Query::Rows(all())).await.expect("derived");
        assert_eq!(lines(answer).await.expect("rows").len(), 10);
        assert_eq!(world.ledger.status().entries, entries + 1, "{}", world.store.name);
    }
}

#[tokio::test]
async fn whom_a_page_is_about_reaches_the_ledger_and_not_the_reader() {
    for world in worlds().await {
        world.grant(&masked(&world, Mask::Null)).await;
        let batch = people(0..30);
        let subject = yiwang_gate::SubjectField { field: "code".into(), kind: "test".into() };
        let spec = yiwang_gate::LoadSpec {
            subject: Some(subject),
            ..super::world::spec(Id::new(&world.ctx), Mode::Append, batch.schema())
        };
        let mut loading = world.gate.load(&world.ctx, spec).await.expect("begun");
        loading.write(batch).await.expect("written");
        let staged = loading.finish().await.expect("finished");
        let (gate, ctx, staged) = (&world.gate, &world.ctx, &staged);
        world.store.tx(|tx| Box::pin(async move { gate.publish(tx, ctx, staged).await })).await.expect("published");
        let fields = vec!["n".to_owned()];
        let answer = world.answer(RowsQuery { fields, ..page(0, 7) }).await.expect("a page");
        assert_eq!(answer.schema.fields().len(), 1);
        assert_eq!(lines(answer).await.expect("rows").len(), 7);
        assert_eq!(world.ledger.status().subjects, 7, "{}", world.store.name);
    }
}

#[tokio::test]
async fn an_erased_subject_is_gone_from_every_version_at_once() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_005)).await;
        world.load(Mode::Append, &people(10_005..10_010)).await;
        for value in ["c000003", "c010007"] {
            let erasure = Erasure {
                resource: RESOURCE.into(),
                field: "code".into(),
                value: value.into(),
                basis: "request".into(),
            };
            let (gate, ctx, erasure) = (&world.gate, &world.ctx, &erasure);
            world.store.tx(|tx| Box::pin(async move { gate.erase(tx, ctx, erasure).await })).await.expect("erased");
        }
        let first = RowsQuery { at: yiwang_gate::At::Version(1), fields: vec!["n".into()], ..all() };
        assert_eq!(world.count_of(first).await, 10_004, "{}", world.store.name);
        assert_eq!(world.answer(page(0, 5)).await.expect("a page").total, Some(10_008));
        assert_eq!(world.sql("select count(*) from people").await.expect("counted").concat(), ["10008"]);
        assert_eq!(world.rows(page(10_000, 20)).await.expect("a page").len(), 8);
        world.gate.compact(&world.ctx, RESOURCE).await.expect("rewritten");
        assert_eq!(world.answer(page(0, 5)).await.expect("a page").total, Some(10_008));
        let purpose = Why::purpose(PURPOSE);
        let sql = Query::Sql(yiwang_gate::SqlQuery { text: "select code from people".into(), rows_max: Some(5) });
        let answer = world.gate.read(&world.ctx, &purpose, &sql).await.expect("cut");
        assert_eq!(lines(answer).await.expect("rows").len(), 5);
    }
}

#[tokio::test]
async fn what_a_plan_knows_beforehand_passes_no_mask_and_no_row_rule() {
    let sql = "select count(*), count(n), min(n), max(n) from people";
    for world in worlds().await {
        world.grant(&Grant { masks: [("n".to_owned(), Mask::Null)].into(), ..world.whole_grant() }).await;
        world.load(Mode::Append, &people(0..10_100)).await;
        assert_eq!(world.sql(sql).await.expect("counted"), [["10100", "0", "-", "-"].map(str::to_owned)]);
    }
    for world in worlds().await {
        let some = RowRule { all: vec![Filter::new("n", Op::Lt, "100")] };
        world.grant(&Grant { rows: Some(some), ..world.whole_grant() }).await;
        world.load(Mode::Append, &people(0..10_100)).await;
        assert_eq!(world.sql(sql).await.expect("counted"), [["90", "90", "0", "98"].map(str::to_owned)]);
    }
}

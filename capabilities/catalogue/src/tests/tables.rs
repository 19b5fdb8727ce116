//! The catalogue as a table: CAT-01's import clauses, on both databases.

use std::fmt::Write;

use super::city::{City, cities};
use crate::model::{Imported, Sharing, State, read_table};
use crate::ops::{self, Find};
use crate::store::BatchState;

/// Departments of the guide: C001 to C084.
const DEPARTMENTS: usize = 84;
const HEAD: &str = "信息资源代码,信息资源名称,信息资源提供方代码,共享类型,采集责任人,传输责任人,存储责任人,使用责任人,开放责任人,\
信息项名称,数据类型\n";

/// A guide of 1,322 entries with 14,722 fields of 84 departments; each field's name is its own.
fn guide() -> Vec<Imported> {
    let mut table = HEAD.to_owned();
    for entry in 0..1_322usize {
        let department = entry % DEPARTMENTS + 1;
        let fields = if entry < 180 { 12 } else { 11 };
        for field in 0..fields {
            let (thing, part) = (word(entry), word(7_000 + entry * 13 + field));
            writeln!(
                table,
                "3{department:05}/{entry:06},{thing}登记信息{entry},C{department:03},,张三,李四,王五,赵六,孙七,\
                {part}{entry}之{field},C"
            )
            .expect("written");
        }
    }
    let (entries, faults) = read_table(table.as_bytes()).expect("a table");
    assert!(faults.is_empty(), "{:?}", faults.first());
    entries
}

/// A two-character word that stands for a number.
fn word(number: usize) -> String {
    let chars: Vec<char> = "水电路桥灯树车船房地山河湖海风雨雪云花草虫鱼鸟兽金木火土石玉".chars().collect();
    [chars[number % chars.len()], chars[number / chars.len() % chars.len()]].iter().collect()
}

async fn first_five(city: &City, text: &str) -> Vec<String> {
    let find = Find { text: text.into(), page: 1, rows: 5, ..Find::default() };
    let found = ops::find(&city.platform, &city.stranger(), &find).await.expect("searched");
    found.rows.into_iter().map(|row| row.entry.code).collect()
}

#[tokio::test]
async fn the_whole_guide_loads_and_each_item_leads_to_its_entry() {
    let guide = guide();
    let codes: Vec<String> = guide.iter().map(|entry| entry.code.clone()).collect();
    for city in cities().await {
        city.departments(6..=DEPARTMENTS).await;
        ops::import_guide(&city.platform, &city.system(), &guide).await.expect("imported");
        assert_eq!(ops::publish_many(&city.platform, &city.system(), &codes).await.expect("published"), 1_322);
        let numbers = ops::numbers(&city.platform).await.expect("numbers");
        assert_eq!((numbers.entries, numbers.fields, numbers.departments), (1_322, 14_722, 84), "{}", city.name);
        for entry in guide.iter().step_by(60) {
            let field = entry.content.fields.last().expect("a field");
            let found = first_five(&city, &field.title.zh).await;
            assert!(found.contains(&entry.code), "{} -> {found:?}", field.title.zh);
        }
        let entry = ops::entry(&city.platform, &city.stranger(), &codes[0]).await.expect("public");
        assert_eq!((entry.content.sharing, entry.state), (Sharing::Unconditional, State::Published));
    }
}

#[tokio::test]
async fn a_dry_run_names_row_and_field_and_changes_nothing() {
    let table = format!(
        "{HEAD}300002/000001,停车场,C002,,,,,,,名称,C\n\
        300002/000002,路灯,,,,,,,,名称,C\n\
        300002/000001,又一个,C002,,,,,,,名称,C\n\
        300002/000003,井盖,C999,,,,,,,名称,C\n\
        300003/000001,桥梁,C003,,,,,,,名称,C\n"
    );
    for city in cities().await {
        let checked =
            ops::check_table(&city.platform, &city.steward("C002"), table.as_bytes(), false).await.expect("read");
        let faults: Vec<(u64, &str)> = checked.faults.iter().map(|fault| (fault.row, fault.field.as_str())).collect();
        assert_eq!(faults, [(3, "provider"), (4, "code"), (5, "provider"), (6, "provider")], "{}", city.name);
        assert_eq!(checked.batch, None);
        assert_eq!(ops::numbers(&city.platform).await.expect("numbers").entries, 0);
    }
}

#[tokio::test]
async fn a_batch_is_applied_once_and_undone_as_a_whole() {
    let table = format!(
        "{HEAD}300002/000001,停车场,C002,,甲,乙,丙,丁,戊,名称,C\n300002/000002,路灯,C002,有条件共享,,,,,,名称,C\n"
    );
    for city in cities().await {
        let (platform, steward) = (&city.platform, city.steward("C002"));
        let checked = ops::check_table(platform, &steward, table.as_bytes(), false).await.expect("read");
        let batch = checked.batch.expect("no faults");
        assert_eq!((checked.new, checked.changed, checked.fields), (2, 0, 2));
        assert_eq!(ops::apply(platform, &city.steward("C003"), batch).await.expect_err("another's").status(), 403);
        ops::apply(platform, &steward, batch).await.expect("applied");
        assert_eq!(ops::apply(platform, &steward, batch).await.expect_err("twice").status(), 409);
        let again = ops::check_table(platform, &steward, table.as_bytes(), false).await.expect("read");
        assert!(again.faults.iter().all(|fault| fault.field == "code") && again.faults.len() == 2);

        let exported = ops::export_table(platform, &steward, Some("C002")).await.expect("exported");
        let (entries, faults) = read_table(&exported).expect("its own table");
        assert_eq!((entries.len(), faults.len()), (2, 0), "{}", city.name);
        assert_eq!(entries[1].content.sharing, Sharing::Conditional);

        let changed = exported_with(&exported, "停车场", "公共停车场");
        let update = ops::check_table(platform, &steward, &changed, true).await.expect("read");
        let second = update.batch.expect("no faults");
        ops::apply(platform, &steward, second).await.expect("applied");
        let title = |entry: crate::model::Entry| entry.content.title.zh;
        let entry = ops::entry(platform, &steward, "300002-000001").await.expect("there");
        assert_eq!(title(entry), "公共停车场");
        assert_eq!(ops::undo(platform, &steward, batch).await.expect_err("changed since").status(), 409);
        ops::undo(platform, &steward, second).await.expect("undone");
        let entry = ops::entry(platform, &steward, "300002-000001").await.expect("there");
        assert_eq!(title(entry), "停车场");
        let states: Vec<BatchState> =
            ops::import_batches(platform, &steward).await.expect("a list").iter().map(|batch| batch.state).collect();
        assert!(states.contains(&BatchState::Undone));
    }
}

#[tokio::test]
async fn what_an_undone_batch_made_is_gone_and_may_come_again() {
    let table = format!("{HEAD}300002/000001,停车场,C002,,甲,乙,丙,丁,戊,名称,C\n");
    for city in cities().await {
        let (platform, steward) = (&city.platform, city.steward("C002"));
        for round in 0..2 {
            let checked = ops::check_table(platform, &steward, table.as_bytes(), false).await.expect("read");
            let batch = checked.batch.unwrap_or_else(|| panic!("round {round}: {:?}", checked.faults));
            ops::apply(platform, &steward, batch).await.expect("applied");
            let find = Find { text: "停车".into(), page: 1, rows: 5, ..Find::default() };
            assert_eq!(ops::find(platform, &steward, &find).await.expect("found").total, 1, "{} {round}", city.name);
            ops::undo(platform, &steward, batch).await.expect("undone");
            assert_eq!(ops::find(platform, &steward, &find).await.expect("found").total, 0);
            assert_eq!(ops::entry(platform, &steward, "300002-000001").await.expect_err("gone").status(), 404);
        }
    }
}

fn exported_with(table: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(table).replace(from, to).into_bytes()
}

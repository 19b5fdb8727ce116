//! The rules of one entry, without any store.

use yiwang_kernel::{CivilDate, Error, Instant, Text};

use crate::model::{
    Attached, Attachment, Code, Content, Cycle, Duties, Entry, Field, Integrated, Sharing, State, Timeliness,
    differences, draft_name, drafted_classification, read_table, write_table,
};

fn now() -> Instant {
    CivilDate::new(2026, 11, 21).expect("a day").start()
}

fn content() -> Content {
    let mut content = Content::new(Text::new("停车场", "Parking lots"), "C001");
    content.duties = Duties::all("张三 数据科");
    content.fields = vec![Field::new("mc", Text::new("名称", "Name"))];
    content
}

fn draft() -> Entry {
    let code: Code = "306001/000001".parse().expect("a code");
    Entry::draft(code, content(), "account:a", now())
}

fn field_of(error: &Error) -> &str {
    match error {
        Error::Invalid { field, .. } => field,
        other => other.code(),
    }
}

#[test]
fn an_entry_goes_from_draft_to_published_by_two_people() {
    let mut entry = draft();
    entry.submit("account:a").expect("complete");
    assert_eq!(entry.approve("account:a", now()).expect_err("own work").code(), "catalogue-own-review");
    entry.approve("account:b", now()).expect("another's work");
    assert_eq!((entry.state, entry.published, entry.is_public()), (State::Published, true, true));
}

#[test]
fn publication_names_the_step_nobody_answers_for() {
    for (step, forget) in [
        ("collect", (|duties: &mut Duties| duties.collect.clear()) as fn(&mut Duties)),
        ("transfer", |duties| duties.transfer.clear()),
        ("store", |duties| duties.store.clear()),
        ("use", |duties| duties.r#use.clear()),
        ("open", |duties| duties.open = "  ".into()),
    ] {
        let mut entry = draft();
        forget(&mut entry.content.duties);
        let error = entry.submit("account:a").expect_err("a step without a name");
        assert_eq!(field_of(&error), format!("duty_{step}"));
        assert_eq!(entry.state, State::Draft);
    }
}

#[test]
fn a_published_entry_keeps_its_wording_until_the_next_is_approved() {
    let mut entry = draft();
    entry.submit("account:a").expect("complete");
    entry.approve("account:b", now()).expect("approved");
    let mut next = content();
    next.title.zh = "市属停车场".into();
    entry.reword(next, "account:a").expect("reworded");
    assert_eq!((entry.state, entry.content.title.zh.as_str()), (State::Changing, "停车场"));
    entry.submit("account:a").expect("complete");
    assert!(entry.is_public());
    entry.send_back("account:b", "名称太长").expect("sent back");
    assert_eq!((entry.state, entry.returned.as_str()), (State::Returned, "名称太长"));
    entry.submit("account:a").expect("complete");
    entry.approve("account:b", now()).expect("approved");
    assert_eq!((entry.state, entry.content.title.zh.as_str()), (State::Published, "市属停车场"));
}

#[test]
fn a_field_name_is_fixed_for_life() {
    let mut entry = draft();
    entry.submit("account:a").expect("complete");
    entry.approve("account:b", now()).expect("approved");
    let mut next = content();
    next.fields = vec![Field::new("mingcheng", Text::new("名称", ""))];
    assert_eq!(field_of(&entry.reword(next, "account:a").expect_err("renamed")), "mc");
    let mut next = content();
    next.fields[0].title.zh = "停车场名称".into();
    next.fields.push(Field::new("dz", Text::new("地址", "")));
    entry.reword(next, "account:a").expect("titles change, fields are added");
}

#[test]
fn a_retired_entry_comes_back_as_it_was() {
    let mut entry = draft();
    assert!(entry.retire().is_err());
    entry.submit("account:a").expect("complete");
    entry.approve("account:b", now()).expect("approved");
    entry.retire().expect("retired");
    assert!(!entry.is_public());
    assert!(entry.reword(content(), "account:a").is_err());
    entry.revive().expect("revived");
    assert_eq!((entry.state, entry.is_public()), (State::Published, true));
}

#[test]
fn shareable_is_the_default_and_ungraded_counts_as_three() {
    let entry = draft();
    assert_eq!(entry.content.sharing, Sharing::Unconditional);
    assert_eq!((entry.content.grade, entry.grade().value()), (None, 3));
}

#[test]
fn a_promised_cycle_is_kept_or_late_by_days() {
    let mut entry = draft();
    assert_eq!(entry.timeliness(now()), Timeliness::NoData);
    let loaded = |days: i64| Some(Attached { version: 1, rows: 1, at: now().plus_s(-days * 86_400).micros() });
    for (cycle, days, expected) in [
        (Cycle::Monthly, 35, Timeliness::Kept),
        (Cycle::Monthly, 36, Timeliness::Late { days: 1 }),
        (Cycle::Daily, 12, Timeliness::Late { days: 10 }),
        (Cycle::Irregular, 5_000, Timeliness::Unpromised),
    ] {
        entry.content.cycle = cycle;
        entry.attached = loaded(days);
        assert_eq!(entry.timeliness(now()), expected, "{cycle:?} after {days} days");
    }
    entry.content.cycle = Cycle::Daily;
    for (days, expected) in [(1, Attachment::Attached), (4, Attachment::Attached), (5, Attachment::Stalled)] {
        entry.attached = loaded(days);
        assert_eq!(entry.attachment(now()), expected, "{days}");
    }
}

#[test]
fn a_code_is_read_in_both_ways_of_writing() {
    for text in ["306001/000001", "306001-000001", " 306001/000001 "] {
        assert_eq!(text.parse::<Code>().expect("a code").to_string(), "306001-000001");
    }
    for text in ["", "停车", "306001", "906001/1", "306001/0/1"] {
        assert_eq!(field_of(&text.parse::<Code>().expect_err("no code")), "code", "{text}");
    }
    assert_eq!(drafted_classification("C15"), "300015");
    assert_eq!(drafted_classification("114499010012345678"), "345678");
}

#[test]
fn a_field_name_is_drafted_from_its_title() {
    let taken = |name: &str| name == "mingcheng";
    assert_eq!(draft_name("停车场", &taken), "tingchechang");
    assert_eq!(draft_name("名称", &taken), "mingcheng_2");
    assert_eq!(draft_name("Parking Lot (No.)", &taken), "parking_lot_no");
    assert_eq!(draft_name("2020年", &taken), "f_2020nian");
    assert_eq!(draft_name("★", &taken), "f");
    assert_eq!(draft_name("绿化", &taken), "lvhua");
    assert!(yiwang_gate::is_name(&draft_name(&"中".repeat(100), &taken)));
}

#[test]
fn a_table_is_read_with_a_fault_per_bad_row() {
    let table = "信息资源代码,信息资源名称,信息资源提供方代码,共享类型,不予共享依据,信息项名称,数据类型\n\
        306001/000001,停车场,C001,,,名称,C\n\
        306001/000001,停车场,C001,,,车位数,N\n\
        ,,,,,地址,\n\
        306001/000002,路灯,,,,编号,\n\
        306001/000001,又一个停车场,C001,,,编号,\n\
        306001/000003,案件,C002,不予共享,,案号,\n\
        306001/000004,线索,C002,不予共享,《某法》第一条,编号,\n\
        什么,名称,C002,,,编号,\n\
        306001/000005,井盖,C001,想共享,,编号,\n";
    let (entries, faults) = read_table(table.as_bytes()).expect("a table");
    let found: Vec<(u64, &str, &str)> =
        faults.iter().map(|fault| (fault.row, fault.field.as_str(), fault.error.code())).collect();
    assert_eq!(
        found,
        [
            (5, "provider", "catalogue-provider-missing"),
            (6, "code", "catalogue-code-twice"),
            (7, "basis", "catalogue-basis-missing"),
            (9, "code", "catalogue-code-format"),
            (10, "sharing", "catalogue-word"),
        ]
    );
    let names: Vec<&str> = entries[0].content.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["mingcheng", "cheweishu", "dizhi"]);
    assert_eq!(entries[0].content.fields[1].r#type, "decimal");
    assert_eq!(entries[0].content.sharing, Sharing::Unconditional);
    assert_eq!(entries[1].basis.as_ref().map(|(basis, _)| basis.as_str()), Some("《某法》第一条"));
}

#[test]
fn a_written_table_reads_back_the_same() {
    let table = "code,title,provider,summary,field,field_title,field_key\n\
        306001/000001,=危险,C001,\"多行\n摘要\",mc,名称,是\n";
    let (entries, faults) = read_table(table.as_bytes()).expect("a table");
    assert!(faults.is_empty());
    let written = write_table(&entries).expect("written");
    assert!(String::from_utf8_lossy(&written).contains("'=危险"));
    let (again, faults) = read_table(&written).expect("its own table");
    assert!(faults.is_empty());
    assert_eq!(again, entries);
}

#[test]
fn a_table_in_gb18030_or_without_its_columns() {
    let (bytes, _, _) =
        encoding_rs::GB18030.encode("信息资源代码,信息资源名称,信息资源提供方代码\n306001/1,停车场,C001\n");
    let (entries, _) = read_table(&bytes).expect("a table");
    assert_eq!(entries[0].content.title.zh, "停车场");
    assert_eq!(field_of(&read_table(b"code,title\n1,2\n").expect_err("no provider column")), "provider");
}

#[test]
fn a_workbook_is_a_table_like_its_csv() {
    let text = "信息资源代码,信息资源名称,信息资源提供方代码,信息项名称\n306001/1,停车场,C001,名称\n,,,车位\n";
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(text.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            sheet.write(row, column, cell).expect("written");
        }
    }
    let (written, faults) = read_table(&book.save_to_buffer().expect("a workbook")).expect("a table");
    assert!(faults.is_empty(), "{:?}", faults.first());
    assert_eq!(written[0].content.fields.len(), 2);
    assert_eq!(written, read_table(text.as_bytes()).expect("a table").0);
}

#[test]
fn a_share_reaches_a_target_by_entries_and_never_by_rounding() {
    let share = |attached: u64, entries: u64| Integrated { entries, attached };
    assert_eq!((share(2, 3).permille(), share(0, 0).permille()), (666, 0));
    assert!(share(4, 5).reaches(80) && !share(799_999, 1_000_000).reaches(80));
    assert!(share(0, 7).reaches(0) && !share(0, 0).reaches(0), "nothing published reaches nothing");
    assert_eq!(share(1, 2) + share(2, 2), share(3, 4));
}

#[test]
fn a_diff_names_what_changed_and_nothing_else() {
    let before = draft();
    let mut after = before.clone();
    after.content.title.zh = "市属停车场".into();
    after.content.fields[0].personal = true;
    after.revision = 9;
    let json = |entry: &Entry| serde_json::to_value(entry).expect("JSON");
    let found = differences(Some(&json(&before)), &json(&after));
    let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!(paths, ["content.fields.mc.personal", "content.title.zh"]);
    assert_eq!((found[1].before.as_str(), found[1].after.as_str()), ("停车场", "市属停车场"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_a_table(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let mut table = b"code,title,provider,field_title\n".to_vec();
        table.extend(bytes);
        let _ = read_table(&table);
    }

    #[test]
    fn every_drafted_name_is_a_name(title in ".{0,80}") {
        proptest::prop_assert!(yiwang_gate::is_name(&draft_name(&title, &|_| false)));
    }
}

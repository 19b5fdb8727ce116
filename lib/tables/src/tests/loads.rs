//! Whole loads: chunks, threads, widening, refusals, limits, profiles.

use std::io::{Cursor, Read};

use proptest::prelude::*;
use yiwang_codes::{Kind, citizen, credit};

use super::{cells, table, types};
use crate::{Error, Limits, Piece, Reason, Rows, Table, collect, parse_rows, plan_rows, run};

fn in_chunks(text: &str, chunk_bytes: usize) -> Table {
    collect(text.as_bytes(), None, Limits { chunk_bytes, ..Limits::default() }).unwrap()
}

#[test]
fn a_late_text_widens_the_column_and_loses_nothing() {
    let mut text = String::from("n,d,x\n");
    for row in 1..=100_000 {
        text += &format!("{row},2026-01-{:02},{row}.5\n", row % 28 + 1);
    }
    text += "一百,暂缺,0.125\n";
    let given = in_chunks(&text, 200_000);
    assert_eq!(types(&given), ["text", "text", "decimal(18,3)"]);
    assert_eq!(given.outcome.rows, 100_001);
    assert!(given.outcome.again > 2 && given.outcome.again < given.outcome.pieces);
    let rows = cells(&given);
    assert_eq!(rows[0], ["1", "2026-01-02", "1.500"]);
    assert_eq!(rows[100_000], ["一百", "暂缺", "0.125"]);
    let schemas: Vec<_> = given.batches.iter().map(|batch| batch.schema()).collect();
    assert!(schemas.windows(2).all(|pair| pair[0] == pair[1]));
    let profile = &given.columns()[0].profile;
    assert_eq!((profile.least.as_deref(), profile.greatest.as_deref()), (Some("1"), Some("一百")));
    assert_eq!(given.columns()[2].profile.greatest.as_deref(), Some("100000.5"));
}

#[test]
fn usual_files_are_parsed_once() {
    let mut text = String::from("id,name,amount\n");
    for row in 0..50_000 {
        text += &format!("{row},name {row},{}.25\n", row % 1_000);
    }
    let given = in_chunks(&text, 50_000);
    assert_eq!((given.outcome.again, given.outcome.rows), (0, 50_000));
    assert!(given.outcome.pieces > 10);
}

#[test]
fn threads_deliver_the_same_pieces_in_order() {
    let text: String = (0..40_000).map(|row| format!("{row},\"line\none {}\"\n", row % 7)).collect();
    let text = format!("id,note\n{text}");
    let limits = Limits { chunk_bytes: 30_000, ..Limits::default() };
    let load = |threads: usize| {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut open = || Ok(Box::new(Cursor::new(text.clone().into_bytes())) as Box<dyn Read + Send>);
        let outcome = run(&mut open, None, limits, threads, &mut |piece| {
            pieces.push(piece);
            Ok(())
        });
        (pieces, outcome.unwrap())
    };
    let ((one, first), (two, second)) = (load(1), load(2));
    assert_eq!(one.iter().map(|piece| piece.index).collect::<Vec<_>>(), (0..one.len() as u64).collect::<Vec<_>>());
    assert!(one.iter().map(|piece| &piece.batch).eq(two.iter().map(|piece| &piece.batch)));
    assert_eq!((first.rows, first.columns), (second.rows, second.columns));
}

#[test]
fn ragged_rows_are_refused_with_their_lines() {
    let text = "a,b,c\n1,2,3\n4,5\n\"6\n6\",7,8\n9,10,11,12\n\n13,14,15\n1";
    for chunk_bytes in [4, 9, 1000] {
        let given = in_chunks(text, chunk_bytes);
        let refused: Vec<_> =
            given.refusals.iter().map(|refusal| (refusal.line, refusal.reason, refusal.cells)).collect();
        assert_eq!(refused, [(3, Reason::Ragged, 2), (6, Reason::Ragged, 4), (9, Reason::Ragged, 1)]);
        assert_eq!(given.refusals[1].text, "9,10,11,12");
        assert_eq!((given.outcome.rows, given.outcome.refused_count()), (3, 3));
    }
}

#[test]
fn a_quote_left_open_costs_its_line_alone() {
    let mut text = String::from("a,b\n");
    text += &"x,\"y\"\n".repeat(50);
    text += "x,\"open\n";
    text += &"z,w\n".repeat(50);
    let given = table(&text);
    assert_eq!(given.outcome.refused, [(Reason::OpenQuote, 1)]);
    assert_eq!(given.refusals[0].line, 52);
    assert_eq!(given.outcome.rows, 100);
    let limits = Limits { record_bytes_max: 64, chunk_bytes: 32, ..Limits::default() };
    let bounded = collect(text.as_bytes(), None, limits).unwrap();
    assert_eq!((bounded.outcome.rows, bounded.outcome.refused_count()), (100, 1));
}

#[test]
fn limits_hold() {
    let wide = vec!["a"; 2_001].join(",");
    assert!(matches!(collect(wide.as_bytes(), None, Limits::default()), Err(Error::TooWide { given: 2_001, .. })));
    let full: Vec<String> = (0..2_000).map(|column| format!("c{column}")).collect();
    let values = vec!["1"; 2_000].join(",");
    let given = table(&format!("{}\n{values}\n{values}\n", full.join(",")));
    assert_eq!((given.columns().len(), given.outcome.rows), (2_000, 2));
    let limits = Limits { cell_bytes_max: 10, ..Limits::default() };
    let long = collect(b"a,b\n1,2\n3,elevenbytes\n4,tenbytes10\n", None, limits).unwrap();
    assert_eq!((long.outcome.rows, long.outcome.refused), (2, vec![(Reason::CellTooLong, 1)]));
}

#[test]
fn identifiers_are_recognised_and_persons_kept_out_of_the_profile() {
    let mut text = String::from("证件,单位代码,手机号码,地区,备注\n");
    for row in 0..300 {
        let (person, firm) = (citizen::synthetic(row), credit::synthetic(row));
        text += &format!("{person},{firm},138{row:08},44010{},note {}\n", row % 3 + 3, row % 4);
    }
    let given = in_chunks(&text, 4_000);
    let kinds: Vec<_> = given.columns().iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [Some(Kind::Citizen), Some(Kind::Credit), Some(Kind::Mobile), Some(Kind::Region), None]);
    let personal: Vec<_> = given.columns().iter().map(|column| column.personal).collect();
    assert_eq!(personal, [true, false, true, false, false]);
    assert!(types(&given).iter().all(|word| word == "text"));
    for column in given.columns().iter().filter(|column| column.personal) {
        let profile = &column.profile;
        assert!(profile.top.is_empty() && profile.least.is_none() && profile.greatest.is_none());
        assert!(
            profile.patterns.iter().all(|pattern| !pattern.value.contains(|sign: char| ('0'..='8').contains(&sign)))
        );
        assert!(!profile.patterns.is_empty());
    }
    let note = &given.columns()[4].profile;
    assert_eq!(note.top.len(), 4);
    assert_eq!(note.top.iter().map(|top| top.count).sum::<u64>(), 300);
}

#[test]
fn a_personal_header_keeps_values_out_as_well() {
    let given = table("姓名,金额\n张三,1\n李四,2\n");
    assert!(given.columns()[0].personal && given.columns()[0].profile.top.is_empty());
    assert_eq!(given.columns()[0].profile.patterns[0].value, "字字");
}

#[test]
fn profiles_count_and_estimate() {
    let text: String =
        (0..60_000).map(|row| format!("{row},{},{}\n", row % 5, if row % 3 == 0 { "" } else { "v" })).collect();
    let given = in_chunks(&format!("id,group,gap\n{text}"), 100_000);
    let [id, group, gap] = &given.columns() else { panic!("three columns") };
    assert!((57_000..=60_000).contains(&id.profile.distinct_about), "{}", id.profile.distinct_about);
    assert_eq!((id.profile.least.as_deref(), id.profile.greatest.as_deref()), (Some("0"), Some("59999")));
    assert_eq!(group.profile.distinct_about, 5);
    assert!(group.profile.top.iter().all(|top| top.count == 12_000) && !group.profile.top_about);
    assert_eq!((gap.profile.rows, gap.profile.nulls), (60_000, 20_000));
    assert_eq!((id.profile.bytes_min, id.profile.bytes_max), (1, 5));
}

#[test]
fn rows_of_other_sources_get_the_same_types() {
    let plan = plan_rows(vec!["编号".into(), "金额".into(), "日期".into()], Limits::default()).unwrap();
    let row = |cells: [Option<&str>; 3]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
    let rows =
        vec![row([Some("001"), Some("1.5"), Some("2026-11-21")]), row([Some("002"), None, Some("")]), vec![None]];
    let parsed = parse_rows(&Rows { index: 0, first_row: 2, rows }, &plan, &[]).unwrap();
    assert_eq!(parsed.types.iter().map(|given| given.word()).collect::<Vec<_>>(), ["text", "decimal(18,1)", "date"]);
    assert_eq!(super::rows(&parsed.batch), [["001", "1.5", "2026-11-21"], ["002", "∅", "∅"]]);
    assert_eq!((parsed.refusals[0].line, parsed.refusals[0].reason), (4, Reason::Ragged));
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}",
        "[0-9]\\.[0-9]{1,3}",
        Just(String::new()),
        "\"([a,\n中]|\"\"){0,6}\"",
        "[a-z\u{4e2d}][a-z\" ]{0,5}",
    ]
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_table(
        rows in prop::collection::vec((cell(), cell(), cell()), 0..40),
        chunk_bytes in 1..200usize,
    ) {
        let body: String = rows.iter().map(|(a, b, c)| format!("k,{a},{b},{c}\n")).collect();
        let text = format!("key,first,second,third\n{body}");
        let plan = crate::Plan::with_dialect(crate::Dialect::plain(), text.as_bytes(), Limits::default()).unwrap();
        let cut = crate::Plan { limits: Limits { chunk_bytes, ..Limits::default() }, ..plan.clone() };
        let whole = collect(text.as_bytes(), Some(plan), Limits::default()).unwrap();
        let pieces = collect(text.as_bytes(), Some(cut), Limits::default()).unwrap();
        prop_assert_eq!(types(&whole), types(&pieces));
        prop_assert_eq!(cells(&whole), cells(&pieces));
        prop_assert_eq!(&whole.refusals, &pieces.refusals);
        prop_assert_eq!(whole.outcome.rows, rows.len() as u64);
    }
}

//! Encodings, delimiters, quotes, headers.

use proptest::prelude::*;

use super::{cells, table, types};
use crate::{Dialect, Encoding, HeaderReason, Limits, collect};

const TEXT: &str = "编号,名称,金额\n1,广州市规划和自然资源局,10.50\n2,东莞市住房和城乡建设局,20\n";

fn read(bytes: &[u8]) -> (Encoding, Vec<Vec<String>>) {
    let table = collect(bytes, None, Limits::default()).unwrap();
    (table.outcome.plan.dialect.encoding, cells(&table))
}

#[test]
fn encodings_are_recognised() {
    let expected = [["1", "广州市规划和自然资源局", "10.50"], ["2", "东莞市住房和城乡建设局", "20.00"]];
    assert_eq!(read(TEXT.as_bytes()).1, expected);
    assert_eq!(read(format!("\u{feff}{TEXT}").as_bytes()).1, expected);
    let (encoding, rows) = read(&encoding_rs::GB18030.encode(TEXT).0);
    assert_eq!((encoding.name(), rows), ("gb18030", expected.map(|row| row.map(str::to_owned).to_vec()).to_vec()));
    for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let text = if mark { format!("\u{feff}{TEXT}") } else { TEXT.to_owned() };
        let units = text.encode_utf16().map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        assert_eq!(read(&units.flatten().collect::<Vec<u8>>()).1, expected, "mark {mark} little {little}");
    }
    let traditional = "編號,名稱\n1,臺北市政府環境保護局的資料\n2,這個學校沒有開放時間\n".repeat(8);
    let big5 = encoding_rs::BIG5.encode(&traditional).0;
    assert_eq!(read(&big5).0.name(), "Big5");
}

#[test]
fn names_of_unknown_encoding_are_read() {
    assert_eq!(crate::text_of("企业名单.csv".as_bytes()), "企业名单.csv");
    assert_eq!(crate::text_of(&encoding_rs::GB18030.encode("企业名单.csv").0), "企业名单.csv");
}

#[test]
fn an_encoding_is_decided_where_the_first_other_character_stands() {
    let mut text = b"a,b\n".to_vec();
    text.extend(b"plain,1\n".repeat(200_000));
    text.extend_from_slice(&encoding_rs::GB18030.encode("规划和自然资源局的通知,2\n").0);
    let (encoding, rows) = read(&text);
    assert_eq!(encoding.name(), "gb18030");
    assert_eq!(rows.last().unwrap()[0], "规划和自然资源局的通知");
}

#[test]
fn rows_that_cannot_be_decoded_are_refused_alone() {
    let mut text = TEXT.repeat(40).into_bytes();
    text.extend_from_slice(b"3,bad \xff\xfe,1\n4,good,2\n");
    let table = collect(&text, None, Limits::default()).unwrap();
    assert_eq!(table.outcome.refused, [(crate::Reason::Undecodable, 1)]);
    assert_eq!(table.refusals[0].line, 121);
    assert_eq!(cells(&table).last().unwrap()[1], "good");
}

#[test]
fn delimiters_and_quotes_are_recognised() {
    for delimiter in [",", ";", "\t", "|"] {
        let given = table(&format!("id{delimiter}name\n1{delimiter}\"a, b; c\td|e\"\n2{delimiter}f\n"));
        assert_eq!(cells(&given), [["1", "a, b; c\td|e"], ["2", "f"]], "{delimiter:?}");
    }
    let inches = table("size\tname\n5\" tall\tx\n\"6\ty\n7\tz\n");
    assert_eq!(cells(&inches), [["5\" tall", "x"], ["\"6", "y"], ["7", "z"]]);
    assert_eq!(cells(&table("a,b\r1,2\r3,4\r")), [["1", "2"], ["3", "4"]]);
    assert_eq!(cells(&table("a,b\r\n1,\"x\"\"y\"\"\r\nz\"\r\n")), [["1", "x\"y\"\r\nz"]]);
}

#[test]
fn headers_are_told_from_rows() {
    for (text, header, reason) in [
        ("", false, HeaderReason::Empty),
        ("1,2\n3,4\n", false, HeaderReason::ValueInFirst),
        ("id,name\n1,a\n2,b\n", true, HeaderReason::TypedBelow),
        ("id,name\n", true, HeaderReason::Unrepeated),
        ("name,place\nx,y\nz,y\n", true, HeaderReason::Unrepeated),
        ("x,y\nz,y\nz,w\n", false, HeaderReason::Repeated),
        ("地区,2019,2020\n广州,1,2\n深圳,3,4\n", true, HeaderReason::Unrepeated),
        ("广州公司\n深圳公司\n东莞公司\n", false, HeaderReason::OneColumnAlike),
        ("name\n深圳公司\n东莞公司\n", true, HeaderReason::Unrepeated),
    ] {
        let dialect = Dialect::sniff(text.as_bytes());
        assert_eq!((dialect.header, dialect.header_reason), (header, reason), "{text}");
    }
    let given = table("1,a\n2,b\n");
    assert_eq!(given.columns()[1].name, "column_2");
    assert_eq!(cells(&given).len(), 2);
}

#[test]
fn files_without_rows_are_tables_without_rows() {
    let empty = table("");
    assert_eq!((empty.columns().len(), empty.outcome.rows), (0, 0));
    assert_eq!(table("\n\n\r\n").outcome.rows, 0);
    let header = table("编号,名称");
    assert_eq!((header.columns().len(), header.outcome.rows), (2, 0));
    assert_eq!(types(&header), ["text", "text"]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        collect(&bytes, None, Limits::default()).unwrap();
    }

    #[test]
    fn no_text_of_marks_makes_the_reader_fail(text in "[a1\",\n\r;\u{4e2d} ]{0,200}") {
        let table = collect(text.as_bytes(), None, Limits { chunk_bytes: 16, ..Limits::default() }).unwrap();
        let rows: usize = table.batches.iter().map(|batch| batch.num_rows()).sum();
        prop_assert_eq!(rows as u64, table.outcome.rows);
    }
}

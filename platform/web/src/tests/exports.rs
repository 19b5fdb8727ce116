//! Exports, byte for byte, and opened by a reader that is not ours.

use std::io::Cursor;

use axum::body::{Body, to_bytes};
use calamine::{Data, Reader, Xlsx};
use futures::stream;
use yiwang_kernel::Error;

use crate::export::sheets;
use crate::{Datum, Export, Format, Rows, rows_of};

fn text(value: &str) -> Datum {
    Datum::Text(value.to_owned())
}

fn export(format: Format) -> Export {
    let columns = vec![("name".to_owned(), "名称".to_owned()), ("count".to_owned(), "数量".to_owned())];
    Export { format, file_name: "list".to_owned(), columns, titled: true }
}

async fn bytes(body: Body) -> Vec<u8> {
    to_bytes(body, usize::MAX).await.expect("a whole body").to_vec()
}

#[tokio::test]
async fn csv_keeps_values_byte_for_byte() {
    let rows = vec![
        vec![text("=1+1"), Datum::Int(-3)],
        vec![text("a,\"b\"\nc"), Datum::Null],
        vec![text("440301199001011234"), text("0.10")],
        vec![text(" 空格 "), Datum::Bool(true)],
    ];
    let body = bytes(export(Format::Csv).body(rows_of(rows))).await;
    let expected = "名称,数量\r\n=1+1,-3\r\n\"a,\"\"b\"\"\nc\",\r\n440301199001011234,0.10\r\n 空格 ,true\r\n";
    assert_eq!(String::from_utf8(body).expect("UTF-8"), expected);
}

#[tokio::test]
async fn csv_for_excel_runs_nothing_and_rounds_nothing() {
    let rows = vec![
        vec![text("=HYPERLINK(\"http://x\")"), Datum::Int(-3)],
        vec![text("-2.50"), text("@SUM(A1)")],
        vec![text("440301199001011234"), text("＋86 755")],
    ];
    let body = bytes(export(Format::CsvExcel).body(rows_of(rows))).await;
    let expected = [
        "\u{feff}名称,数量\r\n",
        "\"'=HYPERLINK(\"\"http://x\"\")\",-3\r\n",
        "-2.50,'@SUM(A1)\r\n",
        "\t440301199001011234,'＋86 755\r\n",
    ]
    .concat();
    assert_eq!(String::from_utf8(body).expect("UTF-8"), expected);
}

#[tokio::test]
async fn json_uses_names_and_keeps_types() {
    let rows = vec![vec![text("a"), Datum::Int(1)], vec![text("b"), Datum::Null]];
    let body = bytes(export(Format::Json).body(rows_of(rows))).await;
    let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(read, serde_json::json!([{ "name": "a", "count": 1 }, { "name": "b", "count": null }]));
    let none = bytes(export(Format::Json).body(rows_of(Vec::new()))).await;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&none).expect("JSON"), serde_json::json!([]));
}

#[tokio::test]
async fn a_workbook_opens_with_types_and_text_kept() {
    let rows = vec![
        vec![text("=1+1"), Datum::Int(7)],
        vec![text("440301199001011234"), Datum::Int(i64::MAX)],
        vec![Datum::Null, Datum::Float(0.5)],
    ];
    let body = bytes(export(Format::Xlsx).body(rows_of(rows))).await;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(body)).expect("a workbook");
    let sheet = book.worksheet_range("1").expect("a sheet");
    assert_eq!(sheet.get_value((0, 0)), Some(&Data::String("名称".to_owned())));
    assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("=1+1".to_owned())));
    assert_eq!(sheet.get_value((1, 1)), Some(&Data::Float(7.0)));
    assert_eq!(sheet.get_value((2, 0)), Some(&Data::String("440301199001011234".to_owned())));
    assert_eq!(sheet.get_value((2, 1)), Some(&Data::String(i64::MAX.to_string())));
    assert_eq!(sheet.get_value((3, 1)), Some(&Data::Float(0.5)));
}

#[tokio::test]
async fn a_full_sheet_is_followed_by_the_next() {
    let rows = (1..=5).map(|number| vec![Datum::Int(number)]).collect();
    let body = bytes(Body::from_stream(sheets(vec![text("n")], rows_of(rows), 2))).await;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(body)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["1", "2", "3"]);
    for (sheet, first) in [("1", 1.0), ("2", 3.0), ("3", 5.0)] {
        let range = book.worksheet_range(sheet).expect("a sheet");
        assert_eq!(range.get_value((0, 0)), Some(&Data::String("n".to_owned())));
        assert_eq!(range.get_value((1, 0)), Some(&Data::Float(first)));
    }
}

#[tokio::test]
async fn a_failing_read_breaks_every_export_off() {
    for format in Format::ALL {
        let parts = vec![Ok(vec![vec![text("a"), Datum::Null]]), Err(Error::Timeout)];
        let rows: Rows = Box::pin(stream::iter(parts));
        assert!(to_bytes(export(format).body(rows), usize::MAX).await.is_err(), "{}", format.word());
    }
}

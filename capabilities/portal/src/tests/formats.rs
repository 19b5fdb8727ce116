//! Files byte by byte: JSON keeps every digit, GeoJSON takes places as they are, an aborted transfer is no whole file.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::Schema;
use futures::stream;
use http_body_util::BodyExt;
use yiwang_gate::{ByteStream, RowStream, TableFile};
use yiwang_kernel::Error;

use crate::download::File;
use crate::model::Format;
use crate::place::Place;

fn batch() -> RecordBatch {
    let amount = Decimal128Array::from(vec![Some(123_456_789_012_345_678_901), None]);
    let columns: [(&str, ArrayRef); 5] = [
        ("code", Arc::new(StringArray::from(vec!["007", "a\"b,c"]))),
        ("n", Arc::new(Int64Array::from(vec![999_999_999_999_999_999, -1]))),
        ("amount", Arc::new(amount.with_precision_and_scale(38, 2).expect("a decimal"))),
        ("day", Arc::new(Date32Array::from(vec![Some(-25_568), Some(20_000)]))),
        ("name", Arc::new(StringArray::from(vec![None, Some("东门")]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).expect("a batch")
}

async fn written(format: Format, schema: &Schema, place: Option<Place>, rows: RowStream) -> Result<String, String> {
    let titles = schema.fields().iter().map(|field| format!("题{}", field.name())).collect();
    let file = File { format, schema, titles, titled: false, place };
    let body = file.body(rows, &no_engine).map_err(|error| error.to_string())?;
    let whole = body.collect().await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(whole.to_bytes().to_vec()).expect("text"))
}

fn no_engine(_: &TableFile, _: RowStream) -> yiwang_kernel::Result<ByteStream> {
    Err(Error::broken("no engine here"))
}

async fn of_batch(format: Format, place: Option<Place>) -> String {
    let batch = batch();
    let schema = batch.schema();
    written(format, &schema, place, Box::pin(stream::iter([Ok(batch)]))).await.expect("written")
}

#[tokio::test]
async fn csv_shows_every_digit_and_quotes_only_where_needed() {
    let expected = "code,n,amount,day,name\r\n\
        007,999999999999999999,1234567890123456789.01,1899-12-31,\r\n\
        \"a\"\"b,c\",-1,,2024-10-04,东门\r\n";
    assert_eq!(of_batch(Format::Csv, None).await, expected);
}

#[tokio::test]
async fn json_numbers_keep_every_digit() {
    let lines = of_batch(Format::JsonLines, None).await;
    let first = lines.lines().next().expect("a line");
    assert_eq!(
        first,
        "{\"code\":\"007\",\"n\":999999999999999999,\"amount\":1234567890123456789.01,\
         \"day\":\"1899-12-31\",\"name\":null}"
    );
    let whole = of_batch(Format::Json, None).await;
    assert_eq!(whole, format!("[\n{}\n]\n", lines.trim_end().replace('\n', ",\n")));
}

#[tokio::test]
async fn an_empty_answer_is_still_a_file() {
    let schema = batch().schema();
    let empty = || -> RowStream { Box::pin(stream::iter([])) };
    assert_eq!(written(Format::Json, &schema, None, empty()).await.expect("written"), "[\n]\n");
    assert_eq!(written(Format::Csv, &schema, None, empty()).await.expect("written"), "code,n,amount,day,name\r\n");
}

#[tokio::test]
async fn geojson_takes_points_and_geometries_and_null_for_what_is_neither() {
    let columns: [(&str, ArrayRef); 3] = [
        ("jingdu", Arc::new(StringArray::from(vec![Some("113.25"), Some("200"), None]))),
        ("weidu", Arc::new(StringArray::from(vec![Some("23.1"), Some("23"), Some("1")]))),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)));
    let batch = batch.expect("a batch");
    let names: Vec<(String, String)> =
        batch.schema().fields().iter().map(|field| (field.name().clone(), String::new())).collect();
    let place = Place::find(names.iter().map(|(name, title)| (name.as_str(), title.as_str())));
    let schema = batch.schema();
    let rows = Box::pin(stream::iter([Ok(batch)]));
    let text = written(Format::GeoJson, &schema, place, rows).await.expect("written");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["features"][0]["geometry"]["coordinates"], serde_json::json!([113.25, 23.1]));
    assert_eq!(json["features"][0]["properties"]["n"], 1);
    assert!(json["features"][1]["geometry"].is_null() && json["features"][2]["geometry"].is_null());
}

#[tokio::test]
async fn rows_that_fail_break_the_transfer_off() {
    for format in [Format::Csv, Format::Json] {
        let schema = batch().schema();
        let rows = Box::pin(stream::iter([Ok(batch()), Err(Error::gone("gate-grant-revoked"))]));
        assert!(written(format, &schema, None, rows).await.is_err(), "{format:?}");
    }
}

#[tokio::test]
async fn a_workbook_is_a_zip() {
    let batch = batch();
    let schema = batch.schema();
    let file =
        File { format: Format::Xlsx, schema: &schema, titles: vec![String::new(); 5], titled: false, place: None };
    let body = file.body(Box::pin(stream::iter([Ok(batch)])), &no_engine).expect("a body");
    let whole = body.collect().await.expect("written").to_bytes();
    assert!(whole.starts_with(b"PK") && whole.len() > 1000);
}

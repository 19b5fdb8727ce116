//! Parquet in: the types a file declares, text that stays as it stands, identifiers that stay text, appended rows.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use futures::TryStreamExt;
use yiwang_gate::{Mode, Query, RowsQuery, TableFile, Why};

use super::city::{City, cities};
use crate::ops::PURPOSE_OWN;
use crate::{LoadReport, LoadRequest, Source, State};

fn batch() -> RecordBatch {
    let amount = Decimal128Array::from(vec![Some(150), Some(-1), None]).with_precision_and_scale(10, 2);
    let columns: [(&str, ArrayRef); 8] = [
        ("编号", Arc::new(StringArray::from(vec!["007", "42", "1e5"]))),
        ("备注", Arc::new(StringArray::from(vec![Some("NA"), Some(""), None]))),
        ("说明", Arc::new(StringArray::from(vec!["a,\"b\"\nc", " x ", "-"]))),
        ("身份", Arc::new(Int64Array::from(vec![449_900_199_003_074_514, 449_900_199_003_074_522, 1]))),
        ("金额", Arc::new(amount.expect("decimals"))),
        ("比例", Arc::new(Float64Array::from(vec![Some(0.1), Some(1e300), None]))),
        ("日期", Arc::new(Date32Array::from(vec![Some(-25_568), None, Some(0)]))),
        ("是否", Arc::new(BooleanArray::from(vec![None, Some(true), Some(false)]))),
    ];
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![Some(1_500_000), None, Some(-1)]));
    let columns = columns.into_iter().chain([("时间", times)]);
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).expect("a batch")
}

/// These rows as a Parquet file in the city's folder.
async fn file(city: &City, name: &str, rows: Vec<RecordBatch>) -> PathBuf {
    let plan = TableFile::named(rows[0].schema());
    let stream = Box::pin(futures::stream::iter(rows.into_iter().map(Ok)));
    let bytes = city.platform.gate.encode(&plan, stream).expect("begun");
    let parts: Vec<bytes::Bytes> = bytes.try_collect().await.expect("written");
    let path = city.file(name, "");
    std::fs::write(&path, parts.concat()).expect("a file");
    path
}

async fn load(city: &City, path: PathBuf, resource: Option<&LoadReport>, mode: Mode) -> LoadReport {
    let blank = city.request("unused.csv", "");
    let resource = resource.map(|report| report.resource.clone());
    let request =
        LoadRequest { source: Source::Path(path), file_name: "表.parquet".to_owned(), resource, mode, ..blank };
    city.load(&request).await.expect("loaded")
}

async fn read(city: &City, resource: &str) -> Vec<RecordBatch> {
    let query = Query::Rows(RowsQuery::all(resource));
    let answer = city.platform.gate.read(&city.steward("C001"), &Why::purpose(PURPOSE_OWN), &query).await;
    answer.expect("rows").collect().await.expect("rows")
}

fn texts(batches: &[RecordBatch]) -> Vec<Vec<Option<String>>> {
    batches.iter().flat_map(|batch| crate::cells::texts(batch).expect("texts")).collect()
}

#[tokio::test]
async fn a_file_keeps_its_types_and_every_text_and_goes_round_unchanged() {
    for city in cities().await {
        let path = file(&city, "a.parquet", vec![batch()]).await;
        let report = load(&city, path, None, Mode::Append).await;
        assert_eq!((report.state, report.rows_loaded, report.rows_refused), (State::Loaded, 3, 0), "{}", city.name);
        assert_eq!((report.format.as_str(), report.title.as_str()), ("parquet", "表"));
        let types: Vec<&str> = report.fields.iter().map(|field| field.r#type.as_str()).collect();
        let expected = ["text", "text", "text", "text", "decimal(18,2)", "float", "date", "bool", "timestamp"];
        assert_eq!(types, expected);
        assert_eq!((report.fields[0].why.as_str(), report.fields[4].why.as_str()), ("declared", "declared"));
        let first = read(&city, &report.resource).await;
        let cells = texts(&first);
        let row = ["007", "NA", "a,\"b\"\nc", "449900199003074514", "1.50", "0.1", "1899-12-31"];
        assert_eq!(cells[0][..7], row.map(|cell| Some(cell.to_owned())), "{}", city.name);
        assert_eq!(cells[1][1].as_deref(), Some(""), "an empty text is no empty cell");
        assert_eq!(cells[2][1], None);
        assert_eq!(cells[1][2].as_deref(), Some(" x "));
        assert_eq!(cells[2][8].as_deref(), Some("1969-12-31T23:59:59.999999"));
        let path = file(&city, "b.parquet", first.clone()).await;
        let again = load(&city, path, None, Mode::Append).await;
        assert_eq!(texts(&read(&city, &again.resource).await), cells, "{}", city.name);
    }
}
#[tokio::test]
async fn rows_are_added_to_a_table_that_came_as_text() {
    for city in cities().await {
        let request = city.request("n.csv", "编号,金额\n001,2.5\n002,3\n");
        let first = city.load(&request).await.expect("loaded");
        let batch = batch().project(&[0, 4]).expect("two columns");
        let path = file(&city, "more.parquet", vec![batch]).await;
        let report = load(&city, path, Some(&first), Mode::Append).await;
        // The table holds one digit after the point: a value with two does not fit, and nothing is rounded.
        assert_eq!((report.rows_loaded, report.rows_refused, report.state), (0, 1, State::Refused), "{}", city.name);
    }
}

#[tokio::test]
async fn a_value_with_too_many_digits_refuses_its_own_row_alone() {
    for city in cities().await {
        let first = city.load(&city.request("n.csv", "编号,金额\n001,2.5\n002,3\n")).await.expect("loaded");
        let mut text = String::from("编号,金额\n");
        for number in 100..400 {
            text.push_str(&format!("{number},{}.5\n", number % 7));
        }
        text.push_str("400,0.25\n");
        let request = LoadRequest { resource: Some(first.resource), ..city.request("more.csv", &text) };
        let report = city.load(&request).await.expect("loaded");
        assert_eq!((report.rows_loaded, report.rows_refused, report.state), (300, 1, State::Loaded), "{}", city.name);
    }
}

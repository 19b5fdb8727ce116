//! Parquet files of others: what each of their types becomes, what is refused and why; and files of our own, which are
//! read back as they were and hold no least and greatest value where none may be seen.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Int8Array, Int64Array, ListArray,
    RecordBatch, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::DataType;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use yiwang_gate::{RowStream, TableFile, WHY};
use yiwang_kernel::{Error, Result};

use super::world::{World, people, worlds};
use crate::types;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let level = ZstdLevel::try_new(3).expect("a level");
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("written");
    writer.into_inner().expect("a file")
}

async fn decoded(world: &World, file: &[u8]) -> Result<Vec<RecordBatch>> {
    let blob = world.upload(file).await;
    world.gate.decode(blob).await?.rows.try_collect().await
}

async fn refusal(world: &World, file: &[u8]) -> &'static str {
    decoded(world, file).await.expect_err("refused").code()
}

#[tokio::test]
async fn each_type_becomes_one_whose_text_is_exact() {
    let decimals = Decimal128Array::from(vec![Some(-12_345), None]).with_precision_and_scale(9, 2).expect("decimals");
    let file = parquet(&batch(vec![
        ("truth", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("small", Arc::new(Int8Array::from(vec![-7, 7]))),
        ("large", Arc::new(UInt64Array::from(vec![u64::MAX, 0]))),
        ("half", Arc::new(Float32Array::from(vec![0.5, -1.25]))),
        ("amount", Arc::new(decimals)),
        ("day", Arc::new(Date32Array::from(vec![-25_568, 20_000]))),
        ("fine", Arc::new(TimestampNanosecondArray::from(vec![1, 1_000]))),
        ("point", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_500_000]).with_timezone("+08:00"))),
        ("clock", Arc::new(Time64MicrosecondArray::from(vec![0, 3_600_000_000]))),
        ("text", Arc::new(StringArray::from(vec![Some("007"), None]))),
        ("bytes", Arc::new(BinaryArray::from(vec!["东门".as_bytes(), b"x"]))),
    ]));
    for world in worlds().await {
        let batches = decoded(&world, &file).await.expect("decoded");
        let schema = batches[0].schema();
        let zone = schema.field_with_name("point").expect("a column").metadata().get(WHY).cloned();
        assert_eq!(zone.as_deref(), Some("zone"));
        assert_eq!(schema.field(2).data_type(), &DataType::Decimal128(20, 0));
        let column = |place: usize| types::texts(batches[0].column(place)).expect("texts");
        let cells: Vec<[String; 2]> = (0..11)
            .map(|place| [0, 1].map(|row| column(place).iter().nth(row).flatten().unwrap_or("-").to_owned()))
            .collect();
        let expected = [
            ["true", "-"],
            ["-7", "7"],
            ["18446744073709551615", "0"],
            ["0.5", "-1.25"],
            ["-123.45", "-"],
            ["1899-12-31", "2024-10-04"],
            ["1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000001"],
            ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01.500Z"],
            ["00:00:00", "01:00:00"],
            ["007", "-"],
            ["东门", "x"],
        ];
        assert_eq!(cells, expected.map(|row| row.map(str::to_owned)), "{}", world.store.name);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_reason() {
    let good = parquet(&batch(vec![("n", Arc::new(Int64Array::from(vec![1, 2, 3])))]));
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)])]);
    let nested = parquet(&batch(vec![("tags", Arc::new(lists))]));
    let binary = parquet(&batch(vec![("photo", Arc::new(BinaryArray::from(vec![&[0xff, 0xd8][..]])))]));
    let mut encrypted = good.clone();
    let end = encrypted.len();
    encrypted[end - 1] = b'E';
    let mut damaged = good.clone();
    damaged[8] ^= 0xff;
    for world in worlds().await {
        assert_eq!(decoded(&world, &good).await.expect("decoded")[0].num_rows(), 3);
        assert_eq!(refusal(&world, &nested).await, "load-parquet-nested", "{}", world.store.name);
        assert_eq!(refusal(&world, &binary).await, "load-parquet-binary");
        assert_eq!(refusal(&world, &encrypted).await, "load-parquet-encrypted");
        assert_eq!(refusal(&world, &damaged).await, "load-format-broken");
        assert_eq!(refusal(&world, b"PAR1").await, "load-format-broken");
        for length in (4..good.len()).step_by(7) {
            assert_eq!(refusal(&world, &good[..length]).await, "load-format-broken", "cut at {length}");
        }
    }
}

#[tokio::test]
async fn a_file_altered_anywhere_is_refused_or_read_but_never_ends_the_process() {
    let texts: StringArray = (0..200).map(|number| Some(format!("text {number}"))).collect();
    let good = parquet(&batch(vec![("n", Arc::new(Int64Array::from_iter_values(0..200))), ("text", Arc::new(texts))]));
    let world = worlds().await.remove(0);
    for place in (0..good.len()).step_by(11) {
        let mut altered = good.clone();
        altered[place] ^= 0x55;
        if let Err(error) = decoded(&world, &altered).await {
            assert!(matches!(error, Error::Invalid { .. }), "byte {place}: {error}");
        }
    }
}

#[tokio::test]
async fn pages_that_unfold_without_measure_are_refused_before_they_do() {
    let mut wide = Vec::new();
    let names: Vec<String> = (0..12).map(|number| format!("c{number}")).collect();
    // One value of 100 MB a column: it packs to almost nothing and lies in one page.
    let long = "a".repeat(100 << 20);
    for name in &names {
        wide.push((name.as_str(), Arc::new(StringArray::from(vec![long.as_str()])) as ArrayRef));
    }
    let file = parquet(&batch(wide));
    assert!(file.len() < 1 << 20);
    let world = worlds().await.remove(0);
    assert_eq!(refusal(&world, &file).await, "load-ratio");
}

#[tokio::test]
async fn our_own_files_read_back_and_are_silent_where_told() {
    for world in worlds().await {
        let people = people(0..3_000);
        let titles: Vec<String> = people.schema().fields().iter().map(|field| format!("题 {}", field.name())).collect();
        let first = people.schema().field(0).name().clone();
        let file = TableFile { quiet: vec![first], ..TableFile::named(people.schema()) }.titled(&titles);
        let rows: RowStream = Box::pin(stream::iter([Ok(people.slice(0, 1_000)), Ok(people.slice(1_000, 2_000))]));
        let parts: Vec<Bytes> = world.gate.encode(&file, rows).expect("begun").try_collect().await.expect("whole");
        let bytes = Bytes::from(parts.concat());
        let read = decoded(&world, &bytes).await.expect("decoded");
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 3_000, "{}", world.store.name);
        let headers: Vec<String> = read[0].schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(headers, titles);
        let said = |place: usize| {
            let reader = SerializedFileReader::new(bytes.clone()).expect("a file");
            let column = reader.metadata().row_group(0).column(place).clone();
            column.statistics().is_some_and(|found| found.min_bytes_opt().is_some())
        };
        assert!(!said(0) && said(1));
    }
}

#[tokio::test]
async fn rows_that_fail_leave_no_whole_file() {
    let world = worlds().await.remove(0);
    let people = people(0..10);
    let file = TableFile::named(people.schema());
    let rows: RowStream = Box::pin(stream::iter([Ok(people), Err(Error::gone("gate-grant-revoked"))]));
    let parts: Vec<Result<Bytes>> = world.gate.encode(&file, rows).expect("begun").collect().await;
    assert!(matches!(parts.last(), Some(Err(Error::Gone(_)))));
}

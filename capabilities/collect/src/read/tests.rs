//! Files of every format give the same tables as delimited text would; archives keep to their limits.

use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Decode, OpenRaw, Table, tables};

fn open(bytes: &[u8]) -> yiwang_kernel::Result<Vec<Table>> {
    let shared: Arc<[u8]> = Arc::from(bytes);
    let raw: OpenRaw = Arc::new(move || Ok(Box::new(Cursor::new(Arc::clone(&shared)))));
    let unread: Decode = Arc::new(|| Err(yiwang_kernel::Error::broken("no engine here")));
    tables(&raw, bytes.len() as u64, &unread)
}

/// Format and text of the only table, read twice.
fn only(bytes: &[u8]) -> (&'static str, String) {
    let mut found = open(bytes).unwrap();
    assert_eq!(found.len(), 1);
    (found[0].format, read_twice(&mut found[0]))
}

fn read_twice(table: &mut Table) -> String {
    let mut read = || {
        let mut text = String::new();
        (table.open)().unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let first = read();
    assert_eq!(first, read());
    first
}

fn code(bytes: &[u8]) -> &'static str {
    open(bytes).err().expect("the file is refused").code()
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// A workbook with these sheets: name and the rows as they stand in its XML.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    workbook_with(HEAD, sheets)
}

/// The same, its sheets beginning with this.
fn workbook_with(head: &str, sheets: &[(&str, &str)]) -> Vec<u8> {
    const MAIN: &str = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main""#;
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let (mut names, mut links, mut files) = (String::new(), String::new(), Vec::new());
    for (place, (name, rows)) in sheets.iter().enumerate() {
        let number = place + 1;
        names += &format!(r#"<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>"#);
        links += &format!(
            r#"<Relationship Id="r{number}" Type="{LINKS}/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        );
        let sheet = format!("{head}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>");
        files.push((format!("xl/worksheets/sheet{number}.xml"), sheet));
    }
    links += &format!(r#"<Relationship Id="rs" Type="{LINKS}/styles" Target="styles.xml"/>"#);
    let book = format!(r#"{HEAD}<workbook {MAIN} xmlns:r="{LINKS}"><sheets>{names}</sheets></workbook>"#);
    files.push(("xl/workbook.xml".to_owned(), book));
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let root = format!(r#"<Relationship Id="r1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/>"#);
    files.push(("_rels/.rels".to_owned(), format!(r#"{HEAD}<Relationships xmlns="{package}">{root}</Relationships>"#)));
    let links = format!(r#"{HEAD}<Relationships xmlns="{package}">{links}</Relationships>"#);
    files.push(("xl/_rels/workbook.xml.rels".to_owned(), links));
    let styles = r#"<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>"#;
    files.push(("xl/styles.xml".to_owned(), format!("{HEAD}<styleSheet {MAIN}>{styles}</styleSheet>")));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    zipped(&files)
}

fn text_cell(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

#[test]
fn compressed_text_is_unfolded() {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(b"a,b\n1,2\n").unwrap();
    assert_eq!(only(&gz.finish().unwrap()), ("csv.gz", "a,b\n1,2\n".to_owned()));
    let zst = zstd::encode_all(&b"[{\"a\":1}]"[..], 1).unwrap();
    assert_eq!(only(&zst), ("json.zst", "a\n1\n".to_owned()));
}

#[test]
fn json_keeps_digits_and_knows_null_from_empty() {
    let array = br#" [{"a": 1.50, "b": "x,\"y\""}, {"b": "", "c": [1, {"d": " e "}]}, {"a": null, "c": true}] "#;
    let expected = "a,b,c\n1.50,\"x,\"\"y\"\"\",\n,\"\",\"[1,{\"\"d\"\":\"\" e \"\"}]\"\n,,true\n";
    assert_eq!(only(array), ("json", expected.to_owned()));
    let (_, long) = only(br#"[{"id": 12345678901234567890.123456789}]"#);
    assert_eq!(long, "id\n12345678901234567890.123456789\n");
}

#[test]
fn the_array_within_an_object_is_found() {
    let page = br#"{"total": 2, "tags": ["x"], "data": {"rows": [{"n": 1}, {"n": 2}]}, "next": null}"#;
    assert_eq!(only(page), ("json", "n\n1\n2\n".to_owned()));
}

#[test]
fn json_lines_are_rows_even_with_arrays_in_them() {
    let lines = b"{\"n\": 1, \"list\": [{\"x\": 1}]}\n{\"n\": 2, \"list\": []}\n\n";
    assert_eq!(only(lines), ("jsonl", "n,list\n1,\"[{\"\"x\"\":1}]\"\n2,[]\n".to_owned()));
    assert_eq!(only(b"{\"n\": 1}"), ("jsonl", "n\n1\n".to_owned()));
}

#[test]
fn geojson_gives_properties_geometry_and_points() {
    let features = br#"{"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": 7, "properties": {"name": "A"},
         "geometry": {"type": "Point", "coordinates": [113.10, 23.2, 5]}},
        {"type": "Feature", "properties": {"name": "B"}, "geometry": null}]}"#;
    let (format, text) = only(features);
    assert_eq!(format, "geojson");
    let point = r#""{""type"":""Point"",""coordinates"":[113.10,23.2,5]}""#;
    assert_eq!(text, format!("id,name,geometry,lon,lat\n7,A,{point},113.10,23.2\n,B,,,\n"));
}

#[test]
fn broken_json_is_refused_and_never_loops() {
    for text in
        ["[{\"a\":1}", "[{\"a\":1},", "{\"a\"]}", "[{\"a\" 1}]", "{\"a\":[}", "{,}", "[{\"a\":\"x", "{\"a\":1}\n]"]
    {
        assert_eq!(code(text.as_bytes()), "load-format-broken", "{text}");
    }
    assert_eq!(code(b"[]"), "load-no-rows");
}

#[test]
fn a_sheet_gives_what_it_shows() {
    let head = text_cell("A3", "编号") + &text_cell("B3", "日期") + &text_cell("C3", "数量") + &text_cell("D3", "备注");
    let rows = format!(
        r#"<row r="1">{}</row><row r="3">{head}</row>
        <row r="4">{}<c r="B4" s="1"><v>45943</v></c><c r="C4"><v>0.30000000000000004</v></c></row>
        <row r="6">{}<c r="B6" s="2"><v>45943.5</v></c><c r="C6"><v>-12</v></c><c r="D6" t="b"><v>1</v></c></row>"#,
        text_cell("A1", "某市统计表"),
        text_cell("A4", "007"),
        text_cell("A6", "a,b"),
    );
    let mut found = open(&workbook(&[("明细", &rows), ("空", "")])).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_deref(), found[0].format), (Some("明细"), "xlsx"));
    let expected = "编号,日期,数量,备注\n007,2025-10-13,0.3,\n\"a,b\",2025-10-13 12:00:00,-12,true\n";
    assert_eq!(read_twice(&mut found[0]), expected);
    let plan = found[0].plan(yiwang_tables::Limits::default()).unwrap();
    assert_eq!(plan.headers, ["编号", "日期", "数量", "备注"]);
}

#[test]
fn an_archive_gives_a_table_for_each_file() {
    let files = [("表/甲.csv", "a\n1\n"), ("乙.json", "[{\"b\":2}]"), ("readme.pdf", "x"), ("__MACOSX/._甲.csv", "x")];
    let mut found = open(&zipped(&files)).unwrap();
    let names: Vec<_> = found.iter().map(|table| (table.name.clone().unwrap(), table.format)).collect();
    assert_eq!(names, [("甲".to_owned(), "csv.zip"), ("乙".to_owned(), "json.zip")]);
    assert_eq!(found.iter_mut().map(read_twice).collect::<Vec<_>>(), ["a\n1\n", "b\n2\n"]);
}

#[test]
fn archives_keep_to_their_limits() {
    assert_eq!(code(&zipped(&[("../evil.csv", "a\n")])), "load-path");
    assert_eq!(code(&zipped(&[("a.pdf", "x")])), "load-format-unknown");
    assert_eq!(code(b"PK\x03\x04 not a zip"), "load-format-broken");
    assert_eq!(code(b"%PDF-1.7"), "load-format-unknown");
    assert_eq!(code(b""), "load-file-empty");
    let many: Vec<(String, &str)> = (0..1_001).map(|number| (format!("{number}.csv"), "a\n")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(code(&zipped(&many)), "load-entries");
    let tables: Vec<(String, &str)> = (0..101).map(|number| (format!("{number}.csv"), "a\n1\n")).collect();
    let tables: Vec<(&str, &str)> = tables.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(code(&zipped(&tables)), "load-entries", "an archive of more tables than are read");
    let bomb = "0".repeat(65 << 20);
    assert_eq!(code(&zipped(&[("zeros.csv", &bomb)])), "load-ratio");
}

#[test]
fn no_name_in_an_archive_leads_out_of_it() {
    for name in ["../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv"] {
        match open(&zipped(&[(name, "a\n1\n")])) {
            Err(error) => assert_eq!(error.code(), "load-path", "{name}"),
            // Where it is a name with odd letters and no more, it is a title and never a path.
            Ok(tables) => assert!(tables.iter().all(|table| !table.name.as_deref().unwrap_or("/").contains('/'))),
        }
    }
}

/// Reads a table to its end; the code of what stops it.
fn stopped(bytes: &[u8]) -> &'static str {
    let mut found = open(bytes).expect("its beginning can be read");
    let read = (found[0].open)().and_then(|mut text| std::io::copy(&mut text, &mut std::io::sink()));
    let error = read.expect_err("it unfolds without end").downcast::<yiwang_kernel::Error>().expect("our error");
    error.code()
}

#[test]
fn a_small_file_does_not_unfold_without_end() {
    let zeros = vec![b'0'; 64 << 20];
    assert_eq!(stopped(&zstd::encode_all(&zeros[..], 1).unwrap()), "load-ratio");
    let lie = lying(zipped(&[("zeros.csv", &"0,1\n".repeat(1 << 20))]), 50_000);
    assert_eq!(code(&lie), "load-format-broken", "an entry gives no more than it says");
}

/// The archive, every entry larger than so many bytes saying that it has just so many.
fn lying(mut archive: Vec<u8>, bytes: u32) -> Vec<u8> {
    for at in 0..archive.len() - 30 {
        let size = match &archive[at..at + 4] {
            b"PK\x03\x04" => at + 22..at + 26,
            b"PK\x01\x02" => at + 24..at + 28,
            _ => continue,
        };
        let stated = u32::from_le_bytes(archive[size.clone()].try_into().unwrap());
        archive[size].copy_from_slice(&stated.min(bytes).to_le_bytes());
    }
    archive
}

#[test]
fn bombs_in_a_workbook_are_refused_or_harmless() {
    let row = format!(r#"<row r="1">{}</row>"#, text_cell("A1", &"0".repeat(2 << 20)));
    assert_eq!(
        code(&lying(workbook(&[("明细", &row)]), 50_000)),
        "load-format-broken",
        "a sheet that says it is small"
    );
    let many: Vec<(String, &str)> = (0..101).map(|number| (format!("s{number}"), "")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
    assert_eq!(code(&workbook(&many)), "load-entries", "sheets are not left out in silence");

    let entities = (1..10).fold(r#"<!ENTITY e0 "ha">"#.to_owned(), |text, level| {
        text + &format!(r#"<!ENTITY e{level} "{}">"#, format!("&e{};", level - 1).repeat(10))
    });
    let laughs = workbook_with(
        &format!("{HEAD}<!DOCTYPE worksheet [{entities}]>"),
        &[(
            "明细",
            &format!(r#"<row r="1">{}</row><row r="2">{}</row>"#, text_cell("A1", "a"), text_cell("A2", "&e9;")),
        )],
    );
    if let Ok(mut found) = open(&laughs) {
        assert!(read_twice(&mut found[0]).len() < 1_000, "entities of its own are not unfolded");
    }

    let far =
        format!(r#"<row r="1">{}</row><row r="1048576">{}</row>"#, text_cell("A1", "a"), text_cell("XFD1048576", "b"));
    let mut found = open(&workbook(&[("明细", &far)])).unwrap();
    assert!(read_twice(&mut found[0]).len() < 100_000, "the cells between are not made");
    let limits = yiwang_tables::Limits { columns_max: 2_000, ..yiwang_tables::Limits::default() };
    let wide = found[0].plan(limits).expect_err("more columns than a table has");
    assert!(matches!(wide, yiwang_tables::Error::TooWide { given: 16_384, .. }), "{wide}");
}

//! What engines that are not ours read of what the product writes: DuckDB the lake of an unsealed directory, from
//! SQLite and from PostgreSQL, value by value at every version; deltalake and Polars the plain copies of open data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::city::{City, yiwang};
use crate::visitor::Visitor;

/// How long a copy may take to appear.
const PATIENCE: Duration = Duration::from_secs(300);
const HEADER: &str = "编号,数量,金额,极小,日期,时间,是否,说明";

/// A row as the test city is given it, and as text.
type Row = Vec<Option<String>>;
/// Rows by their key.
type Rows = BTreeMap<String, Row>;

/// Runs one of the scripts under `tests/other_engines`; whether it was content, and what it printed.
fn python(script: &str, words: &[&str]) -> (bool, String) {
    let python = std::env::var_os("YIWANG_TEST_PYTHON").expect("YIWANG_TEST_PYTHON, as cargo xtask check sets it");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/other_engines").join(script);
    let output = Command::new(python).arg(script).args(words).stdin(Stdio::null()).output().expect("Python starts");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    (output.status.success(), String::from_utf8(output.stdout).expect("UTF-8"))
}

/// A row of every type: empty cells, quotes, commas, line feeds, exact decimals, doubles no decimal holds.
fn row(number: u64, factor: u64) -> Row {
    let tiny: f64 = format!("{number}.5e-60").parse().expect("a number");
    let words = match number {
        number if number.is_multiple_of(7) => None,
        number if number.is_multiple_of(11) => Some(format!("\"引号\"，逗号,\n换行{number}")),
        number => Some(format!("说明{number}")),
    };
    let mut cells =
        vec![Some(format!("K{number:06}")), (!number.is_multiple_of(13)).then(|| (number * factor).to_string())];
    cells.push(Some(format!("{}.{:02}", number % 100, number % 97)));
    cells.push(Some(format!("{tiny:e}")));
    cells.push(Some(format!("18{:02}-{:02}-{:02}", number % 100, number % 12 + 1, number % 28 + 1)));
    cells.push(Some(format!("2021-03-04T05:06:{:02}", number % 60)));
    cells.push(Some(number.is_multiple_of(2).to_string()));
    cells.push(words);
    cells
}

fn csv<'r>(rows: impl Iterator<Item = &'r Row>) -> String {
    let cell = |cell: &Option<String>| match cell {
        None => String::new(),
        Some(text) if text.contains([',', '"', '\n']) => format!("\"{}\"", text.replace('"', "\"\"")),
        Some(text) => text.clone(),
    };
    let lines = rows.map(|row| row.iter().map(cell).collect::<Vec<_>>().join(","));
    format!("{HEADER}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}

/// A city whose files are not sealed, its store where the words say.
struct Unsealed<'u> {
    folder: &'u Path,
    store: Vec<&'u str>,
    resource: Option<String>,
    rows: Rows,
    versions: Vec<Rows>,
}

impl<'u> Unsealed<'u> {
    fn new(folder: &'u Path, store: Option<&'u str>) -> Unsealed<'u> {
        let store = store.map_or(Vec::new(), |url| vec!["--store", url]);
        let city = Unsealed { folder, store, resource: None, rows: Rows::new(), versions: Vec::new() };
        let (code, text) = city.run(&["init", "--unsealed", "--name", "测试市", "--region", "449900"]);
        assert_eq!(code, 0, "{text}");
        city
    }

    fn data(&self) -> PathBuf {
        self.folder.join("city")
    }

    fn run(&self, words: &[&str]) -> (i32, String) {
        let mut all = vec!["--json"];
        all.extend(&self.store);
        all.extend(words);
        yiwang(&self.data(), &all)
    }

    /// Loads these rows and notes what the table holds from now on.
    fn load(&mut self, mode: &str, rows: Vec<Row>) {
        let file = self.folder.join("rows.csv");
        std::fs::write(&file, csv(rows.iter())).expect("a file");
        let mut words = vec!["load", file.to_str().expect("UTF-8"), "--mode", mode];
        let resource = self.resource.clone();
        match &resource {
            Some(code) => words.extend(["--resource", code.as_str()]),
            None => words.extend(["--key", "编号"]),
        }
        let (code, text) = self.run(&words);
        let report: Value = serde_json::from_str(&text).expect("a report");
        let load = &report["loads"][0];
        assert_eq!((code, load["state"].as_str()), (0, Some("loaded")), "{text}");
        assert_eq!(load["version"].as_u64(), Some(self.versions.len() as u64 + 1), "{text}");
        self.resource = load["resource"].as_str().map(str::to_owned);
        if mode == "replace" {
            self.rows.clear();
        }
        self.rows.extend(rows.into_iter().map(|row| (row[0].clone().expect("a key"), row)));
        self.versions.push(self.rows.clone());
    }

    /// Every version as DuckDB reads it against what was loaded.
    fn compare(&self) {
        let data = self.data();
        let mut words = vec![data.to_str().expect("UTF-8")];
        words.extend(self.store.last());
        let (content, text) = python("duckdb_values.py", &words);
        assert!(content, "{text}");
        let told: Value = serde_json::from_str(&text).expect("one JSON document");
        let resource = self.resource.as_deref().expect("a resource");
        assert_eq!(told[resource].as_object().map(serde_json::Map::len), Some(self.versions.len()));
        for (place, rows) in self.versions.iter().enumerate() {
            let read = told[resource][(place + 1).to_string()].as_array().expect("rows").iter();
            let read: Vec<Row> = read.map(|row| serde_json::from_value(row.clone()).expect("cells")).collect();
            let expected: Vec<Row> = rows.values().cloned().collect();
            assert_eq!(read.len(), expected.len(), "version {}", place + 1);
            for (read, expected) in read.iter().zip(&expected) {
                assert_eq!(read, expected, "version {}", place + 1);
            }
        }
    }
}

/// Small writes that stay in the database, files, removed rows over both, a table that begins again.
fn a_life_in_versions(mut city: Unsealed<'_>) {
    city.load("append", (0..40).map(|number| row(number, 3)).collect());
    city.load("append", (40..12_040).map(|number| row(number, 3)).collect());
    city.load("append", (12_040..12_060).map(|number| row(number, 3)).collect());
    let (inlined, filed, late, new) = (0..10, 500..520, 12_050..12_055, 13_000..13_005);
    let numbers = inlined.chain(filed).chain(late).chain(new);
    city.load("upsert", numbers.map(|number| row(number, 5)).collect());
    city.load("upsert", (5..8).chain(510..512).map(|number| row(number, 7)).collect());
    city.load("replace", (0..25).map(|number| row(number, 11)).collect());
    city.load("append", (25..10_100).map(|number| row(number, 11)).collect());
    city.compare();
}

#[test]
fn duckdb_reads_every_version_from_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    a_life_in_versions(Unsealed::new(folder.path(), None));
}

#[test]
fn duckdb_reads_every_version_from_postgresql() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let database = runtime.block_on(yiwang_store::testing::postgres());
    a_life_in_versions(Unsealed::new(folder.path(), Some(&database.url)));
    runtime.block_on(database.close());
}

/// The first open resource of which no field is masked or withheld.
fn wholly_open(city: &City) -> String {
    let listed = city.json("/api/resources?rows=200");
    let codes = listed["rows"].as_array().expect("rows").iter().filter_map(|row| row["code"].as_str());
    let is_whole = |code: &&str| {
        let resource = city.json(&format!("/api/resources/{code}"));
        resource["fields"].as_array().expect("fields").iter().all(|field| field["open"] == "open")
    };
    codes.into_iter().find(is_whole).expect("a resource that is wholly open").to_owned()
}

/// Waits until the copy of a resource has this commit.
fn await_commit(city: &City, code: &str, number: u64) -> PathBuf {
    let folder = city.data.join("out").join(code);
    let commit = folder.join("_delta_log").join(format!("{number:020}.json"));
    let started = Instant::now();
    while !commit.exists() {
        assert!(started.elapsed() < PATIENCE, "no copy of {code} appeared");
        assert_eq!(city.get("/help").0, 200);
    }
    folder
}

fn same_rows(table: &Path, lines: &Path, version: u64) {
    let (table, lines, version) = (table.to_str().expect("UTF-8"), lines.to_str().expect("UTF-8"), version.to_string());
    let (content, text) = python("out_check.py", &[table, lines, &version]);
    assert!(content, "{text}");
}

#[test]
fn open_data_opens_from_out_with_the_same_rows_and_a_take_down_leaves_nothing() {
    let city = City::demo();
    let folder = tempfile::tempdir().expect("a folder");
    let code = wholly_open(&city);
    let download = |city: &City, name: &str| {
        let (status, text) = city.get(&format!("/catalogue/{code}/download/jsonl"));
        assert_eq!(status, 200, "{text}");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let (first, table) = (download(&city, "first.jsonl"), await_commit(&city, &code, 0));
    same_rows(&table, &first, 0);
    let (_, csv) = city.get(&format!("/catalogue/{code}/download/csv"));
    let more = folder.path().join("more.csv");
    std::fs::write(&more, csv.lines().take(4).collect::<Vec<_>>().join("\n")).expect("a file");
    let words = ["--json", "load", more.to_str().expect("UTF-8"), "--resource", code.as_str()];
    let (exit, text) = yiwang(&city.data, &words);
    assert_eq!(exit, 0, "{text}");
    let table = await_commit(&city, &code, 1);
    let second = download(&city, "second.jsonl");
    same_rows(&table, &second, 1);
    same_rows(&table, &first, 0);
    let chief = Visitor::in_role(&city, "chief");
    let action = format!("/catalogue/{code}/take-down");
    let (status, text) = chief.submit(&action, &action, &[("reason", "个人信息误发"), ("confirm", "1")]);
    assert_eq!(status, 303, "{text}");
    assert!(!table.exists(), "nothing of it is left under out/");
}

//! The catalogue as a table, one row a field (信息项), as the compiling guide lays it out: read with a fault per bad
//! cell naming row and column, and written so that it can be read again. Knows no store.

use std::collections::{HashMap, HashSet};

use yiwang_kernel::{CivilDate, Error, Result, Text};
use yiwang_web::list;

use super::words::{Cycle, Format, Library, Opening, Sharing};
use super::{Code, Content, Duties, Field, draft_name, theme};

/// Bytes of a table at most.
pub(crate) const TABLE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Rows of a table at most.
const TABLE_ROWS_MAX: usize = 100_000;
/// Faults that are listed at most.
const FAULTS_MAX: usize = 500;

/// The columns: the name, and the guide's Chinese header, which is understood as well.
const COLUMNS: [(&str, &str); 35] = [
    ("code", "信息资源代码"),
    ("title", "信息资源名称"),
    ("title_en", "英文名称"),
    ("provider", "信息资源提供方代码"),
    ("summary", "信息资源摘要"),
    ("keywords", "关键字"),
    ("format", "信息资源格式"),
    ("theme", "主题"),
    ("library", "所属库"),
    ("sharing", "共享类型"),
    ("sharing_terms", "共享条件"),
    ("basis", "不予共享依据"),
    ("basis_until", "依据有效期至"),
    ("opening", "开放类型"),
    ("opening_terms", "开放条件"),
    ("grade", "分级"),
    ("cycle", "更新周期"),
    ("retain_until", "保存期限至"),
    ("region", "行政区划代码"),
    ("contact", "联系方"),
    ("duty_collect", "采集责任人"),
    ("duty_transfer", "传输责任人"),
    ("duty_store", "存储责任人"),
    ("duty_use", "使用责任人"),
    ("duty_open", "开放责任人"),
    ("field", "信息项英文名"),
    ("field_title", "信息项名称"),
    ("field_title_en", "信息项英文标题"),
    ("field_type", "数据类型"),
    ("field_length", "数据长度"),
    ("field_key", "主键"),
    ("field_kind", "识别类型"),
    ("field_personal", "个人信息"),
    ("field_source", "数源"),
    ("field_datum", "数据元"),
];

/// One entry of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The row it begins in; the header is row 1.
    pub row: u64,
    /// Its code.
    pub code: String,
    /// Its content.
    pub content: Content,
    /// For an entry marked as not shared: the legal basis and the last day it holds.
    pub basis: Option<(String, Option<CivilDate>)>,
}

/// Why a row cannot be taken.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The row; the header is row 1.
    pub row: u64,
    /// The column's name.
    pub field: String,
    /// What is wrong.
    pub error: Error,
}

/// Reads a table, CSV or XLSX: entries in order, and every fault found (up to a limit).
pub fn read_table(bytes: &[u8]) -> Result<(Vec<Imported>, Vec<Fault>)> {
    if bytes.len() > TABLE_BYTES_MAX {
        return Err(Error::too_large("catalogue-table-bytes").with("limit", TABLE_BYTES_MAX));
    }
    let mut rows = list(bytes, TABLE_ROWS_MAX)?.into_iter();
    let headers = rows.next().map(|(_, headers)| headers).unwrap_or_default();
    let columns = columns_of(&headers)?;
    let mut reading = Reading::default();
    for (row, record) in rows {
        reading.take(row, &Cells { columns: &columns, record: &record });
    }
    Ok((reading.entries, reading.faults))
}

/// Writes entries as [`read_table`] reads them, with the Chinese headers.
pub fn write_table(entries: &[Imported]) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::internal("write the table", error);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS.iter().map(|(_, zh)| zh)).map_err(failed)?;
    for entry in entries {
        let head = head_cells(entry);
        let none = Field::default();
        let fields = if entry.content.fields.is_empty() { std::slice::from_ref(&none) } else { &entry.content.fields };
        for field in fields {
            out.write_record(head.iter().cloned().chain(field_cells(field))).map_err(failed)?;
        }
    }
    out.into_inner().map_err(|error| Error::internal("write the table", error.into_error()))
}

struct Cells<'a> {
    columns: &'a HashMap<&'static str, usize>,
    record: &'a [String],
}

impl Cells<'_> {
    fn get(&self, name: &str) -> &str {
        self.columns.get(name).and_then(|place| self.record.get(*place)).map_or("", String::as_str)
    }

    /// Spreadsheets guard text that begins like a formula with a quote; it is not part of the value.
    fn text(&self, name: &str) -> String {
        let cell = self.get(name);
        cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell).to_owned()
    }

    fn ticked(&self, name: &str) -> bool {
        matches!(self.get(name), "1" | "是" | "true" | "yes" | "Y" | "y")
    }
}

#[derive(Default)]
struct Reading {
    entries: Vec<Imported>,
    faults: Vec<Fault>,
    codes: HashSet<String>,
    /// The code as written in the row that began the current entry; rows that repeat it or leave it out continue it.
    current: Option<String>,
    /// Whether the current entry could be taken; rows of one that could not are passed over.
    open: bool,
}

impl Reading {
    fn take(&mut self, row: u64, cells: &Cells<'_>) {
        let written = cells.get("code");
        let begins = self.current.is_none() || !(written.is_empty() || self.current.as_deref() == Some(written));
        if begins {
            self.current = Some(written.to_owned());
            match self.entry(row, cells) {
                Ok(entry) => {
                    self.open = true;
                    self.entries.push(entry);
                }
                Err(error) => {
                    self.open = false;
                    self.fault(row, error);
                }
            }
        } else if !cells.get("title").is_empty() && self.retitled(cells) {
            self.fault(row, Error::invalid("code", "catalogue-code-twice").with("given", written));
            return;
        }
        if self.open
            && !cells.get("field_title").is_empty()
            && let Err(error) = self.field(cells)
        {
            self.fault(row, error);
        }
    }

    /// Whether a row that repeats the code gives the entry another title: two entries with one code.
    fn retitled(&self, cells: &Cells<'_>) -> bool {
        self.open && self.entries.last().is_some_and(|entry| entry.content.title.zh != cells.text("title"))
    }

    fn entry(&mut self, row: u64, cells: &Cells<'_>) -> Result<Imported> {
        let code = cells.get("code").parse::<Code>()?.to_string();
        if !self.codes.insert(code.clone()) {
            return Err(Error::invalid("code", "catalogue-code-twice").with("given", cells.get("code")));
        }
        let mut content = Content::new(Text::new(cells.text("title"), cells.text("title_en")), cells.text("provider"));
        content.summary = Text::new(cells.text("summary"), "");
        content.keywords = cells.text("keywords");
        content.sharing_terms = cells.text("sharing_terms");
        content.opening_terms = cells.text("opening_terms");
        content.region = cells.text("region");
        content.contact = cells.text("contact");
        content.retain_until = cells.text("retain_until");
        content.duties = Duties {
            collect: cells.text("duty_collect"),
            transfer: cells.text("duty_transfer"),
            store: cells.text("duty_store"),
            r#use: cells.text("duty_use"),
            open: cells.text("duty_open"),
        };
        classify(&mut content, cells)?;
        content.check()?;
        Ok(Imported { row, code, content, basis: basis(cells)? })
    }

    fn field(&mut self, cells: &Cells<'_>) -> Result<()> {
        let Some(entry) = self.entries.last_mut() else { return Ok(()) };
        let title = Text::new(cells.text("field_title"), cells.text("field_title_en"));
        let taken = |name: &str| entry.content.field(name).is_some();
        let name = match cells.get("field") {
            "" => draft_name(&title.zh, &taken),
            given => given.to_owned(),
        };
        if taken(&name) {
            return Err(Error::invalid("field", "field-twice").with("given", name));
        }
        let mut field = Field::new(name, title);
        if !cells.get("field_type").is_empty() {
            field.r#type = field_type(cells.get("field_type")).to_owned();
        }
        let length = cells.get("field_length");
        if !length.is_empty() {
            field.length = Some(length.parse().map_err(|_| Error::invalid("field_length", "field-number"))?);
        }
        field.key = cells.ticked("field_key");
        field.nullable = !field.key;
        field.kind = Some(cells.text("field_kind")).filter(|kind| !kind.is_empty());
        field.personal = cells.ticked("field_personal");
        field.source = cells.ticked("field_source");
        field.datum = cells.text("field_datum");
        field.check().map_err(|error| match error {
            Error::Invalid { detail, .. } => Error::Invalid { field: "field".to_owned(), detail },
            other => other,
        })?;
        entry.content.fields.push(field);
        Ok(())
    }

    fn fault(&mut self, row: u64, error: Error) {
        if self.faults.len() < FAULTS_MAX {
            let field = match &error {
                Error::Invalid { field, .. } => field.clone(),
                _ => String::new(),
            };
            self.faults.push(Fault { row, field, error });
        }
    }
}

/// The closed lists. An empty cell means the default; a missing sharing class means shareable.
fn classify(content: &mut Content, cells: &Cells<'_>) -> Result<()> {
    let given = |name: &str| Some(cells.get(name)).filter(|cell| !cell.is_empty());
    if let Some(word) = given("format") {
        content.format = Format::parse(word)?;
    }
    if let Some(word) = given("library") {
        content.library = Library::parse(word)?;
    }
    if let Some(word) = given("theme") {
        let theme = theme(word).ok_or_else(|| Error::invalid("theme", "catalogue-word").with("given", word))?;
        content.theme = theme.code.to_owned();
    }
    if let Some(word) = given("sharing").filter(|word| !is_withheld(word)) {
        content.sharing = Sharing::parse(word)?;
    }
    if let Some(word) = given("opening") {
        content.opening = Opening::parse(word)?;
    }
    if let Some(word) = given("cycle") {
        content.cycle = Cycle::parse(word)?;
    }
    if let Some(number) = given("grade") {
        let range = || Error::invalid("grade", "grade-range").with("given", number);
        content.grade = Some(number.parse().map_err(|_| range())?);
    }
    Ok(())
}

/// The basis of an entry marked as not shared; without one the row is refused.
fn basis(cells: &Cells<'_>) -> Result<Option<(String, Option<CivilDate>)>> {
    if !is_withheld(cells.get("sharing")) {
        return Ok(None);
    }
    let basis = cells.text("basis");
    if basis.is_empty() {
        return Err(Error::invalid("basis", "catalogue-basis-missing"));
    }
    let until = cells.get("basis_until");
    let until = if until.is_empty() { None } else { Some(until.parse().map_err(|_| date_error(until))?) };
    Ok(Some((basis, until)))
}

fn date_error(given: &str) -> Error {
    Error::invalid("basis_until", "date-format").with("given", given)
}

fn is_withheld(word: &str) -> bool {
    matches!(word, "refused" | "不予共享" | "不予")
}

/// The guide's types, and those of this product.
fn field_type(given: &str) -> &str {
    match given {
        "字符型" | "C" | "文本" => "text",
        "数值型" | "N" | "数值" => "decimal",
        "整数" | "整型" => "integer",
        "日期型" | "D" | "日期" => "date",
        "日期时间型" | "T" | "时间" => "timestamp",
        "布尔型" | "L" => "boolean",
        other => other,
    }
}

fn columns_of(headers: &[String]) -> Result<HashMap<&'static str, usize>> {
    let mut columns = HashMap::new();
    for (place, header) in headers.iter().enumerate() {
        if let Some((name, _)) = COLUMNS.iter().find(|(name, zh)| name == header || zh == header) {
            columns.insert(*name, place);
        }
    }
    for needed in ["code", "title", "provider"] {
        if !columns.contains_key(needed) {
            return Err(Error::invalid(needed, "catalogue-column-missing"));
        }
    }
    Ok(columns)
}

fn head_cells(entry: &Imported) -> Vec<String> {
    let content = &entry.content;
    let (basis, until) = match &entry.basis {
        Some((basis, until)) => (basis.clone(), until.map(|until| until.to_string()).unwrap_or_default()),
        None => (String::new(), String::new()),
    };
    let sharing = if entry.basis.is_some() { "不予共享" } else { content.sharing.zh() };
    let mut cells = vec![
        entry.code.replacen('-', "/", 1),
        content.title.zh.clone(),
        content.title.en.clone(),
        content.provider.clone(),
        content.summary.zh.clone(),
        content.keywords.clone(),
        content.format.zh().to_owned(),
        theme(&content.theme).map_or(content.theme.as_str(), |theme| theme.zh).to_owned(),
        content.library.zh().to_owned(),
        sharing.to_owned(),
        content.sharing_terms.clone(),
        basis,
        until,
        content.opening.zh().to_owned(),
        content.opening_terms.clone(),
        content.grade.map(|grade| grade.to_string()).unwrap_or_default(),
        content.cycle.zh().to_owned(),
        content.retain_until.clone(),
        content.region.clone(),
        content.contact.clone(),
    ];
    cells.extend(content.duties.steps().map(|(_, name)| name.to_owned()));
    cells.iter_mut().for_each(guard);
    cells
}

fn field_cells(field: &Field) -> Vec<String> {
    let ticked = |on: bool| if on { "是" } else { "" }.to_owned();
    let mut cells = vec![
        field.name.clone(),
        field.title.zh.clone(),
        field.title.en.clone(),
        field.r#type.clone(),
        field.length.map(|length| length.to_string()).unwrap_or_default(),
        ticked(field.key),
        field.kind.clone().unwrap_or_default(),
        ticked(field.personal),
        ticked(field.source),
        field.datum.clone(),
    ];
    cells.iter_mut().for_each(guard);
    cells
}

/// Keeps a spreadsheet from taking a text for a formula.
fn guard(cell: &mut String) {
    if cell.starts_with(['=', '+', '-', '@']) {
        cell.insert(0, '\'');
    }
}

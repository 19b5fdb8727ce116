//! A list of people as a CSV or XLSX file: its rows as read, before anybody is made. Bounded in bytes and rows,
//! unpacked bytes counted before they are parsed.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};
use yiwang_kernel::{Error, Result, Role};

use crate::model::NewPerson;

/// Rows of one import at most.
const IMPORT_ROWS_MAX: usize = 2_000;
/// Unpacked bytes of an XLSX file at most.
const UNPACKED_BYTES_MAX: u64 = 32 * 1024 * 1024;
const ENTRIES_MAX: usize = 200;

/// One row of a list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its line in the file, the header being line 1.
    pub line: usize,
    /// The person it describes.
    pub person: NewPerson,
}

/// What the columns are called, in both languages.
const COLUMNS: [(&str, &[&str]); 4] = [
    ("name", &["name", "sign-in name", "登录名", "账号", "用户名"]),
    ("display", &["display", "person", "full name", "姓名"]),
    ("department", &["department", "department code", "部门", "部门代码"]),
    ("roles", &["roles", "role", "角色"]),
];

/// The rows of a CSV (UTF-8 or GB 18030) or XLSX file; refused as a whole when it cannot be read or lacks a column.
pub(crate) fn read_rows(bytes: &[u8]) -> Result<Vec<ImportRow>> {
    let table = if bytes.starts_with(b"PK\x03\x04") { xlsx(bytes)? } else { csv(bytes)? };
    let mut rows = table.into_iter();
    let header = rows.next().ok_or_else(|| Error::invalid("file", "accounts-import-empty"))?;
    let place = |names: &[&str]| {
        header
            .iter()
            .position(|title| names.contains(&title.trim().trim_start_matches('\u{feff}').to_lowercase().as_str()))
    };
    let mut places = [None; 4];
    for (at, (column, names)) in COLUMNS.iter().enumerate() {
        places[at] = place(names);
        if places[at].is_none() && *column != "department" {
            return Err(Error::invalid("file", "accounts-import-column").with("column", column));
        }
    }
    let mut read = Vec::new();
    for (position, row) in rows.enumerate() {
        let cell = |column: usize| places[column].and_then(|at| row.get(at)).map_or("", |cell| cell.trim());
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if read.len() >= IMPORT_ROWS_MAX {
            return Err(Error::too_large("accounts-import-rows").with("limit", IMPORT_ROWS_MAX));
        }
        let department = Some(cell(2).to_owned()).filter(|code| !code.is_empty());
        let roles = cell(3).split([' ', ',', ';', '、', '，', '；', '/']).filter(|word| !word.is_empty());
        let person = NewPerson {
            name: cell(0).to_lowercase(),
            display: cell(1).to_owned(),
            department,
            roles: roles.map(role_word).collect(),
        };
        read.push(ImportRow { line: position + 2, person });
    }
    if read.is_empty() {
        return Err(Error::invalid("file", "accounts-import-empty"));
    }
    Ok(read)
}

/// A role's word from its word or its Chinese title; what is neither stays as it is and is refused later.
fn role_word(text: &str) -> String {
    let title = |role: Role| match role {
        Role::SystemAdmin => "系统管理员",
        Role::SecurityAdmin => "安全管理员",
        Role::AuditAdmin => "审计管理员",
        Role::Bureau => "数据局",
        Role::Chief => "局长",
        Role::Steward => "数据专员",
        Role::Lead => "首席数据官",
        Role::Clerk => "窗口",
        Role::Approver => "审批",
        Role::Operator => "运维",
        Role::Resident => "市民",
        Role::Agent => "企业",
    };
    let known = Role::ALL.into_iter().find(|role| title(*role) == text);
    known.map_or_else(|| text.to_lowercase(), |role| role.word().to_owned())
}

fn csv(bytes: &[u8]) -> Result<Vec<Vec<String>>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(|| Error::invalid("file", "accounts-import-unreadable"))?
            .into_owned(),
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| Error::invalid("file", "accounts-import-unreadable"))?;
        rows.push(record.iter().map(str::to_owned).collect());
        if rows.len() > IMPORT_ROWS_MAX * 2 {
            return Err(Error::too_large("accounts-import-rows").with("limit", IMPORT_ROWS_MAX));
        }
    }
    Ok(rows)
}

fn xlsx(bytes: &[u8]) -> Result<Vec<Vec<String>>> {
    let unreadable = || Error::invalid("file", "accounts-import-unreadable");
    check_unpacked(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let sheet = book.worksheet_range_at(0).ok_or_else(unreadable)?.map_err(|_| unreadable())?;
    if sheet.height() > IMPORT_ROWS_MAX * 2 || sheet.width() > 100 {
        return Err(Error::too_large("accounts-import-rows").with("limit", IMPORT_ROWS_MAX));
    }
    let cell = |cell: &Data| match cell {
        Data::Empty | Data::Error(_) => String::new(),
        other => other.to_string(),
    };
    Ok(sheet.rows().map(|row| row.iter().map(cell).collect()).collect())
}

/// Unpacks everything once into nothing, so that no small file becomes a large one in memory.
fn check_unpacked(bytes: &[u8]) -> Result<()> {
    let unreadable = |_| Error::invalid("file", "accounts-import-unreadable");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    if archive.len() > ENTRIES_MAX {
        return Err(Error::too_large("accounts-import-unpacked"));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for entry in 0..archive.len() {
        let entry = archive.by_index(entry).map_err(unreadable)?;
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink());
        let unpacked = unpacked.map_err(|_| Error::invalid("file", "accounts-import-unreadable"))?;
        left = left.checked_sub(unpacked).ok_or_else(|| Error::too_large("accounts-import-unpacked"))?;
    }
    Ok(())
}

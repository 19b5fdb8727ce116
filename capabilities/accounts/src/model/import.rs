//! A list of people as a CSV or XLSX file: its rows as read, before anybody is made.

use yiwang_kernel::{Error, Result, Role};
use yiwang_web::list;

use crate::model::NewPerson;

/// Rows of one import at most.
const IMPORT_ROWS_MAX: usize = 2_000;

/// One row of a list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its line in the file, the header being line 1.
    pub line: u64,
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
    let mut rows = list(bytes, IMPORT_ROWS_MAX)?.into_iter();
    let (_, header) = rows.next().ok_or_else(|| Error::invalid("file", "accounts-import-empty"))?;
    let place = |names: &[&str]| header.iter().position(|title| names.contains(&title.to_lowercase().as_str()));
    let mut places = [None; 4];
    for (at, (column, names)) in COLUMNS.iter().enumerate() {
        places[at] = place(names);
        if places[at].is_none() && *column != "department" {
            return Err(Error::invalid("file", "accounts-import-column").with("column", column));
        }
    }
    let mut read = Vec::new();
    for (line, row) in rows {
        let cell = |column: usize| places[column].and_then(|at| row.get(at)).map_or("", String::as_str);
        let department = Some(cell(2).to_owned()).filter(|code| !code.is_empty());
        let roles = cell(3).split([' ', ',', ';', '、', '，', '；', '/']).filter(|word| !word.is_empty());
        let person = NewPerson {
            name: cell(0).to_lowercase(),
            display: cell(1).to_owned(),
            department,
            roles: roles.map(role_word).collect(),
        };
        read.push(ImportRow { line, person });
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

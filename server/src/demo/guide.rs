//! The demo's catalogue as the table a city imports: one row a field, by the compiling guide. Plants what an import
//! must find: a field claimed by two entries. Writes text; imports nothing.

use anyhow::{Context, Result};

use super::plan::{CLAIMED, Entry, Plan};

const HEAD: [&str; 23] = [
    "code",
    "title",
    "title_en",
    "provider",
    "summary",
    "format",
    "theme",
    "library",
    "opening",
    "grade",
    "cycle",
    "region",
    "contact",
    "duty_collect",
    "duty_transfer",
    "duty_store",
    "duty_use",
    "duty_open",
    "field",
    "field_title",
    "field_title_en",
    "field_type",
    "field_source",
];

/// The table of these entries.
pub(crate) fn table(plan: &Plan, entries: &[Entry], region: &str) -> Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEAD)?;
    for (place, entry) in entries.iter().enumerate() {
        let contact = plan.departments.iter().find(|department| department.code == entry.department);
        let contact = contact.map_or("", |department| department.short.as_str());
        let is_open = plan.tables.iter().any(|table| table.open && table.code == entry.code);
        let opening = if is_open { "unconditional" } else { "conditional" };
        let duties = |step: &str| format!("{contact}{step}专员");
        for field in &entry.fields {
            let claims = field[0] == CLAIMED;
            let row: [&str; 23] = [
                &entry.code,
                &entry.title,
                &entry.english,
                &entry.department,
                &entry.summary,
                "table",
                &entry.theme,
                if place < plan.tables.len() { "base" } else { "business" },
                opening,
                &entry.grade.to_string(),
                &entry.cycle,
                region,
                &format!("{contact}数据科"),
                &duties("采集"),
                &duties("传输"),
                &duties("存储"),
                &duties("使用"),
                &duties("开放"),
                &field[0],
                &field[1],
                &field[2],
                &field[3],
                if claims { "1" } else { "" },
            ];
            out.write_record(row)?;
        }
    }
    out.into_inner().map_err(|error| error.into_error()).context("writing the demo's catalogue")
}

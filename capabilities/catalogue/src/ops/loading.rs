//! What a load tells the catalogue: the version it made, and its fields. A load drafts an entry where there is none;
//! it never publishes and never opens anything, and it closes what it shows to be personal.

use yiwang_gate::grants;
use yiwang_gate::{Grantee, Mask};
use yiwang_kernel::{Ctx, Grade, Result, Text};
use yiwang_store::Tx;

use super::opening::shown_personal;
use super::{Noted, write};
use crate::model::{Attached, Content, Entry, Field, Format, Opened};
use crate::store;

/// A finished load.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedTable {
    /// The resource's code: an existing entry's, or one from [`super::new_code`].
    pub resource: String,
    /// What the table is called, for a new draft.
    pub title: Text,
    /// The department that answers for it, by code.
    pub department: String,
    /// The columns.
    pub fields: Vec<LoadedField>,
    /// The version the load made.
    pub version: u64,
    /// The rows of that version.
    pub rows: u64,
    /// The grade, if a person stated it with the load.
    pub grade: Option<Grade>,
}

/// One column of a load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadedField {
    /// Its name in the table.
    pub name: String,
    /// Its titles.
    pub title: Text,
    /// Its type.
    pub r#type: String,
    /// Longest value in characters.
    pub length: Option<u32>,
    /// Whether it has empty cells.
    pub nullable: bool,
    /// What its values are recognised as.
    pub kind: Option<String>,
    /// Whether that is personal.
    pub personal: bool,
    /// Whether the table may be sorted by it.
    pub sortable: bool,
    /// Whether it belongs to the key.
    pub key: bool,
}

/// Binds the version to its entry inside the load's own transaction; drafts the entry where there is none. Afterwards,
/// outside the transaction, [`super::index`] brings the search index up to date. The load checked the permission.
pub async fn draft_from_load(tx: &mut Tx<'_>, ctx: &Ctx, loaded: &LoadedTable) -> Result<Entry> {
    let attached = Attached { version: loaded.version, rows: loaded.rows, at: ctx.now().micros() };
    let Some(before) = store::entry_in(tx, &loaded.resource).await? else {
        let code = loaded.resource.parse()?;
        store::raise_sequence(tx, &code).await?;
        let mut entry = Entry::draft(code, drafted(loaded), &ctx.actor.to_string(), ctx.now());
        entry.attached = Some(attached);
        entry.content.check()?;
        write(tx, ctx, None, &mut entry, &Noted { word: "load", note: "", batch: None }).await?;
        return Ok(entry);
    };
    let mut entry = before.clone();
    entry.attached = Some(attached);
    learn(&mut entry.content, loaded);
    if let Some(pending) = &mut entry.pending {
        learn(pending, loaded);
    }
    if entry.opened == Opened::Open && shown_personal(&entry).is_some() {
        grants::suspend_resource(tx, &entry.code, &Grantee::Public, true).await?;
        entry.opened = Opened::TakenDown;
    }
    write(tx, ctx, Some(&before), &mut entry, &Noted { word: "load", note: "", batch: None }).await?;
    Ok(entry)
}

fn drafted(loaded: &LoadedTable) -> Content {
    let mut content = Content::new(loaded.title.clone(), &loaded.department);
    content.format = Format::Table;
    content.grade = loaded.grade.map(Grade::value);
    content.fields = loaded.fields.iter().map(field_of).collect();
    content
}

/// Columns nobody described yet are added; what a column was recognised as is kept, unless a person said otherwise.
fn learn(content: &mut Content, loaded: &LoadedTable) {
    for column in &loaded.fields {
        match content.fields.iter_mut().find(|field| field.name == column.name) {
            Some(field) => {
                field.r#type.clone_from(&column.r#type);
                field.sortable |= column.sortable;
                field.key |= column.key;
                if column.personal && !field.personal {
                    field.personal = true;
                    field.kind.clone_from(&column.kind);
                }
            }
            None => content.fields.push(field_of(column)),
        }
    }
    if content.grade.is_none() {
        content.grade = loaded.grade.map(Grade::value);
    }
}

fn field_of(column: &LoadedField) -> Field {
    Field {
        name: column.name.clone(),
        title: column.title.clone(),
        r#type: column.r#type.clone(),
        length: column.length,
        nullable: column.nullable,
        kind: column.kind.clone(),
        personal: column.personal,
        mask: column.personal.then_some(Mask::Null),
        sortable: column.sortable,
        key: column.key,
        ..Field::default()
    }
}

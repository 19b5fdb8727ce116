//! A resource as a reader of open data meets it: its entry, what the public grant shows of each field, its table.
//! The grant is asked, never guessed; what it does not show has no value on any page.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use yiwang_catalogue::{Entry, Opened};
use yiwang_gate::grants::{self, FindGrants};
use yiwang_gate::{Cell, Grant, Grantee, PURPOSE_PUBLIC, TableInfo};
use yiwang_kernel::{Ctx, Error, Lang, Result, Text};
use yiwang_store::Db;

use crate::place::{Place, System};

/// A resource as readers of open data meet it.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// Its entry.
    pub(crate) entry: Entry,
    /// The provider's name.
    pub(crate) department: Text,
    /// Its table, once it has one.
    pub(crate) table: Option<TableInfo>,
    /// Its fields.
    pub(crate) fields: Vec<FieldView>,
    /// Stands for the live public grants: as long as it is the same, the same rows and cells are open.
    pub(crate) grants: u64,
    /// Why nothing of it is open, when nothing is: the basis on the negative list, where it stands there.
    pub(crate) withheld: Option<String>,
}

/// A field as readers of open data meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldView {
    /// Its name.
    pub(crate) name: String,
    /// Its title.
    pub(crate) title: Text,
    /// Its type: `text`, `integer`, `decimal(18,2)` ...
    pub(crate) r#type: String,
    /// What the public grant does with it.
    pub(crate) shown: Shown,
    /// Whether tables may be sorted by it.
    pub(crate) sortable: bool,
}

/// What the public grant does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Its values are open.
    Open,
    /// A mask stands in its cells.
    Masked,
    /// It is not there.
    Withheld,
}

impl Shown {
    /// The word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Shown::Open => "open",
            Shown::Masked => "masked",
            Shown::Withheld => "withheld",
        }
    }

    /// The message id of its words on the screen.
    pub(crate) fn text_id(self) -> &'static str {
        match self {
            Shown::Open => "portal-field-shown",
            Shown::Masked => "portal-field-masked",
            Shown::Withheld => "portal-field-withheld",
        }
    }
}

impl Resource {
    /// Whether its data are open.
    pub(crate) fn is_open(&self) -> bool {
        self.entry.opened == Opened::Open && self.table.is_some() && self.shown().next().is_some()
    }

    /// The fields that are open or masked.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &FieldView> {
        self.fields.iter().filter(|field| field.shown != Shown::Withheld)
    }

    /// A field's title in the reader's language; its name where the entry knows none.
    pub(crate) fn title_of(&self, name: &str, lang: Lang) -> String {
        let found = self.fields.iter().find(|field| field.name == name);
        found.map_or_else(|| name.to_owned(), |field| field.title.get(lang).to_owned())
    }

    /// Where a row's place stands, among the fields that are open.
    pub(crate) fn place(&self) -> Option<Place> {
        let open = self.fields.iter().filter(|field| field.shown == Shown::Open);
        Place::find(open.map(|field| (field.name.as_str(), field.title.zh.as_str())))
    }

    /// The coordinate system of the place, as the titles of its columns or the summary name it.
    pub(crate) fn system(&self, place: &Place) -> System {
        let columns = place.columns();
        let titles = self.fields.iter().filter(|field| columns.contains(&field.name.as_str()));
        let summary = &self.entry.content.summary;
        let words = titles.flat_map(|field| [field.title.zh.as_str(), field.title.en.as_str(), field.name.as_str()]);
        System::told(words.chain([summary.zh.as_str(), summary.en.as_str()]))
    }

    /// Refuses when nothing of it may be read, as the page would say it.
    pub(crate) fn require_open(&self) -> Result<()> {
        match self.entry.opened {
            Opened::TakenDown => Err(Error::gone("gate-taken-down").with("resource", &self.entry.code)),
            _ if self.is_open() => Ok(()),
            _ => Err(Error::not_found("gate-resource-not-public").with("resource", &self.entry.code)),
        }
    }
}

/// The public grants of a resource that hold now.
pub(crate) async fn live_grants(db: &Db, ctx: &Ctx, code: &str) -> Result<Vec<Grant>> {
    let wanted = FindGrants {
        resource: Some(code.to_owned()),
        purpose: Some(PURPOSE_PUBLIC.to_owned()),
        grantee: Some(Grantee::Public),
    };
    let mut live = grants::find(db, &wanted).await?;
    live.retain(|grant| grant.is_live(ctx.now()));
    Ok(live)
}

/// A number that stands for these grants: other grants, other number.
pub(crate) fn number_of(grants: &[Grant]) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{grants:?}").hash(&mut hasher);
    hasher.finish()
}

/// The fields of an entry under these grants; columns the entry does not name yet are withheld.
pub(crate) fn fields(grants: &[Grant], entry: &Entry, table: Option<&TableInfo>) -> Vec<FieldView> {
    let view = |field: &yiwang_catalogue::Field| {
        let in_table = table.is_some_and(|table| table.schema.index_of(&field.name).is_ok());
        FieldView {
            name: field.name.clone(),
            title: field.title.clone(),
            r#type: field.r#type.clone(),
            shown: if in_table { shown(grants, &field.name) } else { Shown::Withheld },
            sortable: table.is_some_and(|table| table.sortable.contains(&field.name)),
        }
    };
    entry.content.fields.iter().map(view).collect()
}

fn shown(grants: &[Grant], field: &str) -> Shown {
    let cells = || grants.iter().map(|grant| grant.cell(field));
    if cells().any(|cell| cell == Cell::Shown) {
        Shown::Open
    } else if cells().any(|cell| matches!(cell, Cell::Masked(_))) {
        Shown::Masked
    } else {
        Shown::Withheld
    }
}

//! A list as a table: sortable headers, paging with exact totals, exports of what the filter shows, an empty state
//! that says what to do. Read without CSS or script; narrow screens show each row as a card.

use askama::Template;
use yiwang_kernel::{Error, Result};

use crate::{Format, Markup, View};

/// A table under construction. The query of its page carries `sort`, `dir`, `page`, `after`, `format`.
#[derive(Debug, Clone)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    total: Option<u64>,
    paging: Paging,
    empty: String,
    exports: Vec<Format>,
    sorted: Option<(String, bool)>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    title: String,
    sortable: bool,
    number: bool,
}

/// One cell, in the reader's language.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number, already grouped; set to the right.
    Number(String),
    /// A link: address and words.
    Link(String, String),
    /// A state in a word, with its tone.
    State(String, Tone),
    /// Markup of web's own parts.
    Markup(Markup),
    /// No value.
    Missing,
}

/// How a state or notice is meant; the words say it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Plain,
    /// As it should be.
    Good,
    /// Soon late, held, to be looked at.
    Warning,
    /// Late, refused, failed.
    Bad,
}

/// How one gets to the other rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// All rows are here.
    Whole,
    /// Page numbers: `?page=`, counted from 1.
    Numbered {
        /// This page.
        page: u64,
        /// Rows per page.
        rows: u64,
    },
    /// Next by cursor: `?after=`.
    Keyset {
        /// The encoded cursor of the next page; none on the last.
        next: Option<String>,
    },
}

#[derive(Template)]
#[template(path = "table.html")]
struct TableBody<'a> {
    view: &'a View,
    table: &'a Table,
    heads: Vec<HeadCell>,
    shown: String,
    pages: Vec<PageLink>,
    exports: Vec<(String, String)>,
}

struct HeadCell {
    title: String,
    link: String,
    aria: &'static str,
    mark: &'static str,
    number: bool,
}

struct PageLink {
    to: String,
    words: String,
    rel: &'static str,
    current: bool,
}

impl Table {
    /// A table of this caption (read by screen readers, shown above).
    pub fn new(caption: impl Into<String>) -> Table {
        Table {
            caption: caption.into(),
            columns: Vec::new(),
            rows: Vec::new(),
            total: None,
            paging: Paging::Whole,
            empty: String::new(),
            exports: Vec::new(),
            sorted: None,
        }
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, column: Column) -> Table {
        self.columns.push(column);
        self
    }

    /// Adds a row: a cell per column.
    #[must_use]
    pub fn row(mut self, cells: Vec<Cell>) -> Table {
        self.rows.push(cells);
        self
    }

    /// All rows that match, exactly.
    #[must_use]
    pub fn total(mut self, total: u64) -> Table {
        self.total = Some(total);
        self
    }

    /// How one gets to the other rows.
    #[must_use]
    pub fn paging(mut self, paging: Paging) -> Table {
        self.paging = paging;
        self
    }

    /// What an empty list says: why it may be empty and what to do next.
    #[must_use]
    pub fn empty(mut self, words: impl Into<String>) -> Table {
        self.empty = words.into();
        self
    }

    /// The formats this address answers with `?format=`.
    #[must_use]
    pub fn exports(mut self, formats: &[Format]) -> Table {
        self.exports = formats.to_vec();
        self
    }

    /// The column the rows are sorted by, and whether downwards.
    #[must_use]
    pub fn sorted(mut self, column: impl Into<String>, descending: bool) -> Table {
        self.sorted = Some((column.into(), descending));
        self
    }

    /// The table for this reader.
    pub fn render(&self, view: &View) -> Result<Markup> {
        if self.rows.iter().any(|row| row.len() != self.columns.len()) {
            return Err(Error::broken(format!("a row of the table {} has not a cell per column", self.caption)));
        }
        let body = TableBody {
            view,
            table: self,
            heads: self.columns.iter().map(|column| self.head(view, column)).collect(),
            shown: self.shown(view),
            pages: self.pages(view),
            exports: self.exports.iter().map(|format| format.link(view)).collect(),
        };
        let html = body.render().map_err(|source| Error::internal("a table did not render", source))?;
        Ok(Markup::trusted(html))
    }

    fn head(&self, view: &View, column: &Column) -> HeadCell {
        let sorted = self.sorted.as_ref().filter(|(name, _)| *name == column.name).map(|(_, descending)| *descending);
        let (aria, mark, direction) = match sorted {
            Some(false) => ("ascending", "▲", "desc"),
            Some(true) => ("descending", "▼", "asc"),
            None => ("", "", "asc"),
        };
        let link = if column.sortable {
            view.address_setting(&[("sort", &column.name), ("dir", direction), ("page", ""), ("after", "")])
        } else {
            String::new()
        };
        HeadCell { title: column.title.clone(), link, aria, mark, number: column.number }
    }

    fn shown(&self, view: &View) -> String {
        let Some(total) = self.total else { return String::new() };
        let all = view.n(total);
        match self.paging {
            Paging::Numbered { page, rows } if total > rows => {
                let first = (page.max(1) - 1) * rows + 1;
                let last = (first + self.rows.len() as u64).saturating_sub(1);
                let args = [("first", view.n(first).into()), ("last", view.n(last).into()), ("total", all.into())];
                view.with_args("table-shown", &args)
            }
            _ => view.with("table-total", "total", all),
        }
    }

    fn pages(&self, view: &View) -> Vec<PageLink> {
        match &self.paging {
            Paging::Whole => Vec::new(),
            Paging::Numbered { page, rows } => numbered(view, *page, self.total.unwrap_or(0).div_ceil((*rows).max(1))),
            Paging::Keyset { next } => keyset(view, next.as_deref()),
        }
    }
}

impl Column {
    /// A column: its name in addresses and its title.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Column {
        Column { name: name.into(), title: title.into(), sortable: false, number: false }
    }

    /// Its head sorts the list.
    #[must_use]
    pub fn sortable(mut self) -> Column {
        self.sortable = true;
        self
    }

    /// Holds numbers, set to the right.
    #[must_use]
    pub fn number(mut self) -> Column {
        self.number = true;
        self
    }
}

impl Cell {
    /// Words; an empty text is a missing value.
    pub fn text(words: impl Into<String>) -> Cell {
        let words = words.into();
        if words.is_empty() { Cell::Missing } else { Cell::Text(words) }
    }

    /// A link.
    pub fn link(to: impl Into<String>, words: impl Into<String>) -> Cell {
        Cell::Link(to.into(), words.into())
    }
}

impl Tone {
    /// Its CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "bad",
        }
    }
}

/// First, previous, up to five numbers around this page, next, last.
fn numbered(view: &View, page: u64, last: u64) -> Vec<PageLink> {
    if last < 2 {
        return Vec::new();
    }
    let page = page.clamp(1, last);
    let link = |to: u64, words: String, rel: &'static str, current: bool| PageLink {
        to: view.address_setting(&[("page", &to.to_string()), ("after", "")]),
        words,
        rel,
        current,
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(page - 1, view.t("table-previous"), "prev", false));
    }
    let around = page.saturating_sub(2).max(1)..=(page + 2).min(last);
    if *around.start() > 1 {
        links.push(link(1, view.n(1), "", false));
    }
    links.extend(around.clone().map(|number| link(number, view.n(number), "", number == page)));
    if *around.end() < last {
        links.push(link(last, view.n(last), "", false));
    }
    if page < last {
        links.push(link(page + 1, view.t("table-next"), "next", false));
    }
    links
}

fn keyset(view: &View, next: Option<&str>) -> Vec<PageLink> {
    let link = |after: &str, words: String, rel: &'static str| PageLink {
        to: view.address_setting(&[("after", after), ("page", "")]),
        words,
        rel,
        current: false,
    };
    let mut links = Vec::new();
    if view.query.split('&').any(|part| part.starts_with("after=")) {
        links.push(link("", view.t("table-start"), "first"));
    }
    links.extend(next.map(|after| link(after, view.t("table-next"), "next")));
    links
}

//! What a reader may ask: rows of one resource, their count, SQL over several, changes between versions.
//! Plain data; knows no engine. Values are text here and typed by the column they meet.

use yiwang_kernel::{Error, Id, Instant, Result};

/// Rows one request may ask for at most when it pages.
pub const PAGE_ROWS_MAX: u64 = 10_000;
/// Filters one request may carry.
pub const FILTERS_MAX: usize = 50;
/// Values one `In` filter may carry.
pub const VALUES_MAX: usize = 1_000;
/// Characters of one SQL text.
pub const SQL_CHARS_MAX: usize = 20_000;
/// Keys one lookup may carry.
pub const LOOKUP_KEYS_MAX: usize = 1_000;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Rows of one resource.
    Rows(RowsQuery),
    /// How many rows of one resource match.
    Count(CountQuery),
    /// A SELECT over resources by their codes.
    Sql(SqlQuery),
    /// What was inserted and deleted between two versions.
    Changes(ChangesQuery),
}

/// Which state of a resource is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum At {
    /// The newest version.
    #[default]
    Latest,
    /// Version n, counted from 1.
    Version(u64),
    /// The version that was the newest at this instant.
    Time(Instant),
    /// A held load, before anybody accepted it: its own rows only.
    Staged(Id),
    /// The rows a load refused: columns `line`, `field`, `reason`, `text`.
    Refused(Id),
}

/// Rows of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowsQuery {
    /// The resource's code.
    pub resource: String,
    /// Which state.
    pub at: At,
    /// Fields by name, in the order wanted; empty means every field granted.
    pub fields: Vec<String>,
    /// All of these must hold.
    pub filters: Vec<Filter>,
    /// In which order; without one, the order of loading.
    pub sort: Option<Sort>,
    /// Which part.
    pub page: Page,
}

/// Which part of the rows is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Page {
    /// Everything, streamed.
    #[default]
    All,
    /// So many rows after skipping `offset`.
    Offset {
        /// Rows to skip.
        offset: u64,
        /// Rows wanted, at most [`PAGE_ROWS_MAX`].
        rows: u64,
    },
    /// So many rows after the place an earlier answer's `next` named.
    After {
        /// The earlier answer's `next`.
        cursor: String,
        /// Rows wanted, at most [`PAGE_ROWS_MAX`].
        rows: u64,
    },
}

/// How many rows of one resource match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountQuery {
    /// The resource's code.
    pub resource: String,
    /// Which state.
    pub at: At,
    /// All of these must hold.
    pub filters: Vec<Filter>,
}

/// A SELECT. A resource is named by its code as a table: `select * from parking`, or quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SqlQuery {
    /// One SELECT statement.
    pub text: String,
    /// Rows at most; the answer is cut there.
    pub rows_max: Option<u64>,
}

/// What changed after version `from`, up to version `to`: the rows with a column `_change` (`insert`, `delete`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesQuery {
    /// The resource's code.
    pub resource: String,
    /// The version the reader already has; 0 for none.
    pub from: u64,
    /// The version wanted; none for the newest.
    pub to: Option<u64>,
}

/// One condition on one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Filter {
    /// The field's name.
    pub field: String,
    /// How it is compared.
    pub op: Op,
    /// With what: one value, several for `In`, none for `IsNull`.
    #[serde(default)]
    pub values: Vec<String>,
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal; an empty cell is not unequal to anything.
    Ne,
    /// Less than.
    Lt,
    /// At most.
    Le,
    /// More than.
    Gt,
    /// At least.
    Ge,
    /// One of the values.
    In,
    /// Text that contains the value.
    Contains,
    /// An empty cell.
    IsNull,
}

/// One field and a direction; empty cells come last either way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Sort {
    /// The field's name; one declared sortable.
    pub field: String,
    /// From the largest down.
    pub descending: bool,
}

/// Rows by their key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookup {
    /// The resource's code.
    pub resource: String,
    /// Which state.
    pub at: At,
    /// Key values, one list per row wanted, in the order of the table's key.
    pub keys: Vec<Vec<String>>,
    /// Fields by name; empty means every field granted.
    pub fields: Vec<String>,
}

impl Filter {
    /// A condition with one value.
    pub fn new(field: impl Into<String>, op: Op, value: impl Into<String>) -> Filter {
        Filter { field: field.into(), op, values: vec![value.into()] }
    }

    /// Refuses a condition whose number of values does not fit its comparison.
    pub fn check(&self) -> Result<()> {
        let fits = match self.op {
            Op::IsNull => self.values.is_empty(),
            Op::In => (1..=VALUES_MAX).contains(&self.values.len()),
            _ => self.values.len() == 1,
        };
        if fits { Ok(()) } else { Err(Error::invalid(&self.field, "gate-filter-values")) }
    }
}

impl Op {
    /// From the word used in addresses: `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `in`, `contains`, `null`.
    pub fn parse(word: &str) -> Option<Op> {
        match word {
            "eq" => Some(Op::Eq),
            "ne" => Some(Op::Ne),
            "lt" => Some(Op::Lt),
            "le" => Some(Op::Le),
            "gt" => Some(Op::Gt),
            "ge" => Some(Op::Ge),
            "in" => Some(Op::In),
            "contains" => Some(Op::Contains),
            "null" => Some(Op::IsNull),
            _ => None,
        }
    }
}

impl RowsQuery {
    /// Every row and granted field of a resource, newest version.
    pub fn all(resource: impl Into<String>) -> RowsQuery {
        RowsQuery { resource: resource.into(), ..RowsQuery::default() }
    }
}

impl Query {
    /// Refuses what is over a limit, naming it.
    pub fn check(&self) -> Result<()> {
        match self {
            Query::Rows(rows) => {
                if let Page::Offset { rows, .. } | Page::After { rows, .. } = rows.page
                    && !(1..=PAGE_ROWS_MAX).contains(&rows)
                {
                    return Err(Error::invalid("rows", "gate-page-rows").with("limit", PAGE_ROWS_MAX));
                }
                check_filters(&rows.filters)
            }
            Query::Count(count) => check_filters(&count.filters),
            Query::Sql(sql) if sql.text.len() > SQL_CHARS_MAX => {
                Err(Error::invalid("sql", "text-too-long").with("limit", SQL_CHARS_MAX))
            }
            Query::Sql(_) => Ok(()),
            Query::Changes(changes) if changes.to.is_some_and(|to| to < changes.from) => {
                Err(Error::invalid("to", "gate-changes-backwards"))
            }
            Query::Changes(_) => Ok(()),
        }
    }
}

fn check_filters(filters: &[Filter]) -> Result<()> {
    if filters.len() > FILTERS_MAX {
        return Err(Error::invalid("filters", "gate-filters-many").with("limit", FILTERS_MAX));
    }
    filters.iter().try_for_each(Filter::check)
}

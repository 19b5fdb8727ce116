//! A load as people speak of it: what was asked, where it stands, what its report says. Pure; reads and writes nothing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use yiwang_gate::Mode;
use yiwang_kernel::{Error, Grade, Id, Instant, Result};

/// Characters of a file name that are kept.
pub(crate) const FILE_NAME_CHARS_MAX: usize = 200;
/// Different reasons of refusal a report lists; further ones are counted together under the last.
pub(crate) const REASONS_MAX: usize = 100;

/// What is to be loaded, and how.
#[derive(Debug, Clone)]
pub struct LoadRequest {
    /// Names the load: the same id twice is one load with one result. Made when absent.
    pub load: Option<Id>,
    /// Where the bytes are.
    pub source: Source,
    /// The file's name as the sender calls it; format and title are guessed from it.
    pub file_name: String,
    /// The department that answers for the data, by code; the actor's own when absent.
    pub department: Option<String>,
    /// The resource to load into; a new one is drafted when absent.
    pub resource: Option<String>,
    /// How the rows meet those already there.
    pub mode: Mode,
    /// Columns of the key, by title or name.
    pub key: Vec<String>,
    /// The grade a person states; without it the load only proposes one.
    pub grade: Option<Grade>,
    /// Reports everything and keeps nothing.
    pub dry_run: bool,
}

/// Where the bytes of a load are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file of this machine.
    Path(PathBuf),
    /// A sealed file of the platform, as uploads arrive.
    Blob(Id),
    /// The same of a file that arrived by itself: a person decides about it, whatever is in it.
    Arrival(Id),
}

/// Where a load stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 处理中: its rows are being read.
    Running,
    /// 已入库: its rows are a version of the resource.
    Loaded,
    /// 待确认: too many rows were refused, or its columns are not those of the resource; a person decides.
    Held,
    /// 已拒收: nothing was taken.
    Refused,
    /// 已取消: given up by a person or cut off by a stop of the platform; nothing was taken.
    Cancelled,
    /// 已回退: it was a version and was taken back.
    RolledBack,
    /// 试装: a dry run; nothing was kept.
    Tried,
}

/// The report of one load, the same in the browser, on the command line and over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// The load.
    pub load: String,
    /// The file, and inside a workbook or archive the table: `book.xlsx#Sheet1`.
    pub source: String,
    /// The resource's code; empty in a dry run into a new one.
    pub resource: String,
    /// The resource's title.
    pub title: String,
    /// The department that answers for it, by code.
    pub department: String,
    /// How the rows met those already there.
    pub mode: Mode,
    /// Where it stands.
    pub state: State,
    /// The version it made.
    pub version: Option<u64>,
    /// Rows of the source, the header not counted.
    pub rows_in: u64,
    /// Rows taken.
    pub rows_loaded: u64,
    /// Rows refused.
    pub rows_refused: u64,
    /// Of the rows taken, those that replaced an older row with the same key.
    pub rows_replaced: u64,
    /// Rows left out because a later row of the same file has their key.
    pub rows_duplicate: u64,
    /// Why rows were refused, most frequent first.
    pub refusals: Vec<Refusal>,
    /// The columns.
    pub fields: Vec<FieldReport>,
    /// The columns of the key.
    pub key: Vec<String>,
    /// The file's encoding.
    pub encoding: String,
    /// The file's format.
    pub format: String,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The grade a person stated, or the one the load proposes.
    pub grade: u8,
    /// Whether the grade is only proposed.
    pub grade_proposed: bool,
    /// Why it is held or refused: a message code.
    pub verdict: Option<String>,
    /// Seconds from the first byte to the report.
    pub seconds: f64,
    /// Where to see the resource.
    pub address: String,
}

/// How often and where first a reason of refusal occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A message code.
    pub reason: String,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// Rows refused for it.
    pub rows: u64,
    /// The first line it occurred on.
    pub line_first: u64,
}

/// One column as the load found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldReport {
    /// Its name in the table.
    pub name: String,
    /// Its title in the file.
    pub title: String,
    /// Its type.
    pub r#type: String,
    /// Why this type: a message code.
    pub why: String,
    /// What the values are recognised as: `resident_id`, `mobile` ...
    pub kind: Option<String>,
    /// Whether that kind is personal.
    pub personal: bool,
    /// Whether the table may be sorted by it.
    pub sortable: bool,
    /// Empty cells.
    pub nulls: u64,
    /// Different values, approximately where many.
    pub distinct: u64,
}

/// Which part of the rows may be refused before a load is held, and before it is refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Held from this many refused per thousand rows on.
    pub held_permille: u64,
    /// Refused whole above this many per thousand rows.
    pub refused_permille: u64,
}

impl Default for Thresholds {
    /// Accepted under 1 %, held up to 20 %, refused above.
    fn default() -> Thresholds {
        Thresholds { held_permille: 10, refused_permille: 200 }
    }
}

impl Thresholds {
    /// What becomes of a load in which so many rows of so many were refused.
    pub fn verdict(self, rows_in: u64, rows_refused: u64) -> State {
        let share = u128::from(rows_refused) * 1000;
        let rows = u128::from(rows_in);
        if rows_refused == 0 || share < rows * u128::from(self.held_permille) {
            State::Loaded
        } else if share <= rows * u128::from(self.refused_permille) {
            State::Held
        } else {
            State::Refused
        }
    }
}

impl State {
    /// Every state, in the order pages list them.
    pub const ALL: [State; 7] =
        [State::Running, State::Loaded, State::Held, State::Refused, State::Cancelled, State::RolledBack, State::Tried];

    /// The word in the store and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Loaded => "loaded",
            State::Held => "held",
            State::Refused => "refused",
            State::Cancelled => "cancelled",
            State::RolledBack => "rolled_back",
            State::Tried => "tried",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Result<State> {
        let known = State::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| Error::invalid("state", "load-state-unknown").with("given", word))
    }

    /// The message id of its words on the screen.
    pub fn text_id(self) -> String {
        format!("collect-state-{}", self.word().replace('_', "-"))
    }
}

/// One line of the list of loads.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadLine {
    /// The load.
    pub id: Id,
    /// When it began.
    pub started: Instant,
    /// Who began it, as audit lines name people.
    pub actor: String,
    /// The sealed raw file, as long as it is kept.
    pub raw: Option<Id>,
    /// What it says.
    pub report: LoadReport,
}

/// What a list of loads is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadFilter {
    /// One department's.
    pub department: Option<String>,
    /// One resource's.
    pub resource: Option<String>,
    /// In one state.
    pub state: Option<State>,
}

/// The file's name without folders and control characters, cut to what is kept; refused when nothing is left.
pub(crate) fn file_name(given: &str) -> Result<String> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|letter| !letter.is_control()).take(FILE_NAME_CHARS_MAX).collect();
    let clean = clean.trim();
    if clean.is_empty() || clean.chars().all(|letter| letter == '.') {
        return Err(Error::invalid("file", "file-name"));
    }
    Ok(clean.to_owned())
}

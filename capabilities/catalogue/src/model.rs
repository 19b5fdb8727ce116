//! An entry of the catalogue: what people write about a resource, and where it stands. Pure; reads and writes nothing.

mod code;
mod content;
mod cycle;
mod diff;
mod field;
mod integration;
mod name;
mod negative;
mod table;
mod themes;
mod words;

use serde::{Deserialize, Serialize};
use yiwang_kernel::{Error, Grade, Instant, Result};

pub use code::Code;
pub(crate) use code::drafted_classification;
pub use content::{Content, Duties, STEPS};
pub use cycle::Timeliness;
pub use diff::{Difference, differences};
pub use field::{FIELDS_MAX, Field};
pub use integration::Integrated;
pub use name::draft_name;
pub use negative::Withheld;
pub(crate) use table::TABLE_BYTES_MAX;
pub use table::{Fault, Imported, read_table, write_table};
pub use themes::{THEMES, Theme, theme};
pub use words::{Cycle, Format, Library, Opened, Opening, Sharing, State};

/// An entry with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its code, as it stands in addresses: `306001-000001`.
    pub code: String,
    /// What is published, or (before the first publication) what is being written.
    pub content: Content,
    /// The next wording of a published entry, until it is approved.
    pub pending: Option<Content>,
    /// Where it stands.
    pub state: State,
    /// Whether `content` is published.
    pub published: bool,
    /// Why it was sent back; empty otherwise.
    pub returned: String,
    /// Whether its data is open to the public.
    pub opened: Opened,
    /// The fields the public grant lists, or those asked for.
    pub opened_fields: Vec<String>,
    /// Why it was opened, taken down or asked for.
    pub opening_reason: String,
    /// Its data.
    pub attached: Option<Attached>,
    /// Who wrote it last.
    pub edited_by: String,
    /// Who sent it to review.
    pub submitted_by: String,
    /// When it was made, microseconds.
    pub created: i64,
    /// When it was last changed, microseconds.
    pub updated: i64,
    /// When it was first published, microseconds.
    pub published_at: Option<i64>,
    /// Counts its changes, from 1.
    pub revision: i64,
}

/// The data an entry is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The version.
    pub version: u64,
    /// Its rows.
    pub rows: u64,
    /// When it was loaded, microseconds.
    pub at: i64,
}

/// 挂接: whether data stands behind an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// 未挂接.
    Unattached,
    /// 已挂接.
    Attached,
    /// 停更: no load for more than twice the promised cycle.
    Stalled,
}

impl Attachment {
    /// The word in addresses and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Attachment::Unattached => "none",
            Attachment::Attached => "attached",
            Attachment::Stalled => "stalled",
        }
    }
}

impl Entry {
    /// A new draft.
    pub fn draft(code: Code, content: Content, actor: &str, now: Instant) -> Entry {
        Entry {
            code: code.to_string(),
            content,
            pending: None,
            state: State::Draft,
            published: false,
            returned: String::new(),
            opened: Opened::Closed,
            opened_fields: Vec::new(),
            opening_reason: String::new(),
            attached: None,
            edited_by: actor.to_owned(),
            submitted_by: String::new(),
            created: now.micros(),
            updated: now.micros(),
            published_at: None,
            revision: 0,
        }
    }

    /// What an editor goes on writing.
    pub fn latest(&self) -> &Content {
        self.pending.as_ref().unwrap_or(&self.content)
    }

    /// The code as the compiling guide writes it: `306001/000001`.
    pub fn formal_code(&self) -> String {
        self.code.replacen('-', "/", 1)
    }

    /// The grade that counts: 3 until a person has set one.
    pub fn grade(&self) -> Grade {
        let set = self.content.grade.and_then(|grade| Grade::new(grade.into()).ok());
        set.unwrap_or(Grade::UNGRADED)
    }

    /// Whether everybody may read the entry.
    pub fn is_public(&self) -> bool {
        self.published && self.opened != Opened::TakenDown
    }

    /// Whether data stands behind it, and keeps coming.
    pub fn attachment(&self, now: Instant) -> Attachment {
        match self.timeliness(now) {
            Timeliness::NoData => Attachment::Unattached,
            Timeliness::Late { days } if days > self.content.cycle.days().unwrap_or(i64::MAX) => Attachment::Stalled,
            _ => Attachment::Attached,
        }
    }

    /// Whether the promised cycle is kept.
    pub fn timeliness(&self, now: Instant) -> Timeliness {
        cycle::timeliness(self.content.cycle, self.attached.map(|attached| Instant::from_micros(attached.at)), now)
    }

    /// Takes another wording: beside the published one, or in place of the draft.
    pub fn reword(&mut self, content: Content, actor: &str) -> Result<()> {
        content.check()?;
        self.check_names(&content)?;
        match self.state {
            State::Draft | State::Returned | State::Changing => {}
            State::Published => self.state = State::Changing,
            State::Review => return Err(Error::refused("catalogue-in-review")),
            State::Retired => return Err(Error::refused("catalogue-retired")),
        }
        if self.published {
            self.pending = Some(content);
        } else {
            self.content = content;
        }
        self.edited_by = actor.to_owned();
        Ok(())
    }

    /// 提交: to review.
    pub fn submit(&mut self, actor: &str) -> Result<()> {
        if !matches!(self.state, State::Draft | State::Returned | State::Changing) {
            return Err(self.wrong_state());
        }
        self.latest().check_publishable()?;
        self.state = State::Review;
        self.returned.clear();
        self.submitted_by = actor.to_owned();
        Ok(())
    }

    /// 发布: by somebody who neither wrote nor submitted it.
    pub fn approve(&mut self, reviewer: &str, now: Instant) -> Result<()> {
        self.check_reviewer(reviewer)?;
        self.latest().check_publishable()?;
        if let Some(pending) = self.pending.take() {
            self.content = pending;
        }
        self.state = State::Published;
        self.published = true;
        self.published_at = self.published_at.or(Some(now.micros()));
        Ok(())
    }

    /// 退回: to be mended, saying why.
    pub fn send_back(&mut self, reviewer: &str, reason: &str) -> Result<()> {
        self.check_reviewer(reviewer)?;
        self.returned = required_reason(reason)?;
        self.state = State::Returned;
        Ok(())
    }

    /// 停用: no longer offered; comes back by [`Entry::revive`].
    pub fn retire(&mut self) -> Result<()> {
        if !self.published {
            return Err(self.wrong_state());
        }
        if matches!(self.opened, Opened::Open | Opened::Asked) {
            return Err(Error::refused("catalogue-retire-open"));
        }
        self.state = State::Retired;
        self.published = false;
        Ok(())
    }

    /// 恢复: a retired entry is published again as it was.
    pub fn revive(&mut self) -> Result<()> {
        if self.state != State::Retired {
            return Err(self.wrong_state());
        }
        self.state = if self.pending.is_some() { State::Changing } else { State::Published };
        self.published = true;
        Ok(())
    }

    /// The refusal of an act that the present state does not allow.
    pub fn wrong_state(&self) -> Error {
        Error::refused("catalogue-state").with("state", self.state.word())
    }

    fn check_reviewer(&self, reviewer: &str) -> Result<()> {
        if self.state != State::Review {
            return Err(self.wrong_state());
        }
        if reviewer == self.edited_by || reviewer == self.submitted_by {
            return Err(Error::refused("catalogue-own-review"));
        }
        Ok(())
    }

    /// A field's name is fixed once the entry was published or has data.
    fn check_names(&self, next: &Content) -> Result<()> {
        if !self.published && self.attached.is_none() && self.published_at.is_none() {
            return Ok(());
        }
        let lost = self.content.fields.iter().find(|field| next.field(&field.name).is_none());
        lost.map_or(Ok(()), |field| Err(Error::invalid(&field.name, "catalogue-field-name-fixed")))
    }
}

/// A reason in words, up to 500 characters; empty is refused.
pub(crate) fn required_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    match reason.chars().count() {
        0 => Err(Error::invalid("reason", "field-missing")),
        501.. => Err(Error::invalid("reason", "text-too-long").with("limit", 500)),
        _ => Ok(reason.to_owned()),
    }
}

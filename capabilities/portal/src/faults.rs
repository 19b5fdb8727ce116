//! 报错: somebody says which row or field of a resource is wrong, and why. Kept for the department that answers for the
//! data; the sender gets a number to look the answer up and leaves no name, address or cookie.

use yiwang_kernel::{Error, Id, Instant, Result};

/// Characters of the description.
pub(crate) const WORDS_CHARS_MAX: usize = 2_000;
/// Characters of the place.
pub(crate) const PLACE_CHARS_MAX: usize = 200;
/// Characters of the answer.
pub(crate) const ANSWER_CHARS_MAX: usize = 2_000;

/// A reported fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The report.
    pub(crate) id: Id,
    /// What its sender was given to look it up.
    pub(crate) handle: String,
    /// The resource's code.
    pub(crate) resource: String,
    /// The department that answers for the data.
    pub(crate) department: String,
    /// Which row or field.
    pub(crate) place: String,
    /// What is wrong, in the sender's words.
    pub(crate) words: String,
    /// When it came.
    pub(crate) reported: Instant,
    /// Where it stands.
    pub(crate) state: FaultState,
    /// What the department says; empty while it is open.
    pub(crate) answer: String,
    /// When it was answered.
    pub(crate) answered: Option<Instant>,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultState {
    /// 待答复.
    Open,
    /// 已答复.
    Answered,
}

/// What a sender fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FaultForm {
    /// The resource's code.
    pub(crate) resource: String,
    /// Which row or field; may be empty.
    pub(crate) place: String,
    /// What is wrong.
    pub(crate) words: String,
}

impl FaultState {
    /// The word in the store.
    pub(crate) fn word(self) -> &'static str {
        match self {
            FaultState::Open => "open",
            FaultState::Answered => "answered",
        }
    }

    /// From its word.
    pub(crate) fn parse(word: &str) -> Result<FaultState> {
        match word {
            "open" => Ok(FaultState::Open),
            "answered" => Ok(FaultState::Answered),
            _ => Err(Error::broken("a report of a fault stands in an unknown state")),
        }
    }

    /// The message id of its words on the screen.
    pub(crate) fn text_id(self) -> &'static str {
        match self {
            FaultState::Open => "portal-fault-open",
            FaultState::Answered => "portal-fault-answered",
        }
    }
}

impl FaultForm {
    /// Trims; refuses what is empty or too long, naming the field.
    pub(crate) fn checked(self) -> Result<FaultForm> {
        let words = bounded("words", &self.words, WORDS_CHARS_MAX)?;
        if words.is_empty() {
            return Err(Error::invalid("words", "text-empty"));
        }
        let place = bounded("place", &self.place, PLACE_CHARS_MAX)?;
        let resource = self.resource.trim().to_owned();
        if resource.is_empty() {
            return Err(Error::invalid("resource", "field-missing"));
        }
        Ok(FaultForm { resource, place, words })
    }
}

/// The trimmed text, refused when longer than the limit.
pub(crate) fn bounded(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > chars_max {
        return Err(Error::invalid(field, "text-too-long").with("limit", chars_max));
    }
    Ok(text.to_owned())
}

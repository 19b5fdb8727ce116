//! Why somebody reads: a purpose, and where there is one the case and the legal basis. Stated once per read,
//! matched against grants, written to the ledger. Says nothing about who reads.

use yiwang_kernel::{Error, Result};

/// The purpose of reads of what was published for everybody.
pub const PURPOSE_PUBLIC: &str = "public";

const CHARS_MAX: usize = 200;

/// Why somebody reads.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Why {
    /// The purpose the grant was given for.
    pub purpose: String,
    /// The case it belongs to, by its number.
    pub case: Option<String>,
    /// The legal or contractual basis.
    pub basis: Option<String>,
}

impl Why {
    /// For this purpose, without case or basis.
    pub fn purpose(purpose: impl Into<String>) -> Why {
        Why { purpose: purpose.into(), case: None, basis: None }
    }

    /// As anybody may: what is published for everybody.
    pub fn public() -> Why {
        Why::purpose(PURPOSE_PUBLIC)
    }

    /// Refuses an empty purpose and overlong parts, naming the part.
    pub fn check(&self) -> Result<()> {
        if self.purpose.trim().is_empty() {
            return Err(Error::invalid("purpose", "gate-purpose-missing"));
        }
        let parts = [("purpose", Some(&self.purpose)), ("case", self.case.as_ref()), ("basis", self.basis.as_ref())];
        for (name, part) in parts {
            if part.is_some_and(|text| text.chars().count() > CHARS_MAX) {
                return Err(Error::invalid(name, "text-too-long").with("limit", CHARS_MAX));
            }
        }
        Ok(())
    }
}

//! A field (信息项) of a resource. Its name is fixed for life; its titles may change.

use serde::{Deserialize, Serialize};
use yiwang_gate::{Mask, is_name};
use yiwang_kernel::{Error, Result, Text};

/// Fields of one entry at most.
pub const FIELDS_MAX: usize = 2_000;
const TITLE_CHARS_MAX: usize = 200;
const TYPE_CHARS_MAX: usize = 40;

/// One column or datum of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Field {
    /// `[a-z][a-z0-9_]{0,62}`.
    pub name: String,
    /// Titles.
    pub title: Text,
    /// Its type: `text`, `integer`, `decimal(10,2)`, `date` ...
    #[serde(default)]
    pub r#type: String,
    /// Longest value in characters, where that is stated.
    #[serde(default)]
    pub length: Option<u32>,
    /// Whether it may be empty.
    #[serde(default)]
    pub nullable: bool,
    /// What its values are recognised as: `citizen`, `mobile`, `credit` ...
    #[serde(default)]
    pub kind: Option<String>,
    /// Whether its values are about one natural person.
    #[serde(default)]
    pub personal: bool,
    /// How it is covered for readers who may not see it.
    #[serde(default)]
    pub mask: Option<Mask>,
    /// Whether tables may be sorted by it.
    #[serde(default)]
    pub sortable: bool,
    /// Whether it belongs to the key.
    #[serde(default)]
    pub key: bool,
    /// Whether it claims to be the one source of its datum.
    #[serde(default)]
    pub source: bool,
    /// The datum: a standard data element's code or name; its Chinese title when empty.
    #[serde(default)]
    pub datum: String,
}

impl Field {
    /// A nullable text field.
    pub fn new(name: impl Into<String>, title: Text) -> Field {
        Field { name: name.into(), title, r#type: "text".to_owned(), nullable: true, ..Field::default() }
    }

    /// The datum it is about, as claims are compared.
    pub fn datum(&self) -> &str {
        let named = if self.datum.trim().is_empty() { &self.title.zh } else { &self.datum };
        named.trim()
    }

    /// Whether a reader would see a personal value.
    pub fn shows_personal(&self) -> bool {
        self.personal && self.mask.is_none()
    }

    /// Refuses a bad name, an empty title, an overlong part; names the field.
    pub fn check(&self) -> Result<()> {
        if !is_name(&self.name) {
            return Err(Error::invalid(&self.name, "field-name"));
        }
        self.title.clone().checked(&self.name, TITLE_CHARS_MAX)?;
        let known = self.r#type.len() <= TYPE_CHARS_MAX && self.r#type.starts_with(|c: char| c.is_ascii_lowercase());
        if !known {
            return Err(Error::invalid(&self.name, "catalogue-field-type").with("given", &self.r#type));
        }
        Ok(())
    }
}

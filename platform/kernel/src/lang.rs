//! The two languages of the product and texts that exist in both.

use crate::{Error, Result};

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Simplified Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both, in menu order.
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// From `zh`, `zh-CN`, `en`, `en-GB` ...; nothing for another language.
    pub fn parse(tag: &str) -> Option<Lang> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// The short code used in addresses and settings: `zh`, `en`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::Zh => "zh",
            Lang::En => "en",
        }
    }

    /// The tag for the `lang` attribute: `zh-CN`, `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }
}

/// A title or summary in both languages; the English may be missing and then the Chinese stands in.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English; empty when nobody wrote it yet.
    #[serde(default)]
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// The text for this reader.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En if !self.en.is_empty() => &self.en,
            Lang::Zh if self.zh.is_empty() => &self.en,
            Lang::Zh | Lang::En => &self.zh,
        }
    }

    /// Refuses an empty text or one longer than `chars_max`, naming the field.
    pub fn checked(self, field: &str, chars_max: usize) -> Result<Text> {
        if self.zh.trim().is_empty() && self.en.trim().is_empty() {
            return Err(Error::invalid(field, "text-empty"));
        }
        if self.zh.chars().count() > chars_max || self.en.chars().count() > chars_max {
            return Err(Error::invalid(field, "text-too-long").with("limit", chars_max));
        }
        Ok(self)
    }
}

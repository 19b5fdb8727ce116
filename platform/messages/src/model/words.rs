//! Words kept as the id of a text and its arguments, so that each reader gets them in the own language.

use serde_json::{Value, json};
use yiwang_kernel::{Error, Lang, Result, Text};
use yiwang_web::Texts;

/// Arguments of one text at most.
const ARGS_MAX: usize = 12;
/// Bytes of one text's arguments at most.
const BYTES_MAX: usize = 8_000;

/// An argument of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// The same in both languages: a code, a file's name.
    Plain(String),
    /// A title that exists in both.
    Titled(Text),
    /// A number, grouped and counted as the language does.
    Number(i64),
}

/// A text of a capability by its id, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    id: String,
    args: Vec<(String, Arg)>,
}

impl Words {
    /// The text of this id without arguments.
    pub fn new(id: impl Into<String>) -> Words {
        Words { id: id.into(), args: Vec::new() }
    }

    /// Adds an argument that is the same in both languages.
    #[must_use]
    pub fn plain(self, name: &str, value: impl Into<String>) -> Words {
        self.with(name, Arg::Plain(value.into()))
    }

    /// Adds a title that exists in both languages.
    #[must_use]
    pub fn titled(self, name: &str, value: &Text) -> Words {
        self.with(name, Arg::Titled(value.clone()))
    }

    /// Adds a number; what is beyond an `i64` becomes the largest.
    #[must_use]
    pub fn number(self, name: &str, value: u64) -> Words {
        self.with(name, Arg::Number(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    /// The id of the text.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// In this language.
    pub fn render(&self, texts: &Texts, lang: Lang) -> String {
        let args: Vec<(&str, yiwang_web::Arg<'_>)> = self
            .args
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Arg::Plain(text) => yiwang_web::Arg::from(text.as_str()),
                    Arg::Titled(text) => yiwang_web::Arg::from(text.get(lang)),
                    Arg::Number(number) => yiwang_web::Arg::from(*number),
                };
                (name.as_str(), value)
            })
            .collect();
        texts.text_with(lang, &self.id, &args)
    }

    /// As it is kept.
    pub(crate) fn to_json(&self) -> Result<Value> {
        let arg = |(name, value): &(String, Arg)| match value {
            Arg::Plain(text) => json!([name, text]),
            Arg::Titled(text) => json!([name, { "zh": text.zh, "en": text.en }]),
            Arg::Number(number) => json!([name, number]),
        };
        let kept = json!({ "id": self.id, "args": self.args.iter().map(arg).collect::<Vec<_>>() });
        if self.args.len() > ARGS_MAX || kept.to_string().len() > BYTES_MAX {
            return Err(Error::broken(format!("the text {} of a message has too many or too long arguments", self.id)));
        }
        Ok(kept)
    }

    /// From how it is kept.
    pub(crate) fn from_json(kept: &Value) -> Result<Words> {
        let broken = || Error::broken("the words of a kept message cannot be read");
        let id = kept["id"].as_str().ok_or_else(broken)?.to_owned();
        let arg = |pair: &Value| -> Result<(String, Arg)> {
            let name = pair[0].as_str().ok_or_else(broken)?.to_owned();
            let value = match &pair[1] {
                Value::String(text) => Arg::Plain(text.clone()),
                Value::Number(number) => Arg::Number(number.as_i64().ok_or_else(broken)?),
                Value::Object(text) => {
                    let part = |lang: &str| text.get(lang).and_then(Value::as_str).unwrap_or_default();
                    Arg::Titled(Text::new(part("zh"), part("en")))
                }
                _ => return Err(broken()),
            };
            Ok((name, value))
        };
        let args = kept["args"].as_array().ok_or_else(broken)?;
        Ok(Words { id, args: args.iter().map(arg).collect::<Result<_>>()? })
    }

    fn with(mut self, name: &str, value: Arg) -> Words {
        self.args.push((name.to_owned(), value));
        self
    }
}

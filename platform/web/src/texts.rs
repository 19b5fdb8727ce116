//! Fluent texts of all capabilities in both languages. A missing English text falls back to Chinese, a missing id
//! shows itself; `Texts::missing` lists both so that a test can refuse them. Holds no text of its own.

use std::collections::BTreeSet;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;
use yiwang_kernel::{Detail, Error, Lang, Result};

use crate::format::grouped;

/// An argument of a text: numbers choose plurals and are grouped, strings are taken as they are.
pub type Arg<'a> = FluentValue<'a>;

/// All texts of the product.
pub struct Texts {
    zh: Bundle,
    en: Bundle,
}

struct Bundle {
    fluent: FluentBundle<FluentResource>,
    ids: BTreeSet<String>,
}

impl Texts {
    /// Reads Fluent sources; an id given twice in a language, or a source that does not parse, is an error.
    pub fn load(sources: &[(Lang, &str)]) -> Result<Texts> {
        let mut texts = Texts { zh: Bundle::new(Lang::Zh), en: Bundle::new(Lang::En) };
        for (lang, source) in sources {
            match lang {
                Lang::Zh => texts.zh.add(source)?,
                Lang::En => texts.en.add(source)?,
            }
        }
        Ok(texts)
    }

    /// The text of this id without arguments.
    pub fn text(&self, lang: Lang, id: &str) -> String {
        self.text_with(lang, id, &[])
    }

    /// The text of this id with arguments.
    pub fn text_with(&self, lang: Lang, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        let found = self.bundle(lang).format(id, args).or_else(|| self.zh.format(id, args));
        found.or_else(|| self.en.format(id, args)).unwrap_or_else(|| id.to_owned())
    }

    /// Whether the id has a text in this very language.
    pub fn has(&self, lang: Lang, id: &str) -> bool {
        self.bundle(lang).ids.contains(id)
    }

    /// What to tell a reader about this error: the text `error-<code>`, else that of the error's kind.
    pub fn error(&self, lang: Lang, error: &Error) -> String {
        let id = format!("error-{}", error.code());
        if !self.zh.ids.contains(&id) && !self.en.ids.contains(&id) {
            tracing::error!(code = error.code(), "an error code has no text");
            return self.text(lang, &format!("error-kind-{}", error.status()));
        }
        let detail: Option<&Detail> = error.detail();
        let given = detail.map(|detail| detail.args.as_slice()).unwrap_or_default();
        let mut args: Vec<(&str, Arg<'_>)> =
            given.iter().map(|(name, value)| (*name, Arg::from(value.as_str()))).collect();
        if let Error::TooMany { retry_after_s } = error {
            args.push(("seconds", Arg::from(*retry_after_s)));
        }
        self.text_with(lang, &id, &args)
    }

    /// Ids that exist in one language only, as `zh:id` or `en:id` of the missing one; empty when complete.
    pub fn missing(&self) -> Vec<String> {
        let lacks = |from: &Bundle, to: &Bundle, code: &str| {
            from.ids.difference(&to.ids).map(|id| format!("{code}:{id}")).collect::<Vec<_>>()
        };
        let mut missing = lacks(&self.zh, &self.en, "en");
        missing.extend(lacks(&self.en, &self.zh, "zh"));
        missing
    }

    fn bundle(&self, lang: Lang) -> &Bundle {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Texts({} zh, {} en)", self.zh.ids.len(), self.en.ids.len())
    }
}

impl Bundle {
    fn new(lang: Lang) -> Bundle {
        let tag = match lang {
            Lang::Zh => langid!("zh-CN"),
            Lang::En => langid!("en"),
        };
        let mut fluent = FluentBundle::new_concurrent(vec![tag]);
        fluent.set_use_isolating(false);
        fluent.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) if number.value.fract() == 0.0 => {
                Some(grouped(&format!("{:.0}", number.value)))
            }
            _ => None,
        }));
        Bundle { fluent, ids: BTreeSet::new() }
    }

    fn add(&mut self, source: &str) -> Result<()> {
        let resource = FluentResource::try_new(source.to_owned())
            .map_err(|(_, errors)| Error::broken(format!("a text source does not parse: {errors:?}")))?;
        for id in source.lines().filter_map(message_id) {
            if !self.ids.insert(id.to_owned()) {
                return Err(Error::broken(format!("the text {id} is given twice")));
            }
        }
        self.fluent.add_resource(resource).map_err(|errors| Error::broken(format!("a text is given twice: {errors:?}")))
    }

    fn format(&self, id: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        let pattern = self.fluent.get_message(id)?.value()?;
        let mut given = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            given.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = self.fluent.format_pattern(pattern, Some(&given), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::warn!(id, ?errors, "a text lacks an argument");
        }
        Some(text)
    }
}

/// The id a line of Fluent source defines: a message starts in the first column, `id = ...`.
fn message_id(line: &str) -> Option<&str> {
    let (id, _) = line.split_once('=')?;
    let fits = id.starts_with(|first: char| first.is_ascii_alphabetic());
    fits.then(|| id.trim_end())
}

//! What people write about a resource, by GB/T 21063 and the compiling guide of 2017.

use serde::{Deserialize, Serialize};
use yiwang_kernel::{CivilDate, Error, Grade, Result, Text};

use super::words::{Cycle, Format, Library, Opening, Sharing};
use super::{FIELDS_MAX, Field, theme};

const TITLE_CHARS_MAX: usize = 200;
const SUMMARY_CHARS_MAX: usize = 4_000;
const LINE_CHARS_MAX: usize = 500;

/// The five steps of the data's life for which somebody must answer by name.
pub const STEPS: [&str; 5] = ["collect", "transfer", "store", "use", "open"];

/// What an editor writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Titles.
    pub title: Text,
    /// Summaries.
    #[serde(default)]
    pub summary: Text,
    /// Keywords, separated by blanks.
    #[serde(default)]
    pub keywords: String,
    /// The department that answers for it, by code.
    pub provider: String,
    /// How it is handed over.
    pub format: Format,
    /// Its theme's code.
    pub theme: String,
    /// The store it belongs to.
    pub library: Library,
    /// Its sharing class.
    pub sharing: Sharing,
    /// Under which conditions it is shared.
    #[serde(default)]
    pub sharing_terms: String,
    /// Its opening class.
    pub opening: Opening,
    /// Under which conditions it is opened.
    #[serde(default)]
    pub opening_terms: String,
    /// 1 to 4, as a person set it; none until then.
    #[serde(default)]
    pub grade: Option<u8>,
    /// The promised rhythm.
    pub cycle: Cycle,
    /// 保存期限: the last day its rows are kept, `YYYY-MM-DD`; empty where no law or rule ends it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub retain_until: String,
    /// The region it covers, by code.
    #[serde(default)]
    pub region: String,
    /// Whom to ask: a post or unit.
    #[serde(default)]
    pub contact: String,
    /// Who answers for each step.
    #[serde(default)]
    pub duties: Duties,
    /// Its fields.
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// Who answers for each of the five steps: a person's name and post.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Duties {
    /// 采集.
    #[serde(default)]
    pub collect: String,
    /// 传输.
    #[serde(default)]
    pub transfer: String,
    /// 存储.
    #[serde(default)]
    pub store: String,
    /// 使用.
    #[serde(default)]
    pub r#use: String,
    /// 开放.
    #[serde(default)]
    pub open: String,
}

impl Duties {
    /// The steps with their names, in order.
    pub fn steps(&self) -> [(&'static str, &str); 5] {
        let names = [&self.collect, &self.transfer, &self.store, &self.r#use, &self.open];
        std::array::from_fn(|place| (STEPS[place], names[place].trim()))
    }

    /// The same person for all five.
    pub fn all(name: &str) -> Duties {
        let name = name.to_owned();
        Duties { collect: name.clone(), transfer: name.clone(), store: name.clone(), r#use: name.clone(), open: name }
    }
}

impl Content {
    /// The least that can be said: title and provider; everything else at its default. Shareable is the default.
    pub fn new(title: Text, provider: impl Into<String>) -> Content {
        Content {
            title,
            summary: Text::default(),
            keywords: String::new(),
            provider: provider.into(),
            format: Format::Table,
            theme: "other".to_owned(),
            library: Library::Business,
            sharing: Sharing::Unconditional,
            sharing_terms: String::new(),
            opening: Opening::Conditional,
            opening_terms: String::new(),
            grade: None,
            cycle: Cycle::Irregular,
            retain_until: String::new(),
            region: String::new(),
            contact: String::new(),
            duties: Duties::default(),
            fields: Vec::new(),
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Refuses what no draft may hold, naming the field.
    pub fn check(&self) -> Result<()> {
        self.title.clone().checked("title", TITLE_CHARS_MAX)?;
        for (name, text, limit) in [
            ("summary_zh", &self.summary.zh, SUMMARY_CHARS_MAX),
            ("summary_en", &self.summary.en, SUMMARY_CHARS_MAX),
            ("keywords", &self.keywords, LINE_CHARS_MAX),
            ("sharing_terms", &self.sharing_terms, LINE_CHARS_MAX),
            ("opening_terms", &self.opening_terms, LINE_CHARS_MAX),
            ("contact", &self.contact, LINE_CHARS_MAX),
            ("region", &self.region, 12),
        ] {
            if text.chars().count() > limit {
                return Err(Error::invalid(name, "text-too-long").with("limit", limit));
            }
        }
        if self.provider.trim().is_empty() {
            return Err(Error::invalid("provider", "catalogue-provider-missing"));
        }
        if theme(&self.theme).is_none() {
            return Err(Error::invalid("theme", "catalogue-word").with("given", &self.theme));
        }
        if let Some(grade) = self.grade {
            Grade::new(grade.into())?;
        }
        self.retained_until()?;
        self.check_fields()
    }

    /// The last day its rows are kept; none where nothing ends it.
    pub fn retained_until(&self) -> Result<Option<CivilDate>> {
        let given = self.retain_until.as_str();
        if given.is_empty() {
            return Ok(None);
        }
        let wrong = |_| Error::invalid("retain_until", "date-format").with("given", given);
        given.parse().map(Some).map_err(wrong)
    }

    /// Refuses what may not be published: a step without a name, or no field at all.
    pub fn check_publishable(&self) -> Result<()> {
        self.check()?;
        if let Some((step, _)) = self.duties.steps().into_iter().find(|(_, name)| name.is_empty()) {
            return Err(Error::invalid(format!("duty_{step}"), "catalogue-duty-missing").with("step", step));
        }
        if self.fields.is_empty() {
            return Err(Error::invalid("fields", "catalogue-fields-missing"));
        }
        Ok(())
    }

    fn check_fields(&self) -> Result<()> {
        if self.fields.len() > FIELDS_MAX {
            return Err(Error::invalid("fields", "catalogue-fields-many").with("limit", FIELDS_MAX));
        }
        let mut names = std::collections::HashSet::new();
        for field in &self.fields {
            field.check()?;
            if !names.insert(&field.name) {
                return Err(Error::invalid(&field.name, "field-twice"));
            }
        }
        Ok(())
    }
}

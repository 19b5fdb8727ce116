//! What is said of a resource, in the words of neither standard.

/// A text in one language, by its BCP 47 tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// `zh`, `en` ...
    pub lang: String,
    /// The text.
    pub text: String,
}

/// A resource as others may know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// Its address.
    pub uri: String,
    /// Its catalogue code as the standard writes it.
    pub identifier: String,
    /// The code of the metadata record itself.
    pub record: String,
    /// Titles.
    pub title: Vec<Phrase>,
    /// Summaries.
    pub description: Vec<Phrase>,
    /// Keywords.
    pub keywords: Vec<Phrase>,
    /// The address that stands for the department.
    pub publisher_uri: String,
    /// The department's names.
    pub publisher: Vec<Phrase>,
    /// Whom to ask, as an organisation's or post's name; never a private person's data.
    pub contact: Option<String>,
    /// The address that stands for the theme.
    pub theme_uri: String,
    /// The theme's names.
    pub theme: Vec<Phrase>,
    /// The classification part of the code.
    pub classification: String,
    /// The region it covers: an address that stands for it.
    pub spatial_uri: Option<String>,
    /// First publication, `YYYY-MM-DD`.
    pub issued: Option<String>,
    /// Last change, `YYYY-MM-DD`.
    pub modified: Option<String>,
    /// How often it is renewed.
    pub frequency: Option<Frequency>,
    /// Who may use it.
    pub access: Access,
    /// Conditions of use, in words.
    pub conditions: Vec<Phrase>,
    /// Ways to get it.
    pub distributions: Vec<Distribution>,
}

/// One way to get a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    /// Where.
    pub access_url: String,
    /// Where the file itself is, if it is one.
    pub download_url: Option<String>,
    /// What it is called.
    pub title: Vec<Phrase>,
    /// Media type, `text/csv`.
    pub media_type: String,
    /// File type in the Publications Office's list: `CSV`, `JSON`, `XLSX` ...
    pub file_type: String,
}

/// How often it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// As it happens.
    Continuous,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every half year.
    HalfYearly,
    /// Every year.
    Yearly,
    /// Without rhythm.
    Irregular,
}

/// Who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Everybody.
    Public,
    /// Under conditions or on request.
    Restricted,
    /// Authorities alone.
    #[default]
    NonPublic,
}

impl Phrase {
    /// A text in a language.
    pub fn new(lang: impl Into<String>, text: impl Into<String>) -> Phrase {
        Phrase { lang: lang.into(), text: text.into() }
    }
}

impl Frequency {
    /// The entry of the Publications Office's frequency list.
    pub fn authority(self) -> &'static str {
        match self {
            Frequency::Continuous => "CONT",
            Frequency::Daily => "DAILY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Monthly => "MONTHLY",
            Frequency::Quarterly => "QUARTERLY",
            Frequency::HalfYearly => "ANNUAL_2",
            Frequency::Yearly => "ANNUAL",
            Frequency::Irregular => "IRREG",
        }
    }
}

impl Access {
    /// The entry of the Publications Office's access right list.
    pub fn authority(self) -> &'static str {
        match self {
            Access::Public => "PUBLIC",
            Access::Restricted => "RESTRICTED",
            Access::NonPublic => "NON_PUBLIC",
        }
    }
}

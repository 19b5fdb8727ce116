//! What a capability hands over to be found: one document per thing. No tokens here, see `words` and `sound`.

use yiwang_kernel::Text;

/// One value of one facet: `department` = `C015`. A document may carry several values of a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The dimension: `department`, `theme`, `class`, `opening`, `grade`, `region` ...
    pub dimension: &'static str,
    /// The value, a code rather than a title.
    pub value: String,
}

/// One thing to be found.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// What sort of thing: `resource`, `department` ...
    pub kind: &'static str,
    /// Its key within the kind.
    pub key: String,
    /// Its title, weighed most, also found by pinyin and initials.
    pub title: Text,
    /// Names of its parts (fields), each found exactly, by words and by pinyin.
    pub names: Vec<Text>,
    /// Summary and keywords, weighed least.
    pub body: String,
    /// Codes it is known by, found exactly or by prefix.
    pub codes: Vec<String>,
    /// Facet values.
    pub facets: Vec<Facet>,
    /// Terms of which a reader must hold at least one; a document without terms is found by nobody.
    pub acl: Vec<String>,
    /// The store's version of the thing; an older version never replaces a newer one.
    pub version: i64,
    /// For "newest first": microseconds since 1970.
    pub stamp: i64,
}

impl Facet {
    /// A facet value.
    pub fn new(dimension: &'static str, value: impl Into<String>) -> Facet {
        Facet { dimension, value: value.into() }
    }
}

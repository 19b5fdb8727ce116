//! From a reader's words to hits: what may match, how it is weighed, the ACL and the withdrawn inside the query.
//! Any text is a query; what cannot be understood finds nothing.

use std::ops::Bound;

use tantivy::collector::{Count, FacetCollector, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query as Clause, RangeQuery,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, Order, Searcher, TantivyDocument, Term};
use yiwang_kernel::{Error, Lang, Result, Text};

use crate::fold::is_ideograph;
use crate::marks::{Piece, marked};
use crate::schema::{Fields, Zone, facet_path};
use crate::{fold, fold_code, sound, words};

/// Hits one query answers at most.
pub const ROWS_MAX: usize = 200;
/// Characters of a query that are read.
const QUERY_CHARS_MAX: usize = 100;
/// Blank-separated parts of a query that are read.
const PARTS_MAX: usize = 8;
/// Where a query may begin at most.
const OFFSET_MAX: usize = 1_000_000;
/// Values counted per dimension at most.
const FACET_VALUES_MAX: usize = 500;

/// In which order hits come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Best first; by key while there is no text.
    #[default]
    Relevance,
    /// Newest stamp first.
    Newest,
    /// By key.
    Key,
}

/// What a reader asks.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Words, pinyin, initials or a code; empty to browse.
    pub text: String,
    /// Only this kind of thing.
    pub kind: Option<&'static str>,
    /// Chosen facet values: any of a dimension's values, all dimensions.
    pub facets: Vec<(&'static str, Vec<String>)>,
    /// Dimensions to count.
    pub count: Vec<&'static str>,
    /// What the reader may see: at least one of these terms must stand on a document.
    pub acl: Vec<String>,
    /// The order.
    pub sort: Sort,
    /// Skip so many hits.
    pub offset: usize,
    /// Answer so many hits, at most [`ROWS_MAX`].
    pub limit: usize,
    /// The title to mark.
    pub lang: Lang,
}

/// One hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What sort of thing.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: Text,
    /// The title in the reader's language, in pieces.
    pub marked: Vec<Piece>,
    /// The weight; only comparable within one answer. 0 when not sorted by relevance.
    pub score: f32,
    /// The store's version that was indexed.
    pub version: i64,
}

/// How many hits a facet value has, were it chosen in its dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// The dimension.
    pub dimension: &'static str,
    /// The value.
    pub value: String,
    /// Hits.
    pub count: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// All hits, exactly.
    pub total: u64,
    /// Those of this page.
    pub rows: Vec<Hit>,
    /// Counts of the dimensions asked for, largest first.
    pub facets: Vec<FacetCount>,
}

/// A query over one state of the index.
pub(crate) struct Finder<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) searcher: Searcher,
    pub(crate) withdrawn: Vec<String>,
}

impl Finder<'_> {
    /// Answers the query.
    pub(crate) fn find(&self, query: &Query) -> Result<Hits> {
        if query.acl.is_empty() {
            return Ok(Hits::default());
        }
        let clause = self.clause(query, None);
        let total = self.searcher.search(&*clause, &Count).map_err(failed)? as u64;
        let rows = self.rows(query, &*clause)?;
        let mut facets = Vec::new();
        for dimension in &query.count {
            facets.extend(self.counted(query, dimension)?);
        }
        Ok(Hits { total, rows, facets })
    }

    fn rows(&self, query: &Query, clause: &dyn Clause) -> Result<Vec<Hit>> {
        let limit = query.limit.min(ROWS_MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let top = TopDocs::with_limit(limit).and_offset(query.offset.min(OFFSET_MAX));
        let browsing = query.text.trim().is_empty();
        let found: Vec<(f32, DocAddress)> = match query.sort {
            Sort::Relevance if !browsing => self.searcher.search(clause, &top.order_by_score()).map_err(failed)?,
            Sort::Newest => {
                let newest = top.order_by_fast_field::<i64>("stamp", Order::Desc);
                let found = self.searcher.search(clause, &newest).map_err(failed)?;
                found.into_iter().map(|(_, address)| (0.0, address)).collect()
            }
            Sort::Relevance | Sort::Key => {
                let by_key = top.order_by_string_fast_field("key", Order::Asc);
                let found = self.searcher.search(clause, &by_key).map_err(failed)?;
                found.into_iter().map(|(_, address)| (0.0, address)).collect()
            }
        };
        found.into_iter().map(|(score, address)| self.hit(query, score, address)).collect()
    }

    fn hit(&self, query: &Query, score: f32, address: DocAddress) -> Result<Hit> {
        let row: TantivyDocument = self.searcher.doc(address).map_err(failed)?;
        let text = |field: Field| row.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let title = Text::new(text(self.fields.title_zh), text(self.fields.title_en));
        let version = row.get_first(self.fields.version).and_then(|value| value.as_i64()).unwrap_or_default();
        let marked = marked(title.get(query.lang), &read(&query.text));
        Ok(Hit { kind: text(self.fields.kind), key: text(self.fields.key), title, marked, score, version })
    }

    /// Counts of one dimension: with all that is chosen, but not in this dimension.
    fn counted(&self, query: &Query, dimension: &'static str) -> Result<Vec<FacetCount>> {
        let clause = self.clause(query, Some(dimension));
        let root = tantivy::schema::Facet::from_path([dimension]);
        let mut collector = FacetCollector::for_field("facets");
        collector.add_facet(root.clone());
        let counts = self.searcher.search(&*clause, &collector).map_err(failed)?;
        let top = counts.top_k(root, FACET_VALUES_MAX);
        Ok(top
            .into_iter()
            .filter_map(|(facet, count)| {
                let value = facet.to_path().last()?.to_string();
                Some(FacetCount { dimension, value, count })
            })
            .collect())
    }

    /// The whole query; `without` leaves out one dimension's choice.
    fn clause(&self, query: &Query, without: Option<&str>) -> Box<dyn Clause> {
        let mut all: Vec<(Occur, Box<dyn Clause>)> = vec![(Occur::Must, self.text(&query.text))];
        let acl = query.acl.iter().map(|term| Term::from_field_text(self.fields.acl, term));
        all.push((Occur::Must, unweighed(Box::new(TermSetQuery::new(acl)))));
        if let Some(kind) = query.kind {
            all.push((Occur::Must, unweighed(term(self.fields.kind, kind))));
        }
        for (dimension, values) in &query.facets {
            if values.is_empty() || without == Some(*dimension) {
                continue;
            }
            let paths = values.iter().map(|value| Term::from_facet(self.fields.facets, &facet_path(dimension, value)));
            all.push((Occur::Must, unweighed(Box::new(TermSetQuery::new(paths)))));
        }
        if !self.withdrawn.is_empty() {
            let gone = self.withdrawn.iter().map(|id| Term::from_field_text(self.fields.id, id));
            all.push((Occur::MustNot, Box::new(TermSetQuery::new(gone))));
        }
        Box::new(BooleanQuery::new(all))
    }

    /// What the words ask for: every part must be met, or the whole as one exact name, code or sound.
    fn text(&self, text: &str) -> Box<dyn Clause> {
        if text.trim().is_empty() {
            return Box::new(AllQuery);
        }
        let folded = read(text);
        let parts: Vec<&str> = folded.split_whitespace().take(PARTS_MAX).collect();
        let each: Vec<Box<dyn Clause>> = parts.iter().map(|part| self.part(part)).collect();
        let mut any: Vec<Box<dyn Clause>> = vec![Box::new(BooleanQuery::intersection(each))];
        let whole = folded.trim();
        any.push(weighed(term(self.fields.title_exact, whole), 60.0));
        any.push(weighed(term(self.fields.name_exact, whole), 40.0));
        let joined = parts.concat();
        any.extend(self.code(&joined));
        if parts.len() > 1 {
            any.extend(self.sound(&joined));
        }
        Box::new(BooleanQuery::union(any))
    }

    fn part(&self, part: &str) -> Box<dyn Clause> {
        let mut any: Vec<Box<dyn Clause>> = Vec::new();
        for zone in [self.fields.title, self.fields.name, self.fields.body] {
            any.extend(phrase(zone, part));
        }
        any.extend(self.words(part));
        any.extend(self.sound(part));
        any.extend(self.code(part));
        if any.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::union(any)) }
    }

    /// Most of the words, each in any zone.
    fn words(&self, part: &str) -> Option<Box<dyn Clause>> {
        let words = words::words(part);
        let each: Vec<Box<dyn Clause>> = words
            .iter()
            .map(|word| -> Box<dyn Clause> {
                let mut any: Vec<Box<dyn Clause>> = Vec::new();
                for zone in [self.fields.title, self.fields.name, self.fields.body] {
                    any.push(weighed(term(zone.words, word), zone.weight));
                }
                if word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    any.push(constant(prefix(self.fields.title.words, word), 2.0));
                }
                Box::new(BooleanQuery::union(any))
            })
            .collect();
        let needed = (each.len() * 2).div_ceil(3);
        (!each.is_empty())
            .then(|| -> Box<dyn Clause> { Box::new(BooleanQuery::union_with_minimum_required_clauses(each, needed)) })
    }

    /// Letters alone may be a sound, whole or by initials.
    fn sound(&self, part: &str) -> Vec<Box<dyn Clause>> {
        let letters: String =
            part.chars().filter(|char| *char != '\'').map(|c| if c == 'ü' { 'v' } else { c }).collect();
        if letters.len() < 2 || !letters.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        let cut = &letters[..letters.len().min(sound::LETTERS_MAX)];
        vec![
            constant(prefix(self.fields.sound, cut), 12.0),
            constant(prefix(self.fields.initials, cut), 8.0),
            constant(prefix(self.fields.name_sound, cut), 4.0),
        ]
    }

    fn code(&self, part: &str) -> Vec<Box<dyn Clause>> {
        let code = fold_code(part);
        if code.len() < 2 || code.chars().any(is_ideograph) {
            return Vec::new();
        }
        vec![constant(term(self.fields.code, &code), 100.0), constant(prefix(self.fields.code, &code), 20.0)]
    }
}

/// Neighbouring characters in this order; one character alone as itself, in title and names.
fn phrase(zone: Zone, part: &str) -> Option<Box<dyn Clause>> {
    let pairs = words::pairs(part);
    let clause: Box<dyn Clause> = match pairs.as_slice() {
        [] => {
            let mut chars = part.chars();
            let alone = chars.next().filter(|char| is_ideograph(*char) && chars.next().is_none())?;
            term(zone.grams, &alone.to_string())
        }
        [(_, pair)] => term(zone.grams, pair),
        several => {
            let terms = several.iter().map(|(place, pair)| (*place, Term::from_field_text(zone.grams, pair)));
            Box::new(PhraseQuery::new_with_offset(terms.collect()))
        }
    };
    Some(weighed(clause, zone.weight))
}

/// The text as it is read: folded, cut to the limit.
fn read(text: &str) -> String {
    fold(&text.chars().take(QUERY_CHARS_MAX).collect::<String>())
}

fn term(field: Field, text: &str) -> Box<dyn Clause> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}

/// Everything that begins with `start` (which is not empty): from it to the first text past its last character.
fn prefix(field: Field, start: &str) -> Box<dyn Clause> {
    let end = format!("{start}\u{10ffff}");
    Box::new(RangeQuery::new(
        Bound::Included(Term::from_field_text(field, start)),
        Bound::Excluded(Term::from_field_text(field, &end)),
    ))
}

fn weighed(clause: Box<dyn Clause>, weight: f32) -> Box<dyn Clause> {
    Box::new(BoostQuery::new(clause, weight))
}

fn constant(clause: Box<dyn Clause>, weight: f32) -> Box<dyn Clause> {
    Box::new(ConstScoreQuery::new(clause, weight))
}

fn unweighed(clause: Box<dyn Clause>) -> Box<dyn Clause> {
    Box::new(ConstScoreQuery::new(clause, 0.0))
}

fn failed(error: tantivy::TantivyError) -> Error {
    Error::internal("search the index", error)
}

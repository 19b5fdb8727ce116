//! From a reader's words to hits: what may match, how it is weighed, the ACL and the withdrawn inside the query.
//! Any text is a query; what cannot be understood finds nothing.

use std::ops::Bound;

use tantivy::collector::{Count, FacetCollector, FacetCounts, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query as Clause, RangeQuery,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Facet, Field, IndexRecordOption, Value};
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
/// Terms of a reader's ACL that are compared hit by hit.
const ACL_TERMS_FEW: usize = 32;
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

/// Hits in all, those of a page with their weights, and counts.
type Gathered = (u64, Vec<(f32, DocAddress)>, Option<FacetCounts>);

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
        let is_chosen =
            |dimension: &str| query.facets.iter().any(|(of, values)| *of == dimension && !values.is_empty());
        let together: Vec<&str> = query.count.iter().copied().filter(|dimension| !is_chosen(dimension)).collect();
        let (total, found, counts) = self.gathered(query, &*self.clause(query, None), &together)?;
        let rows = found.into_iter().map(|(score, address)| self.hit(query, score, address)).collect::<Result<_>>()?;
        let mut facets = Vec::new();
        for dimension in &query.count {
            // With all that is chosen, but not in this dimension.
            let own = match is_chosen(dimension) {
                true => Some(self.counted(&*self.clause(query, Some(dimension)), dimension)?),
                false => None,
            };
            facets.extend(own.as_ref().or(counts.as_ref()).into_iter().flat_map(|counts| top(counts, dimension)));
        }
        Ok(Hits { total, rows, facets })
    }

    /// All hits counted, those of the page, and the dimensions that are counted over the same hits, in one pass.
    fn gathered(&self, query: &Query, clause: &dyn Clause, together: &[&str]) -> Result<Gathered> {
        let limit = query.limit.min(ROWS_MAX);
        let facets = (!together.is_empty()).then(|| counting(together));
        let page = TopDocs::with_limit(limit.max(1)).and_offset(query.offset.min(OFFSET_MAX));
        let browsing = query.text.trim().is_empty();
        let search = &self.searcher;
        let unscored = |address: DocAddress| (0.0, address);
        let (total, mut found, counts) = match query.sort {
            Sort::Relevance if !browsing => {
                search.search(clause, &(Count, page.order_by_score(), facets)).map_err(failed)?
            }
            Sort::Newest => {
                let page = page.order_by_fast_field::<i64>("stamp", Order::Desc);
                let (total, found, counts) = search.search(clause, &(Count, page, facets)).map_err(failed)?;
                (total, found.into_iter().map(|(_, address)| unscored(address)).collect(), counts)
            }
            Sort::Relevance | Sort::Key => {
                let page = page.order_by_string_fast_field("key", Order::Asc);
                let (total, found, counts) = search.search(clause, &(Count, page, facets)).map_err(failed)?;
                (total, found.into_iter().map(|(_, address)| unscored(address)).collect(), counts)
            }
        };
        found.truncate(limit);
        Ok((total as u64, found, counts))
    }

    fn counted(&self, clause: &dyn Clause, dimension: &str) -> Result<FacetCounts> {
        self.searcher.search(clause, &counting(&[dimension])).map_err(failed)
    }

    fn hit(&self, query: &Query, score: f32, address: DocAddress) -> Result<Hit> {
        let row: TantivyDocument = self.searcher.doc(address).map_err(failed)?;
        let text = |field: Field| row.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let title = Text::new(text(self.fields.title_zh), text(self.fields.title_en));
        let version = row.get_first(self.fields.version).and_then(|value| value.as_i64()).unwrap_or_default();
        let marked = marked(title.get(query.lang), &read(&query.text));
        Ok(Hit { kind: text(self.fields.kind), key: text(self.fields.key), title, marked, score, version })
    }

    /// The whole query; `without` leaves out one dimension's choice.
    fn clause(&self, query: &Query, without: Option<&str>) -> Box<dyn Clause> {
        let mut all: Vec<(Occur, Box<dyn Clause>)> = vec![(Occur::Must, self.text(&query.text))];
        all.push((Occur::Must, unweighed(self.acl(&query.acl))));
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

    /// What the reader may see. A few terms are looked at where the words lead; many are gathered beforehand.
    fn acl(&self, terms: &[String]) -> Box<dyn Clause> {
        if terms.len() > ACL_TERMS_FEW {
            let terms = terms.iter().map(|acl| Term::from_field_text(self.fields.acl, acl));
            return Box::new(TermSetQuery::new(terms));
        }
        Box::new(BooleanQuery::union(terms.iter().map(|acl| term(self.fields.acl, acl)).collect()))
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

fn counting(dimensions: &[&str]) -> FacetCollector {
    let mut collector = FacetCollector::for_field("facets");
    for dimension in dimensions {
        collector.add_facet(Facet::from_path([dimension]));
    }
    collector
}

fn top(counts: &FacetCounts, dimension: &'static str) -> Vec<FacetCount> {
    let values = counts.top_k(Facet::from_path([dimension]), FACET_VALUES_MAX).into_iter();
    let value = |(facet, count): (&Facet, u64)| {
        Some(FacetCount { dimension, value: facet.to_path().last()?.to_string(), count })
    };
    values.filter_map(value).collect()
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

//! The index's fields and how a document becomes one of its rows. A change here raises [`FORMAT`].

use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, FacetOptions, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::document::Document;
use crate::{fold, fold_code, sound, words};

/// Written into the index's folder; another text there means: build anew.
pub(crate) const FORMAT: &str = "yiwang search 1\n";
/// Names of parts indexed per document at most.
const NAMES_MAX: usize = 2_000;
/// Characters of a title, a name or the body that are indexed at most.
const TITLE_CHARS_MAX: usize = 200;
const BODY_CHARS_MAX: usize = 20_000;

/// The three zones of a document, by weight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone {
    pub(crate) words: Field,
    pub(crate) grams: Field,
    pub(crate) weight: f32,
}

/// All fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    pub(crate) kind: Field,
    pub(crate) key: Field,
    pub(crate) title_zh: Field,
    pub(crate) title_en: Field,
    pub(crate) title_exact: Field,
    pub(crate) name_exact: Field,
    pub(crate) title: Zone,
    pub(crate) name: Zone,
    pub(crate) body: Zone,
    pub(crate) sound: Field,
    pub(crate) initials: Field,
    pub(crate) name_sound: Field,
    pub(crate) code: Field,
    pub(crate) facets: Field,
    pub(crate) acl: Field,
    pub(crate) version: Field,
    pub(crate) stamp: Field,
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let text = |schema: &mut tantivy::schema::SchemaBuilder, name: &str| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
    };
    let fields = Fields {
        id: schema.add_text_field("id", STRING),
        kind: schema.add_text_field("kind", STRING | STORED),
        key: schema.add_text_field("key", STRING | STORED | FAST),
        title_zh: schema.add_text_field("title_zh", STORED),
        title_en: schema.add_text_field("title_en", STORED),
        title_exact: schema.add_text_field("title_exact", STRING),
        name_exact: schema.add_text_field("name_exact", STRING),
        title: Zone { words: text(&mut schema, "title_words"), grams: text(&mut schema, "title_grams"), weight: 5.0 },
        name: Zone { words: text(&mut schema, "name_words"), grams: text(&mut schema, "name_grams"), weight: 2.0 },
        body: Zone { words: text(&mut schema, "body_words"), grams: text(&mut schema, "body_grams"), weight: 1.0 },
        sound: schema.add_text_field("sound", STRING),
        initials: schema.add_text_field("initials", STRING),
        name_sound: schema.add_text_field("name_sound", STRING),
        code: schema.add_text_field("code", STRING),
        facets: schema.add_facet_field("facets", FacetOptions::default()),
        acl: schema.add_text_field("acl", STRING),
        version: schema.add_i64_field("version", STORED | FAST),
        stamp: schema.add_i64_field("stamp", FAST | INDEXED),
    };
    (schema.build(), fields)
}

/// The internal identity of a thing: kind and key.
pub(crate) fn id(kind: &str, key: &str) -> String {
    format!("{kind}\u{1f}{key}")
}

impl Fields {
    /// A document as a row of the index.
    pub(crate) fn row(&self, document: &Document) -> TantivyDocument {
        let mut row = TantivyDocument::new();
        row.add_text(self.id, id(document.kind, &document.key));
        row.add_text(self.kind, document.kind);
        row.add_text(self.key, &document.key);
        row.add_text(self.title_zh, &document.title.zh);
        row.add_text(self.title_en, &document.title.en);
        row.add_i64(self.version, document.version);
        row.add_i64(self.stamp, document.stamp);
        self.add_text(&mut row, document);
        for code in document.codes.iter().map(|code| fold_code(code)).filter(|code| !code.is_empty()) {
            row.add_text(self.code, code);
        }
        for facet in document.facets.iter().filter(|facet| !facet.value.is_empty()) {
            row.add_facet(self.facets, facet_path(facet.dimension, &facet.value));
        }
        for term in &document.acl {
            row.add_text(self.acl, term);
        }
        row
    }

    fn add_text(&self, row: &mut TantivyDocument, document: &Document) {
        let titles = both(&document.title);
        let names: Vec<String> = document.names.iter().take(NAMES_MAX).flat_map(both).collect();
        let body = vec![fold(&document.body.chars().take(BODY_CHARS_MAX).collect::<String>())];
        for (zone, texts) in [(self.title, &titles), (self.name, &names), (self.body, &body)] {
            row.add_pre_tokenized_text(zone.words, words::word_tokens(texts));
            row.add_pre_tokenized_text(zone.grams, words::gram_tokens(texts));
        }
        for title in &titles {
            row.add_text(self.title_exact, title);
            sound::whole(title).iter().for_each(|term| row.add_text(self.sound, term));
            sound::initials(title).iter().for_each(|term| row.add_text(self.initials, term));
        }
        for name in &names {
            row.add_text(self.name_exact, name);
            sound::whole(name).iter().for_each(|term| row.add_text(self.name_sound, term));
        }
    }
}

/// The path of a facet value.
pub(crate) fn facet_path(dimension: &str, value: &str) -> tantivy::schema::Facet {
    let clean = |part: &str| part.replace('\0', " ");
    tantivy::schema::Facet::from_path([clean(dimension), clean(value)])
}

fn both(text: &yiwang_kernel::Text) -> Vec<String> {
    let folded = |part: &String| fold(part.trim()).chars().take(TITLE_CHARS_MAX).collect::<String>();
    [&text.zh, &text.en].into_iter().map(folded).filter(|part| !part.is_empty()).collect()
}

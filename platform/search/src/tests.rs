//! What callers rely on: a thing is found by whatever a person types, and never by one who may not see it.

use std::path::Path;

use proptest::prelude::*;
use yiwang_kernel::{Lang, Text};

use crate::{Document, Facet, Hits, Query, Search, Sort, fold, fold_code, marked};

fn parking() -> Document {
    Document {
        kind: "resource",
        key: "449901/0001".into(),
        title: Text::new("市属停车场信息", "Municipal parking lots"),
        names: vec![Text::new("停车场名称", "Name"), Text::new("车位总数", "Spaces")],
        body: "全市公共停车场的位置、车位与收费".into(),
        codes: vec!["449901-C001-0001".into()],
        facets: vec![Facet::new("department", "C001"), Facet::new("theme", "transport")],
        acl: vec!["public".into()],
        version: 1,
        stamp: 10,
    }
}

fn secret() -> Document {
    Document {
        key: "449901/0002".into(),
        title: Text::new("停车执法案件", "Parking cases"),
        codes: vec!["449901-C002-0002".into()],
        facets: vec![Facet::new("department", "C002"), Facet::new("theme", "transport")],
        acl: vec!["department:C002".into()],
        stamp: 20,
        ..parking()
    }
}

fn library() -> Document {
    Document {
        key: "449901/0003".into(),
        title: Text::new("图书馆目录", "Library catalogue"),
        names: vec![Text::new("书名", "Title")],
        body: "馆藏".into(),
        codes: vec!["449901-C003-0003".into()],
        facets: vec![Facet::new("department", "C003"), Facet::new("theme", "culture")],
        stamp: 30,
        ..parking()
    }
}

fn filled(dir: &Path) -> Search {
    let search = Search::open(dir).expect("opens");
    for document in [parking(), secret(), library()] {
        search.upsert(&document).expect("written");
    }
    search.commit_now().expect("committed");
    search
}

fn ask(search: &Search, text: &str) -> Hits {
    find(search, Query { text: text.into(), ..public() })
}

fn find(search: &Search, query: Query) -> Hits {
    search.find(&query).expect("answers")
}

fn public() -> Query {
    Query { acl: vec!["public".into()], limit: 20, count: vec!["department", "theme"], ..Query::default() }
}

fn keys(hits: &Hits) -> Vec<&str> {
    hits.rows.iter().map(|row| row.key.as_str()).collect()
}

fn count(hits: &Hits, dimension: &str, value: &str) -> u64 {
    let found = hits.facets.iter().find(|facet| facet.dimension == dimension && facet.value == value);
    found.map_or(0, |facet| facet.count)
}

#[test]
fn a_thing_is_found_by_whatever_a_person_types() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    let typed = [
        "停车场",
        "停车",
        "停車場",
        "tingche",
        "tingchec",
        "ting che chang",
        "tcc",
        "ＴＣ",
        "tc",
        "sstcc",
        "parking",
        "Park",
        "449901-C001",
        "449901 c001 0001",
        "车位总数",
        "chewei",
        "公共停车场",
        "属",
        "停车场的信息",
        "车场信",
    ];
    for text in typed {
        let hits = ask(&search, text);
        assert_eq!(keys(&hits), ["449901/0001"], "{text}");
        assert_eq!(hits.total, 1, "{text}");
    }
    for text in ["飞机场", "xyz", "!!!", "\u{0}", "449902"] {
        assert_eq!(ask(&search, text).total, 0, "{text}");
    }
}

#[test]
fn all_readings_of_a_character_are_heard() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = Search::open(dir.path()).expect("opens");
    search.upsert(&Document { title: Text::new("银行网点", ""), ..parking() }).expect("written");
    search.commit_now().expect("committed");
    assert_eq!(ask(&search, "yinhang").total, 1);
    assert_eq!(ask(&search, "yinxing").total, 1);
    assert_eq!(ask(&search, "yh").total, 1);
}

#[test]
fn the_acl_hides_hits_and_counts() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    let stranger = find(&search, Query { text: "停车".into(), ..public() });
    assert_eq!((stranger.total, count(&stranger, "department", "C002")), (1, 0));
    assert_eq!(count(&stranger, "theme", "transport"), 1);
    let acl = vec!["public".to_owned(), "department:C002".to_owned()];
    let insider = find(&search, Query { text: "停车".into(), acl, ..public() });
    assert_eq!((insider.total, count(&insider, "department", "C002")), (2, 1));
    assert_eq!(find(&search, Query { acl: Vec::new(), ..public() }), Hits::default());
}

#[test]
fn a_dimension_is_counted_without_its_own_choice() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    let facets = vec![("theme", vec!["culture".to_owned()])];
    let hits = find(&search, Query { facets, ..public() });
    assert_eq!(keys(&hits), ["449901/0003"]);
    assert_eq!((count(&hits, "theme", "transport"), count(&hits, "theme", "culture")), (1, 1));
    assert_eq!((count(&hits, "department", "C001"), count(&hits, "department", "C003")), (0, 1));
}

#[test]
fn the_withdrawn_is_gone_at_once_and_stays_gone() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    search.withdraw("resource", "449901/0001", 2).expect("withdrawn");
    let hits = ask(&search, "停车");
    assert_eq!((hits.total, count(&hits, "theme", "transport")), (0, 0));
    search.upsert(&parking()).expect("an older version arrives late");
    search.commit_now().expect("committed");
    assert_eq!(ask(&search, "停车").total, 0);
    search.upsert(&Document { version: 3, ..parking() }).expect("published again");
    search.commit_now().expect("committed");
    assert_eq!(ask(&search, "停车").total, 1);
}

#[test]
fn a_withdrawal_outlives_the_process_that_made_it() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(filled(dir.path()));
    let id = crate::schema::id("resource", "449901/0001");
    std::fs::write(dir.path().join("WITHDRAWN"), format!("{id}\n")).expect("as a killed process leaves it");
    let search = Search::open(dir.path()).expect("opens");
    assert_eq!(ask(&search, "停车").total, 0);
    search.commit_now().expect("committed");
    assert_eq!((ask(&search, "停车").total, ask(&search, "图书").total), (0, 1));
}

#[tokio::test]
async fn a_writer_sees_its_own_write_without_asking_for_a_commit() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = Search::open(dir.path()).expect("opens");
    search.upsert(&parking()).expect("written");
    search.visible().await;
    assert_eq!(ask(&search, "停车").total, 1);
}

#[test]
fn an_index_is_kept_and_one_of_another_format_begins_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    assert!(search.is_fresh());
    drop(search);
    let search = Search::open(dir.path()).expect("opens again");
    assert!(!search.is_fresh());
    assert_eq!(ask(&search, "").total, 2);
    drop(search);
    std::fs::write(dir.path().join("FORMAT"), "yiwang search 0\n").expect("an older format");
    let search = Search::open(dir.path()).expect("begins anew");
    assert!(search.is_fresh());
    assert_eq!(ask(&search, "").total, 0);
}

#[test]
fn many_documents_are_rebuilt_and_paged_in_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    let mut documents = (0..5_000).map(|number| Document {
        key: format!("4499/{number:05}"),
        title: Text::new(format!("第{number}号登记信息"), ""),
        names: vec![Text::new("登记日期", ""), Text::new("登记机关", "")],
        body: String::new(),
        codes: vec![format!("4499{number:05}")],
        stamp: number,
        ..parking()
    });
    assert_eq!(search.rebuild("resource", &mut documents).expect("rebuilt"), 5_000);
    let page = find(&search, Query { offset: 4_990, ..public() });
    assert_eq!((page.total, page.rows.len()), (5_000, 10));
    assert_eq!(keys(&page)[0], "4499/04990");
    let newest = find(&search, Query { sort: Sort::Newest, limit: 1, ..public() });
    assert_eq!(keys(&newest), ["4499/04999"]);
    assert_eq!(keys(&ask(&search, "449904321")), ["4499/04321"]);
    let exact = ask(&search, "登记机关");
    assert_eq!((exact.total, exact.rows.len()), (5_000, 20));
    assert_eq!(find(&search, Query { limit: 100_000, ..public() }).rows.len(), crate::ROWS_MAX);
}

#[test]
fn what_was_met_is_marked_in_the_readers_title() {
    let hit = |title: &str, query: &str| {
        let pieces = marked(title, query);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), title);
        pieces.into_iter().filter(|piece| piece.hit).map(|piece| piece.text).collect::<Vec<_>>().join("|")
    };
    assert_eq!(hit("市屬停車場", "停车场"), "停車場");
    assert_eq!(hit("市属停车场", "tingch"), "停车");
    assert_eq!(hit("市属停车场", "tcc"), "停车场");
    assert_eq!(hit("Municipal Parking", "parking"), "Parking");
    assert_eq!(hit("市属停车场", "图书馆"), "");
    let dir = tempfile::tempdir().expect("a folder");
    let hits = find(&filled(dir.path()), Query { text: "parking".into(), lang: Lang::En, ..public() });
    assert!(hits.rows[0].marked.iter().any(|piece| piece.hit && piece.text == "parking"));
}

#[test]
fn folding_brings_widths_cases_and_scripts_together() {
    assert_eq!(fold("停車場ＴＣ　Ⅳ"), "停车场tc iv");
    assert_eq!(fold_code("449901-Ｃ001/02"), "449901c00102");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_breaks_folding_cutting_or_marking(title in any::<String>(), query in any::<String>()) {
        let pieces = marked(&title, &query);
        prop_assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), title);
        crate::words::grams(&fold(&query));
        crate::sound::whole(&fold(&query));
    }
}

#[test]
fn no_text_breaks_a_query() {
    let dir = tempfile::tempdir().expect("a folder");
    let search = filled(dir.path());
    let long = "停车".repeat(5_000);
    let odd =
        ["\"", "title:(", "a AND", "停 OR -车", "*", "?", "\\", "~", "\u{10ffff}", "👪🏽", "''", "ü", "a\u{0}b", &long];
    for text in odd {
        find(&search, Query { text: text.into(), offset: usize::MAX, ..public() });
    }
}

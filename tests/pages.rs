//! Walkers over the pages everybody may open: they exist in both languages, say what they are, lead nowhere dead,
//! stay light, and have a JSON twin where they show data.

use scraper::{Html, Selector};

use crate::city::{City, agent, answer};

/// A page may weigh this much before compression, pictures apart.
const PAGE_BYTES_MAX: usize = 60 * 1024;
const LINKS_MAX: usize = 400;

/// Pages open to everybody, one per template and state, with one resource of the city.
pub(crate) fn open_pages(city: &City) -> Vec<String> {
    let resource = open_resource(city);
    let fixed = [
        "/",
        "/catalogue",
        "/catalogue?q=tingche",
        "/catalogue?q=没有这样的数据",
        "/search?q=空气",
        "/departments",
        "/negative-list",
        "/themes",
        "/places",
        "/places/441900",
        "/api",
        "/sign-in",
        "/help",
        "/accessibility",
        "/privacy",
        "/licences",
        "/tour",
    ];
    let mut pages: Vec<String> = fixed.map(str::to_owned).to_vec();
    pages.push(resource.clone());
    pages.push(format!("{resource}/data"));
    pages
}

/// The address of the first resource open to everybody.
pub(crate) fn open_resource(city: &City) -> String {
    let document = city.json("/api/resources");
    let first = &document["rows"][0];
    let code = first["code"].as_str().unwrap_or_else(|| panic!("no open resource: {document}"));
    format!("/catalogue/{code}")
}

#[test]
fn every_open_page_answers_in_both_languages_with_a_heading_and_its_language() {
    let city = City::demo();
    for page in open_pages(&city) {
        for (query, tag) in [("lang=zh", "zh-CN"), ("lang=en", "en")] {
            let mark = if page.contains('?') { '&' } else { '?' };
            let (status, text) = city.get(&format!("{page}{mark}{query}"));
            assert_eq!(status, 200, "{page} {query}: {text}");
            assert!(text.len() <= PAGE_BYTES_MAX, "{page} weighs {} bytes", text.len());
            let html = Html::parse_document(&text);
            assert_eq!(attribute(&html, "html", "lang").as_deref(), Some(tag), "{page}");
            assert_eq!(html.select(&selector("h1")).count(), 1, "{page} has one heading");
        }
    }
}

#[test]
fn no_link_of_an_open_page_is_dead() {
    let city = City::demo();
    let mut links = std::collections::BTreeSet::new();
    for page in open_pages(&city) {
        let (_, text) = city.get(&page);
        let html = Html::parse_document(&text);
        for link in html.select(&selector("a[href]")).filter_map(|link| link.value().attr("href")) {
            let own = link.starts_with('/') && !link.contains("format=") && !link.contains("/download");
            if own && links.len() < LINKS_MAX {
                links.insert(link.split('#').next().unwrap_or(link).to_owned());
            }
        }
    }
    assert!(links.len() > 40, "the pages lead somewhere: {links:?}");
    for link in links {
        let (status, _) = city.get(&link);
        assert!(matches!(status, 200 | 303 | 401 | 403), "{link} answers {status}");
    }
}

#[test]
fn pages_of_staff_refuse_the_stranger_by_name_of_the_way_out() {
    let city = City::demo();
    for page in ["/accounts", "/collect/load", "/collect/loads", "/catalogue/new", "/matrix"] {
        let (status, text) = city.get(page);
        assert!(matches!(status, 303 | 401), "{page} answers {status}: {text}");
        let json = answer(agent().get(city.address(page)).header("accept", "application/json").call());
        assert_eq!(json.0, 401, "{page} as JSON: {}", json.1);
    }
}

#[test]
fn an_unknown_address_says_what_to_do_in_the_readers_language() {
    let city = City::demo();
    let (status, text) = city.get("/no-such-page?lang=en");
    assert_eq!(status, 404);
    assert!(Html::parse_document(&text).select(&selector("h1")).count() == 1 && text.contains("href=\"/\""));
}

fn selector(words: &str) -> Selector {
    Selector::parse(words).expect("a selector")
}

fn attribute(html: &Html, words: &str, name: &str) -> Option<String> {
    html.select(&selector(words)).next()?.value().attr(name).map(str::to_owned)
}

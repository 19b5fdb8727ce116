//! Somebody with a browser's habits and nothing more: keeps cookies, fills in the forms a page shows, sends them back.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use ureq::unversioned::multipart::{Form, Part};

use crate::city::{City, answer};

/// A visitor of the city.
pub(crate) struct Visitor {
    agent: ureq::Agent,
    url: String,
}

impl Visitor {
    /// A stranger.
    pub(crate) fn stranger(city: &City) -> Visitor {
        Visitor::at(&city.url)
    }

    /// A stranger at this address.
    pub(crate) fn at(url: &str) -> Visitor {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        Visitor { agent: config.build().into(), url: url.to_owned() }
    }

    /// Whoever the demo's role switch makes of a stranger: `steward`, `bureau`, `auditor` ...
    pub(crate) fn in_role(city: &City, name: &str) -> Visitor {
        Visitor::in_role_at(&city.url, name)
    }

    /// The same at this address.
    pub(crate) fn in_role_at(url: &str, name: &str) -> Visitor {
        let visitor = Visitor::at(url);
        let (status, text) = visitor.submit("/demo", "/demo", &[("name", name)]);
        assert_eq!(status, 303, "switching to {name}: {text}");
        visitor
    }

    /// A page as the visitor sees it.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        answer(self.agent.get(format!("{}{path}", self.url)).call())
    }

    /// The JSON twin of a page.
    pub(crate) fn json(&self, path: &str) -> Value {
        let call = self.agent.get(format!("{}{path}", self.url)).header("accept", "application/json").call();
        let (status, text) = answer(call);
        assert!(status < 300, "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path} is no JSON ({error}): {text}"))
    }

    /// Fills in the form of `page` that goes to `action`, with a file, and sends it.
    pub(crate) fn upload(&self, page: &str, action: &str, given: &[(&str, &str)], file: (&str, &str)) -> (u16, String) {
        let (status, text) = self.get(page);
        assert_eq!(status, 200, "{page}: {text}");
        answer(self.upload_of(&text, action, given, file))
    }

    /// As [`Visitor::upload`], from a page already seen; the answer may not come.
    pub(crate) fn upload_of(
        &self,
        text: &str,
        action: &str,
        given: &[(&str, &str)],
        file: (&str, &str),
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let fields = form(text, action, given).unwrap_or_else(|| panic!("no form to {action}: {text}"));
        let (name, content) = file;
        let mut sent = Form::new();
        for (field, value) in &fields {
            sent = sent.text(field, value);
        }
        let sent = sent.part("file", Part::bytes(content.as_bytes()).file_name(name));
        self.agent.post(format!("{}{action}", self.url)).send(sent)
    }

    /// Fills in the form of `page` that goes to `action` and sends it; of several, the one that already holds the
    /// hidden values given.
    pub(crate) fn submit(&self, page: &str, action: &str, given: &[(&str, &str)]) -> (u16, String) {
        let (status, text) = self.get(page);
        assert_eq!(status, 200, "{page}: {text}");
        self.submit_of(&text, action, given)
    }

    /// A page, unless the server is gone.
    pub(crate) fn try_get(&self, path: &str) -> Option<(u16, String)> {
        told(self.agent.get(format!("{}{path}", self.url)).call())
    }

    /// As [`Visitor::submit`], unless the server is gone before it answered.
    pub(crate) fn try_submit(&self, page: &str, action: &str, given: &[(&str, &str)]) -> Option<(u16, String)> {
        let (_, text) = self.try_get(page)?;
        let fields = form(&text, action, given)?;
        let request = self.agent.post(format!("{}{action}", self.url));
        told(request.send_form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
    }

    /// As [`Visitor::submit`], of a page already seen.
    pub(crate) fn submit_of(&self, text: &str, action: &str, given: &[(&str, &str)]) -> (u16, String) {
        let fields = form(text, action, given).unwrap_or_else(|| panic!("no form to {action}: {text}"));
        let request = self.agent.post(format!("{}{action}", self.url));
        answer(request.send_form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
    }
}

/// Status and text of an answer that came whole.
pub(crate) fn told(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<(u16, String)> {
    let mut response = response.ok()?;
    let status = response.status().as_u16();
    Some((status, response.body_mut().read_to_string().ok()?))
}

/// What a browser would send for this field as it stands.
fn value(input: ElementRef<'_>) -> String {
    match input.value().name() {
        "textarea" => input.text().collect(),
        "select" => {
            let option = |words: &str| input.select(&Selector::parse(words).expect("a selector")).next();
            let chosen = option("option[selected]").or_else(|| option("option"));
            chosen.and_then(|option| option.value().attr("value")).unwrap_or_default().to_owned()
        }
        _ => input.value().attr("value").unwrap_or_default().to_owned(),
    }
}

/// The fields of the fitting form with what is given laid over them.
fn form(page: &str, action: &str, given: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    let html = Html::parse_document(page);
    let (forms, inputs) = (Selector::parse("form").ok()?, Selector::parse("input, textarea, select").ok()?);
    for form in html.select(&forms).filter(|form| form.value().attr("action") == Some(action)) {
        let mut fields = BTreeMap::new();
        for input in form.select(&inputs) {
            let Some(name) = input.value().attr("name") else { continue };
            let kind = input.value().attr("type").unwrap_or_default();
            let ticked = !matches!(kind, "checkbox" | "radio") || input.value().attr("checked").is_some();
            if ticked && kind != "file" {
                fields.insert(name.to_owned(), value(input));
            }
        }
        let contradicts = |(name, value): &(&str, &str)| {
            let hidden = Selector::parse(&format!("input[type=hidden][name={name}]")).ok();
            let hidden = hidden.and_then(|hidden| form.select(&hidden).next());
            hidden.is_some_and(|hidden| hidden.value().attr("value") != Some(value))
        };
        if given.iter().any(contradicts) {
            continue;
        }
        fields.extend(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        return Some(fields);
    }
    None
}

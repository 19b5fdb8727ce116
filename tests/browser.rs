//! Pages in a real browser: Chromium through its driver (W3C WebDriver, spoken over plain HTTP), at phone and desktop
//! width, in both languages, with scripts off, and through the accessibility checker.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::city::{City, agent, answer};
use crate::pages::open_pages;
use crate::set_up::Empty;

const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];
pub(crate) const PHONE_WIDTH: u32 = 360;
pub(crate) const DESKTOP_WIDTH: u32 = 1280;

/// A browser with its driver; both end with it.
pub(crate) struct Browser {
    session: String,
    driver: Child,
    _output: BufReader<ChildStdout>,
}

impl Browser {
    fn start(width: u32, scripts: bool) -> Browser {
        Browser::with(width, scripts, &[])
    }

    /// A browser with further arguments.
    pub(crate) fn with(width: u32, scripts: bool, more: &[&str]) -> Browser {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is on the PATH; `cargo xtask check` installs it");
        let mut output = BufReader::new(driver.stdout.take().expect("a standard output"));
        let port = port(&mut output);
        let metrics = json!({ "deviceMetrics": { "width": width, "height": 900, "pixelRatio": 1.0, "touch": false } });
        let javascript = if scripts { 1 } else { 2 };
        let options = json!({
            "args": ARGUMENTS.iter().chain(more).collect::<Vec<_>>(),
            "mobileEmulation": metrics,
            "prefs": { "profile.managed_default_content_settings.javascript": javascript },
        });
        let wish = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let wish = json!({ "capabilities": { "alwaysMatch": wish } });
        let base = format!("http://127.0.0.1:{port}");
        let value = command(&format!("{base}/session"), &wish);
        let session = format!("{base}/session/{}", value["sessionId"].as_str().expect("a session"));
        Browser { session, driver, _output: output }
    }

    pub(crate) fn open(&self, url: &str) {
        command(&format!("{}/url", self.session), &json!({ "url": url }));
    }

    pub(crate) fn run(&self, script: &str) -> Value {
        command(&format!("{}/execute/sync", self.session), &json!({ "script": script, "args": [] }))
    }

    pub(crate) fn run_async(&self, script: &str) -> Value {
        command(&format!("{}/execute/async", self.session), &json!({ "script": script, "args": [] }))
    }

    /// What the page's console holds by now; taken from it.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = command(&format!("{}/se/log", self.session), &json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the accessibility checker finds wrong with the page as it stands.
    pub(crate) fn faults(&self) -> Value {
        let axe = std::env::var("YIWANG_TEST_AXE").expect("`cargo xtask check` says where axe-core is");
        self.run(&std::fs::read_to_string(axe).expect("axe-core is installed"));
        self.run_async(
            "const done = arguments[arguments.length - 1];
             axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
                .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3))))
                .catch(error => done([String(error)]));",
        )
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(agent().delete(&self.session).call());
        if self.driver.kill().is_ok() {
            drop(self.driver.wait());
        }
    }
}

#[test]
fn pages_pass_the_accessibility_checker_in_both_languages_and_the_large_version() {
    let city = City::demo();
    let browser = Browser::start(DESKTOP_WIDTH, true);
    let empty = Empty::serve();
    for page in addresses(&city, &empty) {
        for query in ["lang=zh", "lang=en", "large=1"] {
            browser.open(&with(&page, query));
            assert_eq!(browser.faults(), json!([]), "{page} with {query}");
        }
    }
}

#[test]
fn nothing_runs_off_a_narrow_screen_even_in_the_large_version() {
    let city = City::demo();
    let browser = Browser::start(PHONE_WIDTH, true);
    let empty = Empty::serve();
    for page in addresses(&city, &empty) {
        for query in ["lang=zh", "lang=en", "large=1"] {
            browser.open(&with(&page, query));
            let width = browser.run("return document.documentElement.scrollWidth;");
            assert!(
                width.as_u64().is_some_and(|width| width <= u64::from(PHONE_WIDTH)),
                "{page} with {query}: {width}"
            );
        }
    }
}

#[test]
fn pages_say_the_same_with_scripts_off() {
    let city = City::demo();
    let browser = Browser::start(PHONE_WIDTH, false);
    let empty = Empty::serve();
    for page in addresses(&city, &empty) {
        browser.open(&page);
        let (status, text) = answer(agent().get(format!("{}/source", browser.session)).call());
        assert_eq!(status, 200, "{page}");
        let document: Value = serde_json::from_str(&text).expect("the driver speaks JSON");
        let html = document["value"].as_str().expect("the page's source");
        assert!(html.contains("<h1"), "{page} has no heading with scripts off");
    }
}

/// The pages open to everybody, and those of a city still to be set up.
fn addresses(city: &City, empty: &Empty) -> Vec<String> {
    let set_up = ["/", empty.link.as_str()].map(|page| format!("{}{page}", empty.url));
    open_pages(city).iter().map(|page| city.address(page)).chain(set_up).collect()
}

fn with(page: &str, query: &str) -> String {
    let mark = if page.contains('?') { '&' } else { '?' };
    format!("{page}{mark}{query}")
}

fn command(address: &str, body: &Value) -> Value {
    let (status, text) = answer(agent().post(address).send_json(body));
    assert!(status < 300, "{address}: {status} {text}");
    let document: Value = serde_json::from_str(&text).expect("the driver speaks JSON");
    document["value"].clone()
}

/// The port the driver chose: `ChromeDriver was started successfully on port 41234.`
fn port(output: &mut BufReader<ChildStdout>) -> u16 {
    for line in output.by_ref().lines().map_while(Result::ok).take(20) {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().expect("a port");
        }
    }
    panic!("chromedriver names no port");
}

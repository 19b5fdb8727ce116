//! From an empty directory to a city by page and by command, the checklist on the way, settings, and a demo that
//! others can reach.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::city::{City, agent, answer, begin, beside, yiwang, yiwang_whole};
use crate::visitor::Visitor;

const STRONG: &str = "correct horse 7";

/// A server over an empty directory, with its one-time link.
pub(crate) struct Empty {
    pub(crate) url: String,
    pub(crate) link: String,
    pub(crate) data: PathBuf,
    server: Child,
    _folder: TempDir,
}

impl Empty {
    pub(crate) fn serve() -> Empty {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("city");
        let (server, said) = begin(&data, &["serve", "--listen", "127.0.0.1:0"]);
        let url = said["url"].as_str().expect("the address").to_owned();
        let set_up = said["set_up"].as_str().expect("the set-up link");
        let link = set_up.strip_prefix(&url).expect("a page of this address").to_owned();
        Empty { url, link, data, server, _folder: folder }
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            drop(self.server.wait());
        }
    }
}

const WISH: [(&str, &str); 6] = [
    ("name_zh", "测试市"),
    ("name_en", "Testing"),
    ("region", "449900"),
    ("host.icp", "测ICP备00000000号"),
    ("host.organiser", "测试市数据局"),
    ("host.address", "https://data.example.gov.cn"),
];

#[test]
fn an_empty_directory_becomes_a_city_by_page_once_and_by_whoever_has_the_link() {
    let empty = Empty::serve();
    let visitor = Visitor::at(&empty.url);
    let (status, text) = visitor.get("/?lang=en");
    assert!(status == 200 && !text.contains("name=\"region\""), "a stranger sees that it waits: {text}");
    assert_eq!(visitor.get("/set-up").0, 403);
    assert_eq!(visitor.get("/set-up?link=AAAA").0, 403);
    let submit = |given: &[(&str, &str)]| {
        let given: Vec<_> = WISH.iter().chain(given).copied().collect();
        visitor.submit(&empty.link, "/set-up", &given)
    };
    let (status, text) = submit(&[("region", "44")]);
    assert!(status == 422 && text.contains("id=\"error-region\""), "{status} {text}");
    let (status, text) = submit(&[("security_name", "system")]);
    assert!(status == 422 && text.contains("id=\"error-security_name\""), "two administrators in one: {text}");
    let (status, text) = submit(&[("audit_password", "1234567890"), ("audit_again", "1234567890")]);
    assert!(status == 422 && text.contains("id=\"error-audit_password\""), "a weak password: {text}");
    let (status, text) = submit(&[("host.address", "data.example.gov.cn/path")]);
    assert!(status == 422 && text.contains("error-host.address"), "{text}");
    assert!(!empty.data.exists() || std::fs::read_dir(&empty.data).expect("a folder").next().is_none());
    assert!(!beside(&empty.data).exists(), "nothing is left of what was refused");

    let (status, made) = submit(&[("audit_password", STRONG), ("audit_again", STRONG)]);
    assert_eq!(status, 201, "{made}");
    let keys = std::fs::read_to_string(beside(&empty.data)).expect("the key file");
    assert!(made.contains(keys.trim()), "the keys are shown once");
    assert_eq!(made.matches("/activate?link=").count(), 2, "one administrator has a password");
    assert_eq!(visitor.get(&empty.link).0, 410, "the link works once");
    let (_, link) = empty.link.split_once("link=").expect("a link");
    let twice = agent().post(format!("{}/set-up", empty.url)).send_json(json!({ "link": link, "name_zh": "另一座" }));
    assert_eq!(answer(twice).0, 410);

    let (status, text) = visitor.submit_of(&made, "/set-up/kept", &[("place", "二楼保险柜")]);
    assert!(status == 422 && text.contains("id=\"error-kept\"") && !text.contains(keys.trim()), "{status} {text}");
    let kept = [("place", "二楼保险柜"), ("kept", "1")];
    assert_eq!(visitor.submit_of(&made, "/set-up/kept", &kept).0, 303);

    let (status, home) = visitor.get("/");
    assert!(status == 200 && home.contains("测ICP备00000000号") && home.contains("测试市数据局"), "{home}");
    let (_, map) = visitor.get("/sitemap.xml");
    assert!(map.contains("https://data.example.gov.cn/catalogue"), "{map}");
    let signed_in = visitor.submit("/sign-in", "/sign-in", &[("name", "audit"), ("password", STRONG)]);
    assert_eq!(signed_in.0, 303, "{}", signed_in.1);
    let steps = visitor.json("/")["checklist"].clone();
    let done = |name: &str| {
        let mut steps = steps.as_array().into_iter().flatten();
        steps.find(|step| step["name"] == name).map(|step| &step["done"])
    };
    assert_eq!(done("host.keys"), Some(&json!(true)), "{steps}");
    assert_eq!(done("collect.loaded"), Some(&json!(false)), "{steps}");
    let (code, text) = yiwang(&empty.data, &["--json", "doctor"]);
    assert!(code == 0 && text.contains("测试市"), "the city made by page has an owner: {text}");
}

#[test]
fn a_city_is_set_up_on_this_machine_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    let (code, _, words) = yiwang_whole(&data, &["serve", "--listen", "0.0.0.0:0"]);
    assert!(code == 3 && words.contains("127.0.0.1"), "{code} {words}");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join("other"), "").expect("a file");
    assert_eq!(yiwang_whole(&data, &["serve", "--listen", "127.0.0.1:0"]).0, 3, "other things are no city");
}

#[test]
fn init_takes_what_the_page_takes_and_refuses_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    let base = ["--json", "init", "--name", "测试市", "--region", "449900"];
    let with = |more: &[&str]| yiwang(&data, &[&base, more].concat());
    let field = |text: &str| {
        let document: Value = serde_json::from_str(text).expect("one document");
        document["error"]["field"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(yiwang(&data, &["--json", "init"]).0, 2, "nobody to ask");
    let (code, text) = with(&["--security", "system:李四"]);
    assert_eq!((code, field(&text).as_str()), (3, "security_name"));
    let (code, text) = with(&["--set", "host.address=nowhere"]);
    assert_eq!((code, field(&text).as_str()), (3, "host.address"));
    assert_eq!(with(&["--set", "no.such=1"]).0, 3);
    let (code, text) = with(&["--lake", "s3://bucket/lake"]);
    assert_eq!((code, field(&text).as_str()), (3, "lake"));
    assert!(!beside(&data).exists(), "nothing is left of what was refused");
    let lake = folder.path().join("big");
    let lake_url = format!("file://{}", lake.display());
    let (code, text) = with(&["--system", "zhang:张三", "--set", "host.icp=X", "--lake", &lake_url]);
    let document: Value = serde_json::from_str(&text).expect("one document");
    assert_eq!((code, document["administrators"][0]["name"].as_str()), (0, Some("zhang")), "{text}");
    let file = folder.path().join("parking.csv");
    let rows: String = (0..12_000).map(|row| format!("K{row:05},{row}\n")).collect();
    std::fs::write(&file, format!("编号,泊位\n{rows}")).expect("a file");
    assert_eq!(yiwang(&data, &["load", file.to_str().expect("UTF-8")]).0, 0, "the lake's place is remembered");
    assert!(std::fs::read_dir(lake.join("lake")).expect("the lake").next().is_some(), "files lie there");
    assert!(!data.join("lake").exists());
    assert_eq!(yiwang(&data, &["resources", "--lake", "/somewhere/else"]).0, 4, "it does not move by an option");
}

#[test]
fn settings_are_changed_with_a_reason_by_the_system_administrator_alone() {
    let city = City::demo();
    let system = Visitor::in_role(&city, "system");
    assert!(matches!(Visitor::in_role(&city, "security").get("/settings").0, 403 | 404));
    let (_, list) = system.get("/settings?lang=en");
    assert!(list.contains("/settings/host.icp") && list.contains("/settings/collect.held_permille"), "{list}");
    let change = |name: &str, value: &str, reason: &str| {
        let page = format!("/settings/{name}");
        system.submit(&page, &page, &[("value", value), ("reason", reason)])
    };
    let (status, text) = change("collect.held_permille", "many", "a test");
    assert!(status == 422 && text.contains("id=\"error-value\""), "{text}");
    let (status, text) = change("host.icp", "测ICP备1号", " ");
    assert!(status == 422 && text.contains("id=\"error-reason\""), "{text}");
    assert_eq!(change("host.icp", "测ICP备1号", "备案下来了").0, 303);
    let (_, home) = Visitor::stranger(&city).get("/");
    assert!(home.contains("测ICP备1号"), "it holds at once");
    let (_, list) = system.get("/settings");
    assert!(list.contains("备案下来了") && list.contains("测ICP备1号"), "who changed what, and why: {list}");
}

#[test]
fn a_shared_demo_switches_roles_behind_its_pass_phrase() {
    let (folder, data) = City::demo_directory();
    let (code, _, words) = yiwang_whole(&data, &["demo", "--listen", "0.0.0.0:0"]);
    assert!(code == 3 && words.contains("--share"), "not without --share: {words}");
    let (mut server, said) = begin(&data, &["demo", "--share", "--listen", "127.0.0.1:0"]);
    let url = said["url"].as_str().expect("the address");
    let file = data.join("demo-phrase.txt");
    let phrase = std::fs::read_to_string(&file).expect("the pass phrase");
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let visitor = Visitor::at(url);
    let (status, text) = visitor.submit("/demo?lang=en", "/demo", &[("name", "chief"), ("phrase", "guess")]);
    assert!(status == 422 && text.contains("id=\"error-phrase\""), "{status} {text}");
    let tries = (0..40).map(|_| visitor.submit("/demo", "/demo", &[("name", "chief"), ("phrase", "guess")]).0);
    assert!(tries.collect::<Vec<_>>().contains(&429), "guessing is slowed");
    server.kill().expect("the server was running");
    server.wait().expect("it ends");

    let (mut server, said) = begin(&data, &["demo", "--share", "--listen", "127.0.0.1:0"]);
    let again = std::fs::read_to_string(&file).expect("the pass phrase");
    assert_ne!(again, phrase, "each run has its own");
    let visitor = Visitor::at(said["url"].as_str().expect("the address"));
    let words = again.trim().to_lowercase().replace('-', " ");
    assert_eq!(visitor.submit("/demo", "/demo", &[("name", "chief"), ("phrase", &words)]).0, 303);
    assert_eq!(visitor.submit("/demo", "/demo", &[("name", "steward")]).0, 303, "who is in switches on");
    server.kill().expect("the server was running");
    server.wait().expect("it ends");
    drop(folder);
}

#[test]
fn a_failed_init_leaves_the_database_as_empty_as_it_found_it() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(yiwang_store::testing::postgres());
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    let init = |data: &PathBuf, more: &[&str]| {
        let base = ["--json", "--store", &store.url, "init", "--name", "测试市", "--region", "449900"];
        let (code, text) = yiwang(data, &[&base, more].concat());
        let document: Value = serde_json::from_str(&text).expect("one document");
        (code, document["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    // The setting is checked once the tables are there and keys are kept in them.
    assert_eq!(init(&data, &["--set", "no.such=1"]), (3, "setting-unknown".to_owned()));
    assert!(runtime.block_on(yiwang_store::Db::is_vacant(&store.url)).expect("asked"), "no table is left");
    assert!(!beside(&data).exists());
    assert_eq!(init(&data, &[]), (0, String::new()), "a second attempt finds what the first one found");
    let verified = yiwang(&data, &["--json", "--store", &store.url, "verify"]);
    assert_eq!(verified.0, 0, "{}", verified.1);
    let other = folder.path().join("other");
    assert_eq!(init(&other, &[]), (4, "store-not-empty".to_owned()), "two cities never share a database");
    assert!(!beside(&other).exists());
    let (code, text) = yiwang(&data, &["--json", "--store", &store.url, "resources"]);
    assert_eq!(code, 0, "the first city is untouched: {text}");
}

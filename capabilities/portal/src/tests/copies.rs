//! Plain copies under `out/`: written of what is open alone, one commit a version, gone with the opening.

use std::path::PathBuf;

use serde_json::Value;
use yiwang_catalogue::ops as catalogue;
use yiwang_kernel::Error;

use super::city::{City, cities};
use super::open_data::opened;
use crate::copies;

fn folder(city: &City, code: &str) -> PathBuf {
    city.platform.data_dir.join("out").join(code)
}

/// The actions of a commit.
fn commit(city: &City, code: &str, number: u64) -> Vec<Value> {
    let path = folder(city, code).join("_delta_log").join(format!("{number:020}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("an action")).collect()
}

fn action(actions: &[Value], name: &str) -> Value {
    actions.iter().find(|action| action.get(name).is_some()).map_or(Value::Null, |action| action[name].clone())
}

async fn keep(city: &City) {
    copies::keep(&city.platform, &city.system()).await.expect("kept");
}

async fn set(city: &City, value: &str) {
    let platform = &city.platform;
    let ctx = city.system();
    let ctx = &ctx;
    let set =
        platform.db.tx(|tx| Box::pin(async move { platform.settings.set(tx, ctx, copies::SETTING, value).await }));
    set.await.expect("set");
    platform.settings.reload(&platform.db).await.expect("read again");
}

#[tokio::test]
async fn the_switch_takes_its_two_words_and_no_other() {
    let city = &cities().await[0];
    let check = |value: &str| city.platform.settings.check(copies::SETTING, value);
    for word in ["on", "off", " off "] {
        check(word).expect("one of the two");
    }
    for word in ["", "yes", "ON", "of"] {
        let error = check(word).expect_err("another word would switch off in silence");
        assert_eq!(error.code(), "portal-copies-switch", "{word:?}");
    }
}

#[tokio::test]
async fn what_is_open_has_a_copy_without_what_is_masked_and_the_ledger_knows() {
    for city in cities().await {
        let closed = city.load("not open.csv", "a,b\n1,2\n").await.resource;
        let code = opened(&city).await;
        let before = city.platform.ledger.status().entries;
        keep(&city).await;
        assert!(city.platform.ledger.status().entries > before, "{}: a copy is a read", city.name);
        assert!(!folder(&city, &closed).exists());
        let actions = commit(&city, &code, 0);
        assert_eq!(action(&actions, "protocol")["minReaderVersion"], 1);
        let add = action(&actions, "add");
        let stats: Value = serde_json::from_str(add["stats"].as_str().expect("text")).expect("JSON");
        assert_eq!(stats["numRecords"], 3, "{}", city.name);
        assert!(stats["nullCount"].get("lianxidianhua").is_none() && stats["nullCount"]["chewei"] == 0);
        let file = folder(&city, &code).join(add["path"].as_str().expect("text"));
        let bytes = std::fs::read(&file).expect("the file");
        assert_eq!(add["size"], bytes.len());
        assert!(bytes.starts_with(b"PAR1") && !String::from_utf8_lossy(&bytes).contains("13800138000"));
        let entries = city.platform.ledger.status().entries;
        keep(&city).await;
        assert_eq!(city.platform.ledger.status().entries, entries, "what is current is not written again");
        let known = city.platform.gate.copies().await.expect("copies");
        assert_eq!(known.iter().map(|copy| (copy.version, copy.rows)).collect::<Vec<_>>(), [(1, 3)]);
    }
}

#[tokio::test]
async fn a_new_version_is_the_next_commit_and_old_files_go_one_version_later() {
    for city in cities().await {
        let code = opened(&city).await;
        keep(&city).await;
        let mut files = vec![action(&commit(&city, &code, 0), "add")["path"].as_str().expect("text").to_owned()];
        for number in 1..3 {
            city.append(&code, "编号,名称,联系电话,车位\r\n010,北门停车场,13600136000,7\r\n").await;
            keep(&city).await;
            let actions = commit(&city, &code, number);
            assert_eq!(action(&actions, "remove")["path"], files[files.len() - 1].as_str(), "{}", city.name);
            files.push(action(&actions, "add")["path"].as_str().expect("text").to_owned());
        }
        let there: Vec<bool> = files.iter().map(|file| folder(&city, &code).join(file).exists()).collect();
        assert_eq!(there, [false, true, true], "{}", city.name);
    }
}

#[tokio::test]
async fn a_take_down_takes_the_copy_at_once_and_a_restored_opening_brings_it_back() {
    for city in cities().await {
        let code = opened(&city).await;
        keep(&city).await;
        assert!(folder(&city, &code).exists(), "{}", city.name);
        let bureau = city.bureau();
        catalogue::take_down(&city.platform, &bureau, &code, "涉及个人信息").await.expect("taken down");
        assert!(!folder(&city, &code).exists(), "{}: before the answer", city.name);
        keep(&city).await;
        assert!(!folder(&city, &code).exists());
        let spec = yiwang_gate::CopySpec { resource: code.clone(), quiet: Vec::new() };
        let refused = city.platform.gate.copy_out(&bureau, &spec).await;
        assert!(matches!(refused, Err(Error::Gone(_))), "{}", city.name);
        catalogue::restore(&city.platform, &bureau, &code, "已处理").await.expect("restored");
        keep(&city).await;
        assert!(folder(&city, &code).exists());
        catalogue::withdraw_opening(&city.platform, &bureau, &code, "不再开放").await.expect("withdrawn");
        assert!(!folder(&city, &code).exists(), "{}", city.name);
        let left = std::fs::read_dir(city.platform.data_dir.join("out").join(".aside")).expect("a folder").count();
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn a_changed_cover_takes_the_copy_at_once_and_the_setting_all_of_them() {
    for city in cities().await {
        let code = opened(&city).await;
        keep(&city).await;
        let steward = city.steward("C001");
        let entry = catalogue::entry(&city.platform, &steward, &code).await.expect("an entry");
        let mut content = entry.content.clone();
        let field = content.fields.iter_mut().find(|field| field.name == "mingcheng").expect("a field");
        field.mask = Some(yiwang_gate::Mask::Null);
        catalogue::edit(&city.platform, &steward, &code, entry.revision, &content).await.expect("edited");
        catalogue::submit(&city.platform, &steward, &code).await.expect("submitted");
        catalogue::approve(&city.platform, &city.bureau(), &code).await.expect("approved");
        assert!(!folder(&city, &code).exists(), "{}", city.name);
        keep(&city).await;
        assert!(commit(&city, &code, 0).len() > 3);
        set(&city, "off").await;
        keep(&city).await;
        assert!(!folder(&city, &code).exists(), "{}", city.name);
        set(&city, "on").await;
        keep(&city).await;
        assert!(folder(&city, &code).exists());
    }
}

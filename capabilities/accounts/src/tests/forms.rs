//! Every page of an administrator in both languages, the forms behind them, and who is refused.

use http::{StatusCode, header};
use yiwang_kernel::{Lang, Role};

use super::world::World;
use crate::capability;

/// Pages and who may open them, besides the security administrator where none is named.
const PAGES: [(&str, &[Role]); 12] = [
    ("/sign-in", &[]),
    ("/departments", &[]),
    ("/departments?closed=1", &[]),
    ("/departments/A1", &[]),
    ("/why", &[]),
    ("/why?permission=accounts.manage&department=A1", &[]),
    ("/account", &[Role::Clerk, Role::SecurityAdmin, Role::AuditAdmin]),
    ("/accounts", &[Role::SecurityAdmin, Role::AuditAdmin]),
    ("/accounts/new", &[Role::SecurityAdmin]),
    ("/accounts/import", &[Role::SecurityAdmin]),
    ("/accounts/acts", &[Role::AuditAdmin]),
    ("/matrix", &[Role::SecurityAdmin, Role::AuditAdmin]),
];

#[tokio::test]
async fn each_page_opens_for_whom_it_is_meant_in_both_languages() {
    let world = World::one(false).await;
    let mut cookies = vec![(None, String::new())];
    for (name, role) in [("clerk1", Role::Clerk), ("security1", Role::SecurityAdmin), ("auditor1", Role::AuditAdmin)] {
        world.person(name, Some("A1"), &[role]).await;
        cookies.push((Some(role), world.sign_in(name).await));
    }
    for (path, roles) in PAGES {
        for (role, cookie) in &cookies {
            let join = if path.contains('?') { '&' } else { '?' };
            let zh = world.get(&format!("{path}{join}lang=zh"), cookie).await;
            let en = world.get(&format!("{path}{join}lang=en"), cookie).await;
            let meant = roles.is_empty() || role.is_some_and(|role| roles.contains(&role));
            let status = match (meant, role) {
                (true, _) => StatusCode::OK,
                (false, None) => StatusCode::UNAUTHORIZED,
                (false, Some(_)) => StatusCode::FORBIDDEN,
            };
            assert_eq!((zh.status, en.status), (status, status), "{path} for {role:?}: {}", zh.text);
            for (page, lang) in [(&zh, "zh-CN"), (&en, "en")] {
                assert!(page.text.contains(&format!("<html lang=\"{lang}\"")), "{path}");
                assert!(!page.text.contains("accounts-"), "{path}: a text without words: {}", page.text);
            }
        }
    }
}

#[tokio::test]
async fn every_text_stands_in_both_languages_and_every_permission_has_one() {
    let world = World::one(false).await;
    assert_eq!(world.platform.texts.missing(), Vec::<String>::new());
    for permission in capability().permissions {
        for lang in Lang::ALL {
            assert!(world.platform.texts.has(lang, &permission.title_id()), "{}", permission.name);
        }
    }
}

#[tokio::test]
async fn an_administrator_makes_an_account_and_changes_its_roles_by_forms() {
    for world in World::each().await {
        world.person("security1", None, &[Role::SecurityAdmin]).await;
        world.person("clerk1", Some("A1"), &[Role::Clerk]).await;
        let cookie = world.sign_in("security1").await;
        let two = "name=new.one&display=%E6%96%B0&department=A1&roles=system_admin&roles=audit_admin";
        let refused = world.submit("/accounts/new", "/accounts", &cookie, two).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.name);
        assert!(refused.text.contains("value=\"new.one\""), "what was typed is kept");
        let made = world.submit("/accounts/new", "/accounts", &cookie, &two.replace("&roles=audit_admin", "")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let path =
            made.text.split("href=\"/accounts/").filter_map(|rest| rest.split('"').next()).find(|id| id.len() == 36);
        let path = format!("/accounts/{}", path.expect("a link to the account"));
        let page = world.get(&path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let second =
            world.submit(&path, &format!("{path}/roles"), &cookie, "roles=system_admin&roles=security_admin").await;
        assert_eq!(second.status, StatusCode::UNPROCESSABLE_ENTITY);
        let last = world.submit(&path, &format!("{path}/leave"), &cookie, "").await;
        assert_eq!(last.status, StatusCode::CONFLICT, "the last system administrator");
        let clerk = world.sign_in("clerk1").await;
        assert_eq!(world.get(&path, &clerk).await.status, StatusCode::FORBIDDEN);
        let forbidden = world.submit("/account", &format!("{path}/roles"), &clerk, "roles=clerk").await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_bureau_renames_merges_and_splits_by_forms() {
    for world in World::each().await {
        world.person("bureau1", Some("A1"), &[Role::Bureau]).await;
        let cookie = world.sign_in("bureau1").await;
        let since = world.operator().now().date();
        let fields = format!("since={since}&basis=1&name_zh=%E6%96%B0%E5%B1%80&name_en=New");
        let done = world.submit("/departments/B2", "/departments/B2/rename", &cookie, &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}: {}", world.name, done.text);
        assert!(world.get("/departments/B2?lang=en", "").await.text.contains("New"));
        let split = format!("{fields}&new_code=B9&stays=1");
        let done = world.submit("/departments/B2", "/departments/B2/split", &cookie, &split).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let wrong = format!("since={since}&basis=1&into=ZZ");
        let refused = world.submit("/departments/B9", "/departments/B9/merge", &cookie, &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let merge = wrong.replace("ZZ", "A1");
        let done = world.submit("/departments/B9", "/departments/B9/merge", &cookie, &merge).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        assert!(!world.get("/departments?format=json", "").await.text.contains("B9"));
        assert_eq!(world.get("/departments/ZZ", "").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_list_of_accounts_leaves_as_files_with_what_the_filter_shows() {
    let world = World::one(false).await;
    world.person("security1", None, &[Role::SecurityAdmin]).await;
    for name in ["bb", "aa"] {
        world.invited(name, Some("A1"), &[Role::Clerk]).await.expect("made");
    }
    let cookie = world.sign_in("security1").await;
    let csv = world.get("/accounts?department=A1&format=csv", &cookie).await;
    assert!(csv.headers[header::CONTENT_DISPOSITION].to_str().expect("text").contains("accounts.csv"));
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(lines.len(), 3, "{}", csv.text);
    assert!(lines[1].starts_with("aa,") && lines[2].starts_with("bb,"), "{}", csv.text);
    let json = world.get("/accounts?department=A1&format=json", &cookie).await;
    let json: serde_json::Value = serde_json::from_str(&json.text).expect("json");
    assert_eq!(json["total"], 2);
    assert_eq!(world.get("/accounts?format=csv", "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_administrator_asks_why_for_somebody_else_and_nobody_else_does() {
    let world = World::one(false).await;
    world.person("security1", None, &[Role::SecurityAdmin]).await;
    world.person("steward1", Some("A1"), &[Role::Steward]).await;
    let path = "/why?permission=accounts.read&department=B2&of=steward1&format=json";
    let why = world.get(path, &world.sign_in("security1").await).await;
    let json: serde_json::Value = serde_json::from_str(&why.text).expect("json");
    assert_eq!((json["allowed"].as_bool(), json["reason"].as_str()), (Some(false), Some("other-department")));
    assert_eq!(world.get(path, &world.sign_in("steward1").await).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get(path, "").await.status, StatusCode::UNAUTHORIZED);
}

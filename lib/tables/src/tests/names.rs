//! Names drafted from headers.

use proptest::prelude::*;

use crate::{draft_name, draft_names, is_personal_header};

#[test]
fn headers_become_ascii_names() {
    for (header, name) in [
        ("企业名称", "qiyemingcheng"),
        ("Unique Key", "unique_key"),
        ("PM2.5（μg/m3）", "pm2_5_g_m3"),
        ("2024年", "c2024nian"),
        (" 绿化率% ", "lvhualv"),
        ("!!!", "column"),
    ] {
        assert_eq!(draft_name(header), name, "{header}");
    }
}

#[test]
fn double_and_missing_headers_get_names_of_their_own() {
    let headers = ["名称", "名称", "", "mingcheng_2", ""].map(str::to_owned);
    assert_eq!(draft_names(&headers), ["mingcheng", "mingcheng_2", "column_3", "mingcheng_2_2", "column_5"]);
    let long = "很".repeat(40);
    let names = draft_names(&[long.clone(), long]);
    assert!(names.iter().all(|name| name.len() <= 63) && names[0] != names[1]);
}

#[test]
fn headers_say_what_is_personal() {
    assert!(
        is_personal_header("法定代表人姓名") && is_personal_header("Date_of_Birth") && is_personal_header("surname")
    );
    assert!(!is_personal_header("企业名称") && !is_personal_header("name"));
}

proptest! {
    #[test]
    fn every_name_can_be_a_column(headers in prop::collection::vec("\\PC{0,40}", 0..12)) {
        let names = draft_names(&headers);
        for name in &names {
            let mut bytes = name.bytes();
            prop_assert!(bytes.next().is_some_and(|first| first.is_ascii_lowercase()), "{}", name);
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            prop_assert!(bytes.all(plain), "{}", name);
            prop_assert!(name.len() <= 63);
        }
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        prop_assert_eq!(distinct.len(), names.len());
    }
}

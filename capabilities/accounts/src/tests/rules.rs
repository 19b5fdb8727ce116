//! Rules on the model: roles that may stand together, passwords, names, lists of people.

use proptest::prelude::*;
use yiwang_kernel::{Error, Role};

use crate::model::{check_name, check_password, check_roles, read_rows};

#[test]
fn no_account_holds_two_administrators_and_staff_keep_residents_apart() {
    let check = |roles: &[Role]| check_roles(roles, Some("A1")).is_ok();
    assert!(check(&[Role::SystemAdmin]));
    assert!(check(&[Role::SecurityAdmin, Role::Bureau]));
    assert!(!check(&[Role::SystemAdmin, Role::AuditAdmin]));
    assert!(!check(&[Role::SystemAdmin, Role::Steward, Role::SecurityAdmin]));
    assert!(!check(&[Role::Resident, Role::Clerk]));
    assert!(check(&[Role::Resident, Role::Agent]));
    assert!(!check(&[Role::Clerk, Role::Clerk]));
    assert!(check_roles(&[Role::Steward], None).is_err(), "a steward of no department");
}

#[test]
fn weak_passwords_are_refused_with_a_reason() {
    let code = |password: &str| check_password("zhangsan", password).map_err(|error| error.code());
    assert_eq!(code("short"), Err("accounts-password-short"));
    assert_eq!(code(&"x1y2".repeat(60)), Err("accounts-password-long"));
    for weak in ["aaaaaaaaaaaa", "Password123", "zhangsan2026!", "1234567890"] {
        assert_eq!(code(weak), Err("accounts-password-weak"), "{weak}");
    }
    assert_eq!(code("纸上得来终觉浅绝知此事"), Ok(()));
}

#[test]
fn a_list_is_read_by_its_headers_in_either_language_and_encoding() {
    let text = "登录名,姓名,部门代码,角色\nli.si,李四,A1,数据专员、窗口\n\nwang5,王五,,bureau\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    for bytes in [text.as_bytes(), &gb] {
        let rows = read_rows(bytes).expect("readable");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].person.roles, ["steward", "clerk"]);
        assert_eq!(rows[0].person.display, "李四");
        assert_eq!((rows[1].person.department.clone(), rows[1].line), (None, 3));
    }
}

#[test]
fn a_list_without_a_column_or_rows_is_refused_whole() {
    let code = |text: &str| read_rows(text.as_bytes()).map_err(|error| error.code());
    assert_eq!(code("name,display\nli,Li"), Err("accounts-import-column"));
    assert_eq!(code("name,display,roles\n"), Err("accounts-import-empty"));
    assert_eq!(code(""), Err("accounts-import-empty"));
    let many: String = (0..2001).map(|row| format!("n{row},N,bureau\n")).collect();
    assert_eq!(code(&format!("name,display,roles\n{many}")), Err("list-rows"));
    assert_eq!(read_rows(b"PK\x03\x04 no archive").map_err(|error| error.code()), Err("list-unreadable"));
}

proptest! {
    #[test]
    fn any_bytes_are_a_list_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        match read_rows(&bytes) {
            Ok(rows) => prop_assert!(!rows.is_empty()),
            Err(error) => prop_assert!(matches!(error, Error::Invalid { .. } | Error::TooLarge(_)), "{error}"),
        }
    }

    #[test]
    fn names_that_pass_are_safe_to_show_and_to_compare(name in "\\PC{0,70}") {
        if check_name(&name).is_ok() {
            prop_assert_eq!(name.to_lowercase(), name.clone());
            prop_assert!(name.is_ascii() && name.len() >= 2);
        }
    }
}

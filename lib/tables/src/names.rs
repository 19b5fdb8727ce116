//! Column names drafted from headers: ASCII by pinyin, unique, fixed for life once the catalogue takes them.

use std::collections::HashSet;

use pinyin::ToPinyin;

const NAME_BYTES_MAX: usize = 63;

/// Words in a header that say its column is about one person.
const PERSONAL: [&str; 30] = [
    "姓名",
    "身份证",
    "公民身份",
    "证件号",
    "证件编号",
    "手机",
    "电话",
    "联系方式",
    "住址",
    "居住地址",
    "家庭地址",
    "户籍地址",
    "邮箱",
    "银行卡",
    "银行账号",
    "出生日期",
    "护照",
    "社保号",
    "社会保障号",
    "微信号",
    "车牌",
    "id_card",
    "idcard",
    "id card",
    "phone",
    "mobile",
    "email",
    "e-mail",
    "passport",
    "date_of_birth",
];
const PERSONAL_WHOLE: [&str; 12] = [
    "surname",
    "given_name",
    "first_name",
    "last_name",
    "firstname",
    "lastname",
    "full_name",
    "dob",
    "birth_date",
    "birthdate",
    "social_security_number",
    "soc_sec_id",
];

/// The name a header gives: `[a-z][a-z0-9_]{0,62}`, `column` where it gives none.
pub fn draft_name(header: &str) -> String {
    let mut name = String::new();
    for character in header.trim().chars() {
        let part = match character.to_pinyin() {
            Some(pinyin) => pinyin.plain().replace('ü', "v"),
            None if character.is_ascii_alphanumeric() => character.to_ascii_lowercase().to_string(),
            None => "_".to_owned(),
        };
        let doubled = part == "_" && (name.is_empty() || name.ends_with('_'));
        if name.len() + part.len() > NAME_BYTES_MAX {
            break;
        }
        if !doubled {
            name.push_str(&part);
        }
    }
    let name = name.trim_end_matches('_');
    match name.bytes().next() {
        None => "column".to_owned(),
        Some(first) if first.is_ascii_digit() => cut(&format!("c{name}"), NAME_BYTES_MAX).to_owned(),
        Some(_) => name.to_owned(),
    }
}

/// A name for each header; what would be double gets `_2`, `_3` ..., what has no header its place.
pub fn draft_names(headers: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(headers.len());
    for (place, header) in headers.iter().enumerate() {
        let base = if header.trim().is_empty() { format!("column_{}", place + 1) } else { draft_name(header) };
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            let suffix = format!("_{number}");
            name = cut(&base, NAME_BYTES_MAX - suffix.len()).to_owned() + &suffix;
            number += 1;
        }
        names.push(name);
    }
    names
}

/// Whether the header alone says that the column is about one person.
pub fn is_personal_header(header: &str) -> bool {
    let header = header.trim().to_lowercase();
    PERSONAL.iter().any(|word| header.contains(word)) || PERSONAL_WHOLE.contains(&header.as_str())
}

/// Names are ASCII, so any byte is a border.
fn cut(name: &str, bytes: usize) -> &str {
    &name[..name.len().min(bytes)]
}

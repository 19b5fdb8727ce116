//! How people and vehicles are reached and named: mobile numbers, e-mail addresses, licence plates (GA 36-2018).

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
const ENDS: &str = "挂学警港澳使领试超";

/// Whether this is a mobile number of the mainland: 11 digits from 13 to 19, `+86` or `86` before it allowed.
pub fn is_mobile(text: &str) -> bool {
    check_mobile(text.as_bytes())
}

/// Whether this looks like an e-mail address: one `@`, a dotted host, no spaces.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_graphic() && !b"@,;\"<>()".contains(&byte));
    let dotted = host.contains('.') && host.split('.').all(|label| !label.is_empty());
    text.len() <= 254 && !name.is_empty() && plain(name) && plain(host) && dotted
}

/// Whether this is a vehicle's plate: province, office letter, five characters (six for new energy); a middle dot is
/// allowed after the office letter.
pub fn is_plate(text: &str) -> bool {
    let mut rest = text.chars();
    let province = rest.next().is_some_and(|first| PROVINCES.contains(first));
    let office = rest.next().is_some_and(is_letter);
    let rest = rest.as_str();
    let number: Vec<char> = rest.strip_prefix(['·', '•', ' ']).unwrap_or(rest).chars().take(7).collect();
    let Some((last, first)) = number.split_last() else { return false };
    let plain = |given: &char| is_letter(*given) || given.is_ascii_digit();
    let ends_well = plain(last) || (number.len() == 5 && ENDS.contains(*last));
    let new_energy = || number.len() == 6 && (number[0].is_ascii_uppercase() || last.is_ascii_uppercase());
    province && office && (number.len() == 5 || new_energy()) && first.iter().all(plain) && ends_well
}

#[inline]
pub(crate) fn check_mobile(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"+").unwrap_or(bytes);
    let bytes = if bytes.len() == 13 { bytes.strip_prefix(b"86").unwrap_or(bytes) } else { bytes };
    bytes.len() == 11 && bytes[0] == b'1' && bytes[1] >= b'3' && bytes.iter().all(u8::is_ascii_digit)
}

fn is_letter(given: char) -> bool {
    given.is_ascii_uppercase() && !matches!(given, 'I' | 'O')
}

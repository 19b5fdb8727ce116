//! PostgreSQL's binary `numeric`: groups of four decimal digits, kept here as exact decimal text.

/// The decimal text of a binary numeric; none for what is no finite number.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let groups = usize::from(words.next()?);
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let scale = usize::from(words.next()?);
    if sign != 0 && sign != 0x4000 {
        return None;
    }
    let groups: Vec<u16> = words.take(groups).collect();
    let group = |place: i32| -> u16 {
        let index = usize::try_from(weight - place).ok();
        index.and_then(|index| groups.get(index)).copied().unwrap_or(0)
    };
    let mut whole: String = (0..=weight.max(0)).rev().map(|place| format!("{:04}", group(place))).collect();
    whole = whole.trim_start_matches('0').to_owned();
    let fraction_groups = i32::try_from(scale.div_ceil(4)).ok()?;
    let mut fraction: String = (1..=fraction_groups).map(|place| format!("{:04}", group(-place))).collect();
    fraction.truncate(scale);
    let mut text = String::new();
    if sign == 0x4000 {
        text.push('-');
    }
    text.push_str(if whole.is_empty() { "0" } else { &whole });
    if scale > 0 {
        text.push('.');
        text.push_str(&fraction);
    }
    Some(text)
}

/// The binary numeric of a decimal text such as `-12.50`.
pub(crate) fn encode(text: &str) -> Option<Vec<u8>> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (0x4000u16, digits),
        None => (0, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole_groups = whole.len().div_ceil(4);
    let padded =
        format!("{whole:0>0$}", whole_groups * 4) + &format!("{fraction:0<0$}", fraction.len().div_ceil(4) * 4);
    let group = |digits: &[u8]| digits.iter().fold(0u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    let groups: Vec<u16> = padded.as_bytes().chunks(4).map(group).collect();
    let head = [
        u16::try_from(groups.len()).ok()?,
        u16::try_from(whole_groups).ok()?.wrapping_sub(1),
        sign,
        u16::try_from(fraction.len()).ok()?,
    ];
    Some(head.into_iter().chain(groups).flat_map(u16::to_be_bytes).collect())
}

//! Kinds of identifiers and how one value is recognised as of a kind, fast enough for every cell of a table.
//! A column's kind is decided by the share of its values (lib/tables), not here.

use crate::{bank, catalogue, citizen, contact, credit, permit, regions};

/// What an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 公民身份号码, 18 characters or the older 15 digits.
    Citizen,
    /// Residence permits with numbers of 18 characters.
    Permit,
    /// 统一社会信用代码.
    Credit,
    /// 组织机构代码.
    Organisation,
    /// Mobile number.
    Mobile,
    /// E-mail address.
    Email,
    /// Vehicle licence plate.
    Plate,
    /// Bank card number.
    BankCard,
    /// Region code of six digits.
    Region,
    /// Street code of nine digits.
    Street,
    /// Village code of twelve digits.
    Village,
    /// Catalogue code of a government information resource.
    Catalogue,
}

/// The kinds one value could be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u16);

impl Kind {
    /// All kinds; where several fit a column equally well, the first is taken.
    pub const ALL: [Kind; 12] = [
        Kind::Citizen,
        Kind::Permit,
        Kind::Credit,
        Kind::Mobile,
        Kind::Plate,
        Kind::Email,
        Kind::BankCard,
        Kind::Village,
        Kind::Street,
        Kind::Region,
        Kind::Organisation,
        Kind::Catalogue,
    ];

    /// The word in the store, in reports and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Citizen => "citizen",
            Kind::Permit => "permit",
            Kind::Credit => "credit",
            Kind::Organisation => "organisation",
            Kind::Mobile => "mobile",
            Kind::Email => "email",
            Kind::Plate => "plate",
            Kind::BankCard => "bank_card",
            Kind::Region => "region",
            Kind::Street => "street",
            Kind::Village => "village",
            Kind::Catalogue => "catalogue",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether a value names one natural person, so that its column is personal.
    pub fn is_personal(self) -> bool {
        match self {
            Kind::Citizen | Kind::Permit | Kind::Mobile | Kind::Email | Kind::Plate | Kind::BankCard => true,
            Kind::Credit | Kind::Organisation | Kind::Region | Kind::Street | Kind::Village => false,
            Kind::Catalogue => false,
        }
    }
}

impl Kinds {
    /// Whether the value could be of this kind.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    /// Whether the value is of no kind at all.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn with(self, kind: Kind, fits: bool) -> Kinds {
        Kinds(self.0 | (u16::from(fits) << kind as u16))
    }
}

/// Whether the text is of this kind.
pub fn recognise(kind: Kind, text: &str) -> bool {
    kinds(text.as_bytes()).contains(kind)
}

/// All kinds the text could be of. Most texts are told by their length and first bytes alone.
#[inline]
pub fn kinds(text: &[u8]) -> Kinds {
    let none = Kinds::default();
    let Some(first) = text.first() else { return none };
    let digits = first.is_ascii_digit();
    match text.len() {
        6 if digits => none.with(Kind::Region, regions::check(text)),
        9 | 12 if digits && text.iter().all(u8::is_ascii_digit) && regions::check(&text[..6]) => {
            let kind = if text.len() == 9 { Kind::Street } else { Kind::Village };
            none.with(kind, true).with(Kind::Organisation, credit::organisation_check(text).is_ok())
        }
        9 | 10 if credit::organisation_check(text).is_ok() => none.with(Kind::Organisation, true),
        11 | 13 | 14 if contact::check_mobile(text) => none.with(Kind::Mobile, true),
        15 if digits && citizen::check_old(text).is_ok() => {
            none.with(Kind::Citizen, true).with(Kind::BankCard, bank::check(text).is_ok())
        }
        18 if !eighteen(text).is_empty() => eighteen(text),
        13..=19 if digits && bank::check(text).is_ok() => none.with(Kind::BankCard, true),
        _ => worded(text),
    }
}

/// Kinds of eighteen characters; one text can be of several, as their check digits are one in ten or eleven.
fn eighteen(text: &[u8]) -> Kinds {
    Kinds::default()
        .with(Kind::Citizen, citizen::check(text).is_ok())
        .with(Kind::Permit, permit::check(text).is_ok())
        .with(Kind::Credit, credit::check(text).is_ok())
        .with(Kind::BankCard, bank::check(text).is_ok())
}

/// Kinds that are told by more than digits.
#[inline]
fn worded(text: &[u8]) -> Kinds {
    let none = Kinds::default();
    let read = || std::str::from_utf8(text).unwrap_or_default();
    if text[0] >= 0x80 {
        // A plate's second character is a Latin letter.
        let like_plate = (9..=14).contains(&text.len()) && text[3].is_ascii_uppercase();
        return none.with(Kind::Plate, like_plate && contact::is_plate(read()));
    }
    if text.len() > 254 {
        return none;
    }
    let mut marks = text.iter().filter(|byte| matches!(byte, b'@' | b'/'));
    match marks.next() {
        Some(b'@') => none.with(Kind::Email, contact::is_email(read())),
        Some(b'/') if text[0].is_ascii_digit() => none.with(Kind::Catalogue, read().parse::<catalogue::Code>().is_ok()),
        _ => none,
    }
}

//! Published examples of each code, and that one wrong character never passes a check digit.

use proptest::prelude::*;

use crate::{BirthDate, Fault, Kind, bank, catalogue, citizen, contact, credit, permit, recognise, regions};

/// GB 11643-1999's own two examples; the others appear in public test suites of identifier libraries.
const CITIZENS: [&str; 4] = ["11010519491231002X", "440524188001010014", "360426199101010071", "45883019880120031X"];

/// GB 32100-2015's own example and a firm's published code.
const CREDITS: [&str; 2] = ["91350100M000100Y43", "91110000600037341L"];

#[test]
fn citizen_numbers_of_the_standard_are_read() {
    let beijing = citizen::parse("11010519491231002x").unwrap();
    assert_eq!(beijing.region, "110105");
    assert_eq!(beijing.birth.to_string(), "1949-12-31");
    assert!(!beijing.male && !beijing.old_form);
    let guangdong = citizen::parse("440524188001010014").unwrap();
    assert_eq!(guangdong.birth, BirthDate { year: 1880, month: 1, day: 1 });
    assert!(guangdong.male);
    for number in CITIZENS {
        assert!(citizen::is_valid(number), "{number}");
        assert_eq!(citizen::check_digit(&number[..17]), number.chars().last());
    }
}

#[test]
fn a_wrong_citizen_number_says_what_is_wrong() {
    let fault = |number: &str| citizen::parse(number).unwrap_err();
    assert_eq!(fault("1101051949123100"), Fault::Length);
    assert_eq!(fault("11010519491231O02X"), Fault::Character);
    assert_eq!(fault("99010519491231002X"), Fault::Region);
    assert_eq!(fault("11010519490231002X"), Fault::Date);
    assert_eq!(fault("110105194912310021"), Fault::CheckDigit);
    assert_eq!(fault("一二三四五六"), Fault::Character);
}

#[test]
fn the_old_form_is_read_and_lengthened() {
    let old = citizen::parse("110105491231002").unwrap();
    assert!(old.old_form);
    assert_eq!(old.birth.to_string(), "1949-12-31");
    assert_eq!(citizen::lengthen("110105491231002").unwrap(), "11010519491231002X");
    assert_eq!(citizen::parse("110105491331002"), Err(Fault::Date));
}

#[test]
fn credit_and_organisation_codes_of_the_standards_are_read() {
    let code = credit::parse("91350100M000100Y43").unwrap();
    assert_eq!((code.department, code.category, code.region.as_str()), ('9', '1', "350100"));
    assert_eq!(code.organisation, "M000100Y4");
    assert!(CREDITS.into_iter().all(credit::is_valid));
    assert_eq!(credit::parse("91350100M000100Y4Z"), Err(Fault::CheckDigit));
    assert_eq!(credit::parse("91350100M000100Y44"), Err(Fault::CheckDigit));
    assert!(credit::is_organisation("D2143569-X") && credit::is_organisation("D2143569X"));
    assert!(!credit::is_organisation("D2143569-1"));
    assert!(!credit::is_organisation("中文-X"));
}

#[test]
fn permits_name_where_their_bearers_come_from() {
    let number = |first: &str| format!("{first}{}", citizen::check_digit(first).unwrap());
    let origin = |first: &str| permit::parse(&number(first)).map(|permit| permit.origin);
    assert_eq!(origin("81000019900101001"), Ok(permit::Origin::HongKong));
    assert_eq!(origin("82000019900101001"), Ok(permit::Origin::Macao));
    assert_eq!(origin("83000019900101001"), Ok(permit::Origin::Taiwan));
    assert_eq!(origin("94415619900101001"), Ok(permit::Origin::Abroad));
    assert_eq!(origin("44010619900101001"), Err(Fault::Region));
}

#[test]
fn contacts_plates_and_cards_are_recognised() {
    let cases: [(Kind, &[&str], &[&str]); 4] = [
        (
            Kind::Mobile,
            &["13800138000", "+8619912345678", "8613800138000"],
            &["12800138000", "1380013800", "+1380013800"],
        ),
        (Kind::Email, &["office@example.gov.cn"], &["a@b", "a b@c.cn", "@c.cn", "a@@c.cn"]),
        (
            Kind::Plate,
            &["粤A12345", "粤S·D12345", "京AF0236", "粤B1234警", "粤ADF1234"],
            &["粤I12345", "粤A1234", "A123456", "龙A12345", "粤A123456"],
        ),
        (Kind::BankCard, &["4111111111111111", "5500005555555559"], &["4111111111111112", "1111111111111"]),
    ];
    for (kind, right, wrong) in cases {
        for text in right {
            assert!(recognise(kind, text), "{kind:?} {text}");
        }
        for text in wrong {
            assert!(!recognise(kind, text), "{kind:?} {text}");
        }
    }
    assert!(bank::luhn("79927398713") && !bank::luhn("79927398710"));
    assert!(!contact::is_plate(""));
}

#[test]
fn catalogue_codes_are_read_and_written() {
    let code: catalogue::Code = "307002000/000123".parse().unwrap();
    assert_eq!((code.class, code.item, code.heading), (catalogue::Class::Department, 7, 2));
    assert_eq!((code.detail.as_str(), code.sequence.as_str()), ("000", "000123"));
    assert_eq!(code.to_string(), "307002000/000123");
    assert_eq!(catalogue::Code::new(catalogue::Class::Base, 1, 2, "", 7).unwrap().to_string(), "101002/000007");
    for wrong in ["4070020/1", "30700/1", "307002000", "307002000/", "30700a/1"] {
        assert!(wrong.parse::<catalogue::Code>().is_err(), "{wrong}");
    }
    assert!(recognise(Kind::Catalogue, "307002000/00000123"));
}

#[test]
fn guangdong_is_there_to_street_level() {
    let level = |level| regions::all().iter().filter(|region| region.level == level).count();
    assert_eq!(level(regions::Level::City), 21);
    assert_eq!(level(regions::Level::County), 122);
    assert_eq!(level(regions::Level::Street), 1757);
    assert_eq!(regions::children("440000").len(), 21);
    assert_eq!(regions::full_name("440103001").as_deref(), Some("广东省广州市荔湾区沙面街道"));
    assert_eq!(regions::full_name("449901"), None);
    assert!(regions::children("440103001").is_empty() && regions::children("no").is_empty());
}

#[test]
fn cities_without_counties_hold_their_streets_and_zones() {
    let streets = regions::children("441900");
    assert_eq!(streets.len(), 36);
    assert_eq!(regions::full_name("441900401").as_deref(), Some("广东省东莞市松山湖"));
    assert!(regions::find("441900401").unwrap().zone && !regions::find("441900003").unwrap().zone);
    assert_eq!(regions::children("442000").len(), 23);
    assert!(regions::all().iter().filter(|region| region.code != "440000").all(|region| region.parent().is_some()));
}

#[test]
fn region_codes_of_all_years_are_known() {
    for known in ["110105", "440106", "441900", "320586", "810000", "449903"] {
        assert!(regions::is_known(known), "{known}");
    }
    for unknown in ["440199", "990101", "44010", "4401060", "44 106"] {
        assert!(!regions::is_known(unknown), "{unknown}");
    }
    assert!(regions::has_shape("440103001101") && !regions::has_shape("44010300110x"));
}

#[test]
fn words_lead_back_to_their_kinds() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_word(kind.word()), Some(kind));
    }
}

#[test]
fn samples_are_right_distinct_and_nobodys() {
    let mut seen = std::collections::HashSet::new();
    for index in (0..3_000).chain(24_000_000..24_001_000) {
        let (person, firm) = (citizen::synthetic(index), credit::synthetic(index));
        assert!(citizen::parse(&person).unwrap().region.starts_with("4499"));
        assert!(recognise(Kind::Citizen, &person) && !recognise(Kind::Permit, &person));
        assert!(credit::parse(&firm).unwrap().region.starts_with("4499"));
        assert!(credit::is_organisation(&firm[8..17]));
        assert!(seen.insert(person) && seen.insert(firm));
    }
}

/// The text with the character at the place replaced.
fn altered(text: &str, place: usize, by: char) -> String {
    text.chars().enumerate().map(|(position, given)| if position == place { by } else { given }).collect()
}

proptest! {
    #[test]
    fn any_one_changed_digit_of_a_citizen_number_is_found(
        index in 0..24_000_000u64, place in 0..18usize, by in "[0-9X]",
    ) {
        let number = citizen::synthetic(index);
        let changed = altered(&number, place, by.chars().next().unwrap());
        prop_assert_eq!(citizen::is_valid(&changed), changed == number);
    }

    #[test]
    fn any_one_changed_character_of_a_credit_code_is_found(
        index in 0..28_000_000u64, place in 0..18usize, by in "[0-9A-Z]",
    ) {
        let code = credit::synthetic(index);
        let changed = altered(&code, place, by.chars().next().unwrap());
        prop_assert_eq!(credit::is_valid(&changed), changed == code);
    }

    #[test]
    fn any_one_changed_digit_of_a_card_is_found(first in "[3-6][0-9]{14}", place in 0..16usize, by in "[0-9]") {
        let card = (0..10).map(|last| format!("{first}{last}")).find(|card| bank::luhn(card)).unwrap();
        let changed = altered(&card, place, by.chars().next().unwrap());
        prop_assert_eq!(bank::luhn(&changed), changed == card);
    }

    #[test]
    fn catalogue_codes_survive_being_written(class in 1..4u8, item in 0..100u8, heading in 0..1000u16,
                                             detail in "[0-9]{0,8}", sequence in "[0-9]{1,12}") {
        let text = format!("{class}{item:02}{heading:03}{detail}/{sequence}");
        prop_assert_eq!(text.parse::<catalogue::Code>().unwrap().to_string(), text);
    }

    #[test]
    fn no_text_makes_a_reader_fail(text in "\\PC{0,24}") {
        for kind in Kind::ALL {
            recognise(kind, &text);
        }
        let _ = citizen::parse(&text);
        let _ = citizen::lengthen(&text);
        let _ = credit::parse(&text);
        let _ = permit::parse(&text);
        regions::has_shape(&text);
        contact::is_plate(&text);
    }
}

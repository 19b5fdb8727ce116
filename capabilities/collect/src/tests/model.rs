//! Rules without a database: thresholds, file names.

use crate::State;
use crate::model::{Thresholds, file_name};

#[test]
fn a_load_is_held_from_one_percent_and_refused_above_twenty() {
    let verdict = |rows, refused| Thresholds::default().verdict(rows, refused);
    assert_eq!(verdict(1000, 0), State::Loaded);
    assert_eq!(verdict(1000, 9), State::Loaded);
    assert_eq!(verdict(1000, 10), State::Held);
    assert_eq!(verdict(1000, 200), State::Held);
    assert_eq!(verdict(1000, 201), State::Refused);
    assert_eq!(verdict(0, 0), State::Loaded);
}

#[test]
fn a_file_name_keeps_no_folder_and_no_control_characters() {
    assert_eq!(file_name("C:\\数据\\停车场.csv").expect("a name"), "停车场.csv");
    assert_eq!(file_name("../../etc/pass\nwd").expect("a name"), "passwd");
    for wrong in ["", "/", "..", " "] {
        assert!(file_name(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn every_state_survives_its_word() {
    for state in State::ALL {
        assert_eq!(State::parse(state.word()).expect("own word"), state);
    }
}

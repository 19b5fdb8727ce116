//! Kinds of entries keep their words on the way through an address.

use crate::ops;

#[test]
fn every_kind_has_a_word_that_leads_back_to_it() {
    for kind in ops::KINDS {
        assert_eq!(ops::kind(kind.word()).expect("a word of ours"), kind);
    }
    assert!(ops::kind("reads").is_err());
}

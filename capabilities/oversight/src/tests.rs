//! What auditors and witnesses rely on, over HTTP and by the operations, on both databases.

mod decisions;
mod witnessing;

use yiwang_host::Capability;
use yiwang_kernel::{Ctx, Role};
use yiwang_testkit::City;

use crate::ops;

fn capabilities() -> Vec<Capability> {
    vec![crate::capability()]
}

fn security(city: &City) -> Ctx {
    city.acting("security", "C001", Role::SecurityAdmin)
}

fn auditor(city: &City) -> Ctx {
    city.acting("auditor", "C001", Role::AuditAdmin)
}

#[test]
fn every_kind_has_a_word_that_leads_back_to_it() {
    for kind in ops::KINDS {
        assert_eq!(ops::kind(kind.word()).expect("a word of ours"), kind);
    }
    assert!(ops::kind("reads").is_err());
}

//! Buckets empty, refill with time, stay apart by key and kind, and never outgrow their table.

use yiwang_kernel::Error;

use super::ctx_and_clock;
use crate::{Limit, RateLimits};

#[test]
fn a_bucket_empties_and_refills_with_time() {
    let (ctx, clock) = ctx_and_clock();
    let limits = RateLimits::new();
    let taken = (0..1000).take_while(|_| limits.take(&ctx, Limit::SignInName, "chief").is_ok()).count();
    assert_eq!(taken, 20);
    let Err(Error::TooMany { retry_after_s }) = limits.take(&ctx, Limit::SignInName, "chief") else {
        panic!("the bucket is empty");
    };
    clock.advance_s(i64::try_from(retry_after_s).expect("small"));
    assert!(limits.take(&ctx, Limit::SignInName, "chief").is_ok(), "the answer said when");
    assert!(limits.take(&ctx, Limit::SignInName, "chief").is_err());
    assert!(limits.take(&ctx, Limit::SignInName, "steward").is_ok(), "another key");
    assert!(limits.take(&ctx, Limit::Api, "chief").is_ok(), "another kind");
    limits.forget(Limit::SignInName, "chief");
    assert!(limits.take(&ctx, Limit::SignInName, "chief").is_ok());
}

#[test]
fn a_clock_that_was_ahead_and_came_back_locks_nobody_out() {
    let (ctx, clock) = ctx_and_clock();
    let limits = RateLimits::new();
    const YEAR_S: i64 = 365 * 24 * 3_600;
    clock.advance_s(YEAR_S);
    while limits.take(&ctx, Limit::SignInName, "chief").is_ok() {}
    clock.advance_s(-YEAR_S);
    let taken = (0..1000).take_while(|_| limits.take(&ctx, Limit::SignInName, "chief").is_ok()).count();
    assert_eq!(taken, 20, "as if nothing had been taken, and no more");
}

#[test]
fn a_flood_of_keys_does_not_outgrow_the_table_nor_free_the_worst() {
    let (ctx, _) = ctx_and_clock();
    let limits = RateLimits::with_buckets_max(100);
    while limits.take(&ctx, Limit::SignInAddress, "attacker").is_ok() {}
    for number in 0..1000 {
        assert!(limits.take(&ctx, Limit::SignInAddress, &format!("address {number}")).is_ok());
        assert!(limits.buckets(Limit::SignInAddress) <= 100);
    }
    assert!(limits.take(&ctx, Limit::SignInAddress, "attacker").is_err(), "the emptiest bucket is kept");
}

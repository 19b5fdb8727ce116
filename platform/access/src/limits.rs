//! Rate limits: token buckets in memory, one bounded table per kind so that a flood of one kind never empties another.
//! Per node and forgotten at a restart; the lock after wrong passwords is kept by `accounts` in the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use yiwang_kernel::{Ctx, Error, Instant, Result};

/// Buckets kept per kind at most.
const BUCKETS_MAX: usize = 50_000;
const MICROS_PER_S: i64 = 1_000_000;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Sign-in attempts for one name.
    SignInName,
    /// Sign-in attempts from one address.
    SignInAddress,
    /// Calls of the API by one actor or address.
    Api,
    /// Writes through forms by one actor or address.
    Write,
}

impl Limit {
    const ALL: [Limit; 4] = [Limit::SignInName, Limit::SignInAddress, Limit::Api, Limit::Write];

    /// Attempts at once at most.
    fn burst(self) -> i64 {
        match self {
            Limit::SignInName => 20,
            Limit::SignInAddress => 60,
            Limit::Api => 2_000,
            Limit::Write => 300,
        }
    }

    /// Microseconds until one more attempt is allowed.
    fn refill_micros(self) -> i64 {
        match self {
            Limit::SignInName => 30 * MICROS_PER_S,
            Limit::SignInAddress => 5 * MICROS_PER_S,
            Limit::Api => MICROS_PER_S / 200,
            Limit::Write => MICROS_PER_S / 5,
        }
    }
}

/// Token buckets per kind and key.
pub struct RateLimits {
    tables: [Mutex<HashMap<[u8; 32], Full>>; 4],
    buckets_max: usize,
}

/// When the bucket will be full again; the whole state of a token bucket in one number.
#[derive(Debug, Clone, Copy)]
struct Full(Instant);

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits::new()
    }
}

impl RateLimits {
    /// Empty tables: everybody has a full bucket.
    pub fn new() -> RateLimits {
        RateLimits::with_buckets_max(BUCKETS_MAX)
    }

    /// Takes one attempt for this key, or says how long to wait. Keys are kept only as hashes.
    pub fn take(&self, ctx: &Ctx, limit: Limit, key: &str) -> Result<()> {
        let now = ctx.now();
        let table = Limit::ALL.iter().position(|known| *known == limit).unwrap_or_default();
        let mut buckets = self.tables[table].lock().unwrap_or_else(PoisonError::into_inner);
        let key = yiwang_seal::sha256(key.as_bytes());
        // No bucket takes longer to fill than an empty one: what would is of a clock that was ahead and came back.
        let latest = now.micros().saturating_add(limit.burst() * limit.refill_micros());
        let known = buckets.get(&key).filter(|full| full.0.micros() <= latest);
        let full_at = known.map_or(now, |full| full.0.max(now));
        let next = full_at.micros().saturating_add(limit.refill_micros());
        let over = next - now.micros() - limit.burst() * limit.refill_micros();
        if over > 0 {
            let retry_after_s = u64::try_from(over.div_euclid(MICROS_PER_S) + 1).unwrap_or(1);
            return Err(Error::TooMany { retry_after_s });
        }
        if buckets.len() >= self.buckets_max && !buckets.contains_key(&key) {
            make_room(&mut buckets, now, self.buckets_max);
        }
        buckets.insert(key, Full(Instant::from_micros(next)));
        Ok(())
    }

    /// Gives this key its full bucket back, after a success.
    pub fn forget(&self, limit: Limit, key: &str) {
        let table = Limit::ALL.iter().position(|known| *known == limit).unwrap_or_default();
        let mut buckets = self.tables[table].lock().unwrap_or_else(PoisonError::into_inner);
        buckets.remove(&yiwang_seal::sha256(key.as_bytes()));
    }

    pub(crate) fn with_buckets_max(buckets_max: usize) -> RateLimits {
        RateLimits { tables: std::array::from_fn(|_| Mutex::new(HashMap::new())), buckets_max }
    }

    #[cfg(test)]
    pub(crate) fn buckets(&self, limit: Limit) -> usize {
        let table = Limit::ALL.iter().position(|known| *known == limit).unwrap_or_default();
        self.tables[table].lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Drops the buckets that are full again; if that is not enough, the half that is nearest to full.
fn make_room(buckets: &mut HashMap<[u8; 32], Full>, now: Instant, buckets_max: usize) {
    buckets.retain(|_, full| full.0 > now);
    if buckets.len() < buckets_max {
        return;
    }
    let mut times: Vec<Instant> = buckets.values().map(|full| full.0).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    buckets.retain(|_, full| full.0 > median);
}

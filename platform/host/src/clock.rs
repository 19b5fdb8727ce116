//! 时钟: whether the machine's clock can be believed with what cannot be taken back. The city notes every minute that it
//! runs; a clock days ahead of that note, or behind it, holds up all that removes data by date until a system
//! administrator says that the time is right. Sets no clock and holds up nothing else.

use yiwang_kernel::{Ctx, Error, Instant, Result};

use crate::{Platform, store};

/// A city that did not run for longer than this asks before it removes anything by date.
const AHEAD_S_MAX: i64 = 3 * 24 * 3_600;
/// A clock this far behind the last note went back; less is two machines that differ.
const BEHIND_S_MAX: i64 = 3_600;
/// Longest reason of a confirmation.
const REASON_CHARS_MAX: usize = 200;
/// By what name a confirmation stands among the changes of settings.
const CLOCK: &str = "host.clock";

/// The machine's clock beside the last note that the city ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockStanding {
    /// The time by the machine's clock.
    pub now: Instant,
    /// When the city last ran; none where nothing was noted yet.
    pub seen: Option<Instant>,
}

impl ClockStanding {
    /// Whether the clock is where it should be.
    pub fn is_sure(&self) -> bool {
        let fits = |seen: Instant| seen.plus_s(-BEHIND_S_MAX) <= self.now && self.now <= seen.plus_s(AHEAD_S_MAX);
        self.seen.is_none_or(fits)
    }
}

impl Platform {
    /// How the machine's clock stands to when the city last ran. In a demo, which lies about for weeks, it is believed.
    pub async fn clock_standing(&self, ctx: &Ctx) -> Result<ClockStanding> {
        let seen = if self.demo { None } else { store::clock_seen(&self.db).await? };
        Ok(ClockStanding { now: ctx.now(), seen })
    }

    /// Refuses what removes data by date while the clock is in doubt.
    pub async fn require_sure_clock(&self, ctx: &Ctx) -> Result<()> {
        let standing = self.clock_standing(ctx).await?;
        match standing.seen.filter(|_| !standing.is_sure()) {
            Some(seen) => {
                Err(Error::refused("clock-doubtful").with("seen", seen.minute()).with("now", standing.now.minute()))
            }
            None => Ok(()),
        }
    }
}

/// Notes that the city runs; not while the clock is in doubt, so that the doubt stays until the clock is right again
/// or somebody confirms it.
pub(crate) async fn note(platform: &Platform, ctx: &Ctx) -> Result<()> {
    let standing = platform.clock_standing(ctx).await?;
    if standing.is_sure() {
        return store::saw_clock(&platform.db, standing.now).await;
    }
    let seen = standing.seen.map(Instant::minute).unwrap_or_default();
    tracing::error!(seen, now = standing.now.minute(), "the clock is in doubt: nothing is removed by date");
    Ok(())
}

/// A person says that the machine's clock is right, and why it was in doubt; kept with who and when.
pub(crate) async fn confirm(platform: &Platform, ctx: &Ctx, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", "field-missing"));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Error::invalid("reason", "text-too-long").with("limit", REASON_CHARS_MAX));
    }
    let standing = platform.clock_standing(ctx).await?;
    let (before, after) = (&standing.seen.map(Instant::minute).unwrap_or_default(), &standing.now.minute());
    let confirmed = platform.db.tx(|tx| {
        Box::pin(async move {
            store::set_clock(tx, standing.now).await?;
            store::note(tx, ctx, CLOCK, (before, after), reason).await
        })
    });
    confirmed.await
}

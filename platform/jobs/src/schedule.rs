//! Work that comes round: daily at a time of day in China, or every so many seconds. A round is ordered once, whichever
//! node sees it first; rounds that passed while nothing ran are not made up for.

use yiwang_kernel::{Ctx, Instant, Result};
use yiwang_store::Db;

use crate::{Order, enqueue, store};

/// When work comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Every day at this time in China.
    Daily {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// Every so many seconds, counted from 1970.
    Every {
        /// At least 1.
        seconds: u32,
    },
}

impl Schedule {
    /// The name of the round that has begun last, if it is one of today's.
    fn round(self, now: Instant) -> Option<String> {
        match self {
            Schedule::Daily { hour, minute } => {
                let begins = now.date().start().plus_s(i64::from(hour) * 3600 + i64::from(minute) * 60);
                (begins <= now).then(|| now.date().to_string())
            }
            Schedule::Every { seconds } => {
                let round = now.micros() / (i64::from(seconds.max(1)) * 1_000_000);
                Some(format!("round-{round}"))
            }
        }
    }
}

/// Orders the rounds that are due: the kind names the handler, the key the round.
pub async fn enqueue_due(db: &Db, ctx: &Ctx, schedules: &[(&'static str, Schedule)]) -> Result<()> {
    let now = ctx.now();
    for (kind, schedule) in schedules {
        let Some(round) = schedule.round(now) else { continue };
        if store::is_known(db, kind, &round).await? {
            continue;
        }
        let order = Order::new(*kind, round, serde_json::Value::Null);
        let order = &order;
        db.tx(|tx| Box::pin(async move { enqueue(tx, ctx, order).await })).await?;
    }
    Ok(())
}

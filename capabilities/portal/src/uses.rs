//! How often resources are looked at and taken along, without following anybody: sums per resource, day and kind,
//! gathered in memory and added to the store now and then. No address, no cookie, no account is ever part of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use yiwang_kernel::{CivilDate, Ctx, Instant, Result};
use yiwang_store::Db;

use crate::store;

/// Uses that may wait in memory; a stop of the platform loses at most these.
const WAITING_MAX: u64 = 200;
/// Longest a use waits in memory while others come in.
const WAITING_S: i64 = 10;
/// Days the page of a resource looks back.
pub(crate) const DAYS_SHOWN: i64 = 365;

/// What was done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Its page was opened.
    View,
    /// It was downloaded.
    Download,
    /// Its rows were called over the API.
    Call,
}

/// So many uses of one kind of one resource on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    /// The resource's code.
    pub(crate) resource: String,
    /// The day.
    pub(crate) day: CivilDate,
    /// What was done.
    pub(crate) kind: Kind,
    /// How often.
    pub(crate) n: u64,
}

/// Uses not yet in the store.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    sums: BTreeMap<(String, CivilDate, Kind), u64>,
    n: u64,
    since: Option<Instant>,
}

impl Kind {
    /// The word in the store.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::View => "view",
            Kind::Download => "download",
            Kind::Call => "call",
        }
    }

    /// From its word.
    pub(crate) fn parse(word: &str) -> Option<Kind> {
        [Kind::View, Kind::Download, Kind::Call].into_iter().find(|kind| kind.word() == word)
    }
}

impl Uses {
    /// Counts one use; adds to the store when enough wait. A store that does not answer never fails the reader.
    pub(crate) async fn count(&self, db: &Db, ctx: &Ctx, resource: &str, kind: Kind) {
        let now = ctx.now();
        let due = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *waiting.sums.entry((resource.to_owned(), now.date(), kind)).or_default() += 1;
            waiting.n += 1;
            let since = *waiting.since.get_or_insert(now);
            waiting.n >= WAITING_MAX || now > since.plus_s(WAITING_S)
        };
        if due && let Err(error) = self.flush(db).await {
            tracing::warn!(%error, "uses are not counted");
        }
    }

    /// Adds what waits to the store.
    pub(crate) async fn flush(&self, db: &Db) -> Result<()> {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.sums.is_empty() {
            return Ok(());
        }
        let sums = waiting.sums.into_iter().map(|((resource, day, kind), n)| Sum { resource, day, kind, n });
        store::add(db, &sums.collect::<Vec<_>>()).await
    }

    /// The uses of a resource in the last [`DAYS_SHOWN`] days: views, downloads, calls.
    pub(crate) async fn of(&self, db: &Db, ctx: &Ctx, resource: &str) -> Result<[u64; 3]> {
        self.flush(db).await?;
        let sums = store::sums(db, resource, ctx.now().date().plus_days(-DAYS_SHOWN)).await?;
        let of = |wanted: Kind| sums.iter().find(|(kind, _)| *kind == wanted).map_or(0, |(_, n)| *n);
        Ok([of(Kind::View), of(Kind::Download), of(Kind::Call)])
    }
}

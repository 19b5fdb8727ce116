//! Progress on standard error: a bar where a person looks, its position sent along where the verb runs for another
//! process. Silent with `--json`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Said, Sink};
use crate::cli::Shared;

/// How often a position is sent along: so many steps from beginning to end.
const STEPS: u64 = 200;

/// The progress of one thing; cheap to clone, ended by [`Progress::end`].
#[derive(Debug, Clone)]
pub(crate) struct Progress(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Shown(ProgressBar),
    Sent { sink: Sink, step: u64, told: Arc<AtomicU64> },
}

/// The progress of something whose size is known when it is first told of; cheap to clone, ended by [`Later::end`].
#[derive(Debug, Clone)]
pub(crate) struct Later {
    shared: Shared,
    name: &'static str,
    begun: Arc<OnceLock<Progress>>,
}

impl Later {
    /// Nothing is told yet.
    pub(crate) fn new(shared: &Shared, name: &'static str) -> Later {
        Later { shared: shared.clone(), name, begun: Arc::default() }
    }

    /// So many bytes of so many are done.
    pub(crate) fn at(&self, done: u64, whole: u64) {
        self.begun.get_or_init(|| bar(&self.shared, self.name, whole)).at(done);
    }

    /// It is over, one way or the other.
    pub(crate) fn end(&self) {
        self.begun.get().into_iter().for_each(Progress::end);
    }
}

/// Begins the progress of something of this many bytes.
pub(crate) fn bar(shared: &Shared, name: &str, bytes: u64) -> Progress {
    if shared.json {
        return Progress(Kind::Shown(ProgressBar::hidden()));
    }
    if let Sink::Caller(caller) = &shared.sink {
        caller.say(Said::Begin { name: name.to_owned(), bytes });
        let told = Arc::new(AtomicU64::new(0));
        return Progress(Kind::Sent { sink: shared.sink.clone(), step: (bytes / STEPS).max(1), told });
    }
    Progress(Kind::Shown(shown(name, bytes)))
}

/// A bar on this process's standard error.
pub(crate) fn shown(name: &str, bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:30!} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}");
    let bar = ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(name.to_owned())
}

impl Progress {
    /// So many bytes are done.
    pub(crate) fn at(&self, bytes: u64) {
        match &self.0 {
            Kind::Shown(bar) => bar.set_position(bytes),
            Kind::Sent { sink, step, told } => {
                let before = told.load(Ordering::Relaxed);
                if bytes >= before.saturating_add(*step) {
                    told.store(bytes, Ordering::Relaxed);
                    sink.say(Said::At(bytes));
                }
            }
        }
    }

    /// It is over, one way or the other.
    pub(crate) fn end(&self) {
        match &self.0 {
            Kind::Shown(bar) => bar.finish_and_clear(),
            Kind::Sent { sink, .. } => sink.say(Said::End),
        }
    }
}

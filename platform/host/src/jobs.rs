//! Jobs as capabilities declare them, and the runner made of them. A job runs as the platform for the purpose its
//! kind names.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use yiwang_jobs::{Job, Runner, Schedule};
use yiwang_kernel::{Ctx, Result};

use crate::{Capability, Platform};

/// Does one job of its kind; may run again after a crash.
type Work = Arc<dyn Fn(Arc<Platform>, Ctx, Job) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A kind of job.
#[derive(Clone)]
pub struct JobKind {
    /// `capability.verb`.
    pub kind: &'static str,
    /// When it comes round by itself; none when somebody orders it.
    pub schedule: Option<Schedule>,
    work: Work,
}

impl JobKind {
    /// A kind done by this function whenever one is ordered.
    pub fn new<F, Done>(kind: &'static str, work: F) -> JobKind
    where
        F: Fn(Arc<Platform>, Ctx, Job) -> Done + Send + Sync + 'static,
        Done: Future<Output = Result<()>> + Send + 'static,
    {
        let work: Work = Arc::new(move |platform, ctx, job| Box::pin(work(platform, ctx, job)));
        JobKind { kind, schedule: None, work }
    }

    /// Comes round by itself.
    #[must_use]
    pub fn every(mut self, schedule: Schedule) -> JobKind {
        self.schedule = Some(schedule);
        self
    }
}

/// The runner of these capabilities' jobs, at most so many at once; `server` lets it serve.
pub fn runner(platform: &Arc<Platform>, capabilities: &[Capability], running_max: usize) -> Runner {
    let mut runner = Runner::new(platform.db.clone(), running_max);
    let own = crate::own::capability();
    for kind in std::iter::once(&own).chain(capabilities).flat_map(|capability| capability.jobs.clone()) {
        let (platform, work) = (Arc::clone(platform), kind.work);
        runner = runner.with(kind.kind, Arc::new(move |ctx, job| work(Arc::clone(&platform), ctx, job)));
        if let Some(schedule) = kind.schedule {
            runner = runner.with_schedule(kind.kind, schedule);
        }
    }
    runner
}

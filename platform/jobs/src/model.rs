//! A job, its states, and the arithmetic of leases and pauses. No IO.

use yiwang_kernel::{Error, Id, Instant, Result};

/// Attempts before a job fails for good, unless its order says otherwise.
pub const ATTEMPTS_MAX: u32 = 8;
/// How long a claimed job belongs to its node without a sign of life.
pub(crate) const LEASE_S: i64 = 120;
/// A job due for so long and not begun counts as backlog.
const BACKLOG_S: i64 = 600;
const PAUSE_S_FIRST: i64 = 10;
const PAUSE_S_MAX: i64 = 3600;
/// No lease and no pause ends so far ahead, and the clocks of several nodes differ by less.
pub(crate) const AHEAD_S: i64 = 2 * PAUSE_S_MAX;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Which handler does it: `capability.verb`, for example `collect.load`.
    pub kind: String,
    /// Names the work within its kind; a second order of the same name is the same job.
    pub key: String,
    /// What the handler needs to know; ids, never personal data.
    pub body: serde_json::Value,
    /// Not before this instant; none: at once.
    pub due_at: Option<Instant>,
    /// Attempts before it fails for good.
    pub attempts_max: u32,
}

impl Order {
    /// To be done at once, with the usual number of attempts.
    pub fn new(kind: impl Into<String>, key: impl Into<String>, body: serde_json::Value) -> Order {
        Order { kind: kind.into(), key: key.into(), body, due_at: None, attempts_max: ATTEMPTS_MAX }
    }
}

/// Where a job stands: 待执行 → 执行中 → 成功 · 重试中 · 失败 · 积压.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// 待执行: not begun.
    Waiting,
    /// 执行中: a node has it.
    Running,
    /// 成功.
    Succeeded,
    /// 重试中: an attempt failed, the next one is due later.
    Retrying,
    /// 失败: for good, until somebody asks for another try.
    Failed,
}

impl State {
    /// All states, in the order pages list them.
    pub const ALL: [State; 5] = [State::Waiting, State::Running, State::Succeeded, State::Retrying, State::Failed];

    /// The word in the store and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Succeeded => "succeeded",
            State::Retrying => "retrying",
            State::Failed => "failed",
        }
    }

    /// The state of this word.
    pub fn parse(word: &str) -> Result<State> {
        let known = State::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| Error::invalid("state", "job-state-unknown"))
    }
}

/// A job in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: Id,
    /// Which handler does it.
    pub kind: String,
    /// Names the work within its kind.
    pub key: String,
    /// What the handler needs to know.
    pub body: serde_json::Value,
    /// Where it stands.
    pub state: State,
    /// When it may begin; while it runs, when its lease ends.
    pub due_at: Instant,
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts before it fails for good.
    pub attempts_max: u32,
    /// Times it was ever claimed: who holds an older number has lost it.
    pub(crate) claims: u32,
    /// The message code of the last failure.
    pub error: Option<String>,
    /// When it was ordered.
    pub created_at: Instant,
    /// When the last attempt began.
    pub started_at: Option<Instant>,
    /// When it succeeded or failed for good.
    pub finished_at: Option<Instant>,
}

impl Job {
    /// 积压: due for ten minutes and nobody has begun.
    pub fn is_backlog(&self, now: Instant) -> bool {
        matches!(self.state, State::Waiting | State::Retrying) && self.due_at.plus_s(BACKLOG_S) <= now
    }

    /// Whether this failure of the attempt under way would be for good.
    pub fn ends_with(&self, error: &Error) -> bool {
        self.next_attempt(error, self.created_at).is_none()
    }

    /// What a failed attempt leads to: another one at this instant, or none.
    pub(crate) fn next_attempt(&self, error: &Error, now: Instant) -> Option<Instant> {
        if self.attempts >= self.attempts_max || !may_pass(error) {
            return None;
        }
        let pause_s = match error {
            Error::TooMany { retry_after_s } => {
                i64::try_from(*retry_after_s).unwrap_or(PAUSE_S_MAX).clamp(1, PAUSE_S_MAX)
            }
            _ => pause_s(self.attempts),
        };
        Some(now.plus_s(pause_s))
    }
}

/// 10 s, 20 s, 40 s ... at most an hour.
fn pause_s(attempts: u32) -> i64 {
    (PAUSE_S_FIRST << attempts.saturating_sub(1).min(20)).min(PAUSE_S_MAX)
}

/// Whether trying again may help: not where the request itself is wrong.
fn may_pass(error: &Error) -> bool {
    matches!(
        error,
        Error::Timeout | Error::Unavailable(_) | Error::Internal(_) | Error::TooMany { .. } | Error::Conflict(_)
    )
}

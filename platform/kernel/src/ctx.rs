//! The context of one operation: who, in which language, at what time, with which randomness.
//! Nothing below `server` reads the system clock or random source in any other way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Actor, Face, Id, Instant, Lang};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Instant;
}

/// Where randomness comes from.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Instant {
        Instant::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that stands where it was put: tests and samples.
#[derive(Debug)]
pub struct FixedClock(Mutex<Instant>);

impl FixedClock {
    /// Stands at `now`.
    pub fn at(now: Instant) -> FixedClock {
        FixedClock(Mutex::new(now))
    }

    /// Moves the clock on.
    pub fn advance_s(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.plus_s(seconds);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        yiwang_seal::random(buffer);
    }
}

/// A repeatable source (SplitMix64) for samples and tests; never for keys.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom(Mutex::new(seed))
    }

    /// The next 64 bits of the sequence.
    pub fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// The context of one operation.
#[derive(Clone)]
pub struct Ctx {
    /// Who acts.
    pub actor: Actor,
    /// The reader's language.
    pub lang: Lang,
    /// The door the request came through.
    pub face: Face,
    /// Names this request in logs; none outside a request.
    pub request: Option<Id>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    decided: Arc<AtomicBool>,
}

impl Ctx {
    /// A context with these sources of time and randomness; inside face, Chinese, no request.
    pub fn new(actor: Actor, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Ctx {
        let decided = Arc::default();
        Ctx { actor, lang: Lang::Zh, face: Face::Inside, request: None, clock, random, decided }
    }

    /// A context on the machine's own clock and randomness.
    pub fn system(actor: Actor) -> Ctx {
        Ctx::new(actor, Arc::new(SystemClock), Arc::new(SystemRandom))
    }

    /// The current instant.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Fills the buffer with randomness.
    pub fn fill_random(&self, buffer: &mut [u8]) {
        self.random.fill(buffer);
    }

    /// Remembers that a decision was written under this context; `store` does, for whoever watches the request.
    pub fn note_decision(&self) {
        self.decided.store(true, Ordering::Relaxed);
    }

    /// Whether a decision was written under this context or one made of it.
    pub fn has_decided(&self) -> bool {
        self.decided.load(Ordering::Relaxed)
    }

    /// The same time and randomness, acting as somebody else (system purposes, jobs).
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Ctx {
        Ctx { actor, ..self.clone() }
    }
}

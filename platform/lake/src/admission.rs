//! Who may work on the engine's threads: so many of a class at once, the others in the order they came. Each knows its
//! place in the queue; who gives up waiting leaves it. Says nothing of what the work is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yiwang_gate::{Queue, QueueClass};
use yiwang_kernel::{Error, Result};

/// Who comes when so many wait is sent away.
const WAITING_MAX: usize = 64;
const RETRY_AFTER_S: u64 = 10;

/// The queues of all classes.
pub(crate) struct Admission {
    lanes: [Arc<Lane>; 3],
}

/// The right to work until it is dropped.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

struct Lane {
    class: QueueClass,
    at_once: usize,
    free: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    tickets: VecDeque<u64>,
    next: u64,
}

/// A place in a queue, given back when its holder is admitted or goes away.
struct Place {
    lane: Arc<Lane>,
    ticket: u64,
}

impl Admission {
    /// The classes and how many of each work at once.
    pub(crate) fn new() -> Admission {
        let lane = |class, at_once| {
            Arc::new(Lane { class, at_once, free: Arc::new(Semaphore::new(at_once)), waiting: Mutex::default() })
        };
        Admission {
            lanes: [lane(QueueClass::Interactive, 2), lane(QueueClass::Load, 1), lane(QueueClass::Background, 1)],
        }
    }

    /// Waits for a turn. Sent away where too many wait already.
    pub(crate) async fn turn(&self, class: QueueClass) -> Result<Turn> {
        let lane = self.lanes.iter().find(|lane| lane.class == class);
        let lane = lane.ok_or_else(|| Error::broken("work of a class without a queue"))?;
        let free = Arc::clone(&lane.free);
        if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let place = Lane::join(lane)?;
        tracing::debug!(class = class.word(), place = place.now(), "work of the engine waits");
        let permit = free.acquire_owned().await.map_err(|_| Error::broken("a queue of the engine is closed"))?;
        drop(place);
        Ok(Turn { _permit: permit })
    }

    /// Every queue as it is now.
    pub(crate) fn queues(&self) -> Vec<Queue> {
        let queue = |lane: &Arc<Lane>| Queue {
            class: lane.class,
            at_once: lane.at_once,
            working: lane.at_once - lane.free.available_permits().min(lane.at_once),
            waiting: lane.waiting().tickets.len(),
        };
        self.lanes.iter().map(queue).collect()
    }
}

impl Lane {
    fn join(lane: &Arc<Lane>) -> Result<Place> {
        let mut waiting = lane.waiting();
        if waiting.tickets.len() >= WAITING_MAX {
            return Err(Error::TooMany { retry_after_s: RETRY_AFTER_S });
        }
        let ticket = waiting.next;
        waiting.next += 1;
        waiting.tickets.push_back(ticket);
        Ok(Place { lane: Arc::clone(lane), ticket })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// From 1.
    fn now(&self) -> usize {
        self.lane.waiting().tickets.iter().position(|ticket| *ticket == self.ticket).map_or(0, |before| before + 1)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.waiting().tickets.retain(|ticket| *ticket != self.ticket);
    }
}

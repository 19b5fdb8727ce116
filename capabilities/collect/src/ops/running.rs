//! Loads under way on this node, so that a person can give one up. Forgotten with the process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use yiwang_kernel::{Error, Id, Result};

/// Loads under way at once.
const RUNNING_MAX: usize = 16;

/// Loads under way. Cheap to clone; clones are one list.
#[derive(Debug, Clone, Default)]
pub struct Running(Arc<Mutex<HashMap<Id, Arc<AtomicBool>>>>);

/// A load's place in the list; leaving it ends it.
#[derive(Debug)]
pub struct Place {
    list: Running,
    load: Id,
    given_up: Arc<AtomicBool>,
}

impl Running {
    /// Enters a load; refused when too many are under way or this one is.
    pub fn enter(&self, load: Id) -> Result<Place> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.contains_key(&load) {
            return Err(Error::conflict("load-state-changed"));
        }
        if list.len() >= RUNNING_MAX {
            return Err(Error::unavailable("load-busy"));
        }
        let given_up = Arc::new(AtomicBool::new(false));
        list.insert(load, Arc::clone(&given_up));
        Ok(Place { list: self.clone(), load, given_up })
    }

    /// Asks a load to stop; false when it is not under way here.
    pub fn give_up(&self, load: Id) -> bool {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.get(&load).map(|given_up| given_up.store(true, Ordering::Relaxed)).is_some()
    }
}

impl Place {
    /// The flag that is set when somebody gives the load up.
    pub fn given_up(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.given_up)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.list.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.load);
    }
}

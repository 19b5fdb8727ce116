//! Files held while somebody copies them: a deletion meanwhile is kept back and done when the last hold ends. A crash
//! in between leaves a file that nothing names, which the sweeps for such files take.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use object_store::path::Path;

use super::Place;

/// As long as this lives, no file of its tree is deleted. Dropping it deletes what was kept back.
#[derive(Debug)]
#[must_use = "files are held as long as this lives"]
pub struct Hold {
    place: Option<Place>,
}

/// Who holds a tree and what waits to be deleted.
#[derive(Debug, Default)]
pub(crate) struct Holds(Mutex<Holding>);

#[derive(Debug, Default)]
struct Holding {
    holds: usize,
    waiting: BTreeSet<Path>,
}

impl Hold {
    /// Holds every file of this tree.
    pub(crate) fn of(place: Option<Place>) -> Hold {
        if let Some(place) = &place {
            place.holds.state().holds += 1;
        }
        Hold { place }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(place) = &self.place else { return };
        let mut state = place.holds.state();
        state.holds -= 1;
        if state.holds > 0 {
            return;
        }
        for location in std::mem::take(&mut state.waiting) {
            if let Err(error) = place.remove(&location) {
                tracing::warn!(%location, %error, "a file kept back for a copy was not deleted");
            }
        }
    }
}

impl Holds {
    /// Whether a deletion has to wait; if so it is noted.
    pub(crate) fn keeps_back(&self, location: &Path) -> bool {
        let mut state = self.state();
        let held = state.holds > 0;
        if held {
            state.waiting.insert(location.clone());
        }
        held
    }

    /// The file is written anew: it is not to be deleted any more.
    pub(crate) fn wanted(&self, location: &Path) {
        self.state().waiting.remove(location);
    }

    fn state(&self) -> MutexGuard<'_, Holding> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

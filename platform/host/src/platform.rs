//! The handles every operation may use, made once by `server`. Opens nothing itself.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use yiwang_access::{Access, RateLimits, Sessions};
use yiwang_files::{Files, KeyVault};
use yiwang_gate::Gate;
use yiwang_kernel::{Actor, Clock, Ctx, Random};
use yiwang_ledger::Ledger;
use yiwang_search::Search;
use yiwang_store::Db;
use yiwang_web::{Site, Texts};

use crate::{Relay, Settings};

/// The handles every operation may use; shared as `Arc<Platform>`.
pub struct Platform {
    /// The database.
    pub db: Db,
    /// Texts of all capabilities.
    pub texts: Arc<Texts>,
    /// Where the data directory is.
    pub data_dir: PathBuf,
    /// Whether the directory is marked as a demo.
    pub demo: bool,
    /// The SHA-256 of the pass phrase behind which a shared demo switches roles; not set where it is not shared.
    pub phrase: OnceLock<[u8; 32]>,
    /// The one way to city data.
    pub gate: Gate,
    /// What happened, provably.
    pub ledger: Ledger,
    /// Brings decisions to it.
    pub relay: Relay,
    /// Uploads and other whole files.
    pub files: Files,
    /// Keys by scope, wrapped by the master key.
    pub vault: KeyVault,
    /// The full-text index.
    pub search: Search,
    /// Settings as declared and changed.
    pub settings: Settings,
    /// Who may do what.
    pub access: Access,
    /// Who is signed in.
    pub sessions: Sessions,
    /// How often who may try.
    pub limits: RateLimits,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
}

impl Platform {
    /// What the city says about itself on every page, as the settings have it now.
    pub fn site(&self) -> Arc<Site> {
        // Host declares every setting it asks for, so this does not fail.
        Arc::new(self.settings.site(self.demo).unwrap_or_default())
    }

    /// A context outside a request: jobs, start-up, the command line.
    pub fn ctx(&self, actor: Actor) -> Ctx {
        Ctx::new(actor, Arc::clone(&self.clock), Arc::clone(&self.random))
    }
}

//! The handles every operation may use, made once by `server`. Opens nothing itself.

use std::path::PathBuf;
use std::sync::Arc;

use yiwang_access::{Access, RateLimits, Sessions};
use yiwang_files::{Files, KeyVault};
use yiwang_gate::Gate;
use yiwang_kernel::{Actor, Clock, Ctx, Random};
use yiwang_ledger::Ledger;
use yiwang_search::Search;
use yiwang_store::Db;
use yiwang_web::{Site, Texts};

use crate::Settings;

/// The handles every operation may use; shared as `Arc<Platform>`.
pub struct Platform {
    /// The database.
    pub db: Db,
    /// Texts of all capabilities.
    pub texts: Arc<Texts>,
    /// What the city says about itself on every page.
    pub site: Arc<Site>,
    /// Where the data directory is.
    pub data_dir: PathBuf,
    /// Whether the directory is marked as a demo.
    pub demo: bool,
    /// The one way to city data.
    pub gate: Gate,
    /// What happened, provably.
    pub ledger: Ledger,
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
    /// A context outside a request: jobs, start-up, the command line.
    pub fn ctx(&self, actor: Actor) -> Ctx {
        Ctx::new(actor, Arc::clone(&self.clock), Arc::clone(&self.random))
    }
}

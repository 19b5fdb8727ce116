//! Puts the platform together over an opened directory: store with migrations, keys, files, lake, ledger, gate,
//! search, settings. Runs nothing by itself.

use std::sync::{Arc, OnceLock};

use anyhow::Result;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use yiwang_access::{Access, Permission, RateLimits, Sessions};
use yiwang_collect::ops::{Running, settle_cut_off};
use yiwang_files::{Files, KeyVault, SealedStore};
use yiwang_gate::{Gate, Grant, Grantee, RESOURCE_ANY};
use yiwang_host::{Capability, Platform, Relay, Settings};
use yiwang_kernel::{Ctx, Error, Id};
use yiwang_lake::{Lake, LakeOptions};
use yiwang_ledger::{Ledger, Options};
use yiwang_search::Search;
use yiwang_store::Db;
use yiwang_store::decisions::{self, Decision};

use crate::capabilities::{capabilities, load_texts, migrations};
use crate::city::{Directory, sources};
use crate::cli::Shared;

/// Threads of the engine; HTTP, store and ledger have their own.
const ENGINE_THREADS: usize = 2;
const QUERY_MEMORY_BYTES: usize = 256 << 20;
const QUERY_WALL_S: u64 = 30;

/// The department every city begins with: its data bureau.
pub(crate) const BUREAU: &str = "001";
/// The purpose of the operator's reads; the reason given stands as their basis.
pub(crate) const OPERATION: &str = "operation";

/// An opened city.
pub(crate) struct City {
    /// The handles every operation uses.
    pub(crate) platform: Arc<Platform>,
    /// What the product consists of.
    pub(crate) capabilities: Vec<Capability>,
    /// Loads under way, given up by a person on a page or at the command line.
    pub(crate) running: Running,
    /// The directory, held while this lives.
    pub(crate) directory: Directory,
    /// The files of the lake as they lie there, for copies of the whole.
    pub(crate) lake: SealedStore,
    relaying: Relaying,
}

/// Decisions on their way to the ledger, for as long as the city is open.
struct Relaying {
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl City {
    /// Opens the city of the command line.
    pub(crate) async fn open(shared: &Shared) -> Result<City> {
        City::over(Directory::open(shared)?, shared).await
    }

    /// Lets the operator at the machine read everything, with a reason, entered in the ledger.
    pub(crate) async fn allow_operator(&self, ctx: &Ctx) -> Result<()> {
        let grant = Grant::whole(Id::new(ctx), RESOURCE_ANY, Grantee::Operator, OPERATION, ctx.now());
        let grant = &grant;
        let decision = &Decision::new("gate.operator_granted", RESOURCE_ANY);
        let granted = self.platform.db.tx(|tx| {
            Box::pin(async move {
                yiwang_gate::grants::put(tx, grant).await?;
                decisions::decide(tx, ctx, grant.id, decision).await
            })
        });
        Ok(granted.await?)
    }

    /// Enters what was decided, then closes the store. Whoever opened a city ends with this.
    pub(crate) async fn close(&self) {
        self.relaying.stop.send_replace(true);
        if let Some(task) = self.relaying.task.lock().await.take() {
            // It ends by itself; that it panicked was said where it did.
            drop(task.await);
        }
        self.platform.db.close().await;
    }

    /// Puts a city together over its directory.
    pub(crate) async fn over(directory: Directory, shared: &Shared) -> Result<City> {
        let path = &directory.path;
        let db = Db::open(&shared.store_url()).await?;
        let running = Running::default();
        let capabilities = capabilities(&running);
        let migrations = migrations(&capabilities);
        db.standing(&migrations).await?.require_known()?;
        db.migrate(&migrations).await?;
        let vault = KeyVault::new(db.clone(), directory.master.clone());
        let sealed = || directory.mark.sealed.then(|| vault.clone());
        let files = Files::new(db.clone(), SealedStore::on_disk(path, "files", sealed())?);
        let spill = path.join("derived").join("spill");
        if spill.exists() {
            std::fs::remove_dir_all(&spill).map_err(|source| Error::internal("emptying derived/spill", source))?;
        }
        std::fs::create_dir_all(&spill).map_err(|source| Error::internal("making derived/spill", source))?;
        let objects = SealedStore::on_disk(directory.lake_base(), "lake", sealed())?;
        let lake = Lake::open(LakeOptions {
            db: db.clone(),
            vault: vault.clone(),
            objects: objects.clone(),
            derived: SealedStore::on_disk(path, "derived", sealed())?,
            out: Some(path.join("out")),
            spill,
            files: files.clone(),
            threads: ENGINE_THREADS,
            query_memory_bytes: QUERY_MEMORY_BYTES,
            query_wall_s: QUERY_WALL_S,
        })?;
        let ledger = open_ledger(&directory).await?;
        let settings = Settings::load(&db, &capabilities).await?;
        let own = capabilities.iter().flat_map(|capability| capability.permissions.clone());
        let permissions: Vec<Permission> = yiwang_host::PERMISSIONS.into_iter().chain(own).collect();
        let (clock, random) = sources();
        let platform = Platform {
            gate: Gate::new(db.clone(), ledger.clone(), Arc::new(lake)),
            relay: Relay::new(db.clone(), ledger.clone(), clock.clone()),
            ledger,
            texts: Arc::new(load_texts()?),
            data_dir: path.clone(),
            demo: directory.mark.demo,
            phrase: OnceLock::new(),
            files,
            vault,
            search: Search::open(&path.join("derived").join("search"))?,
            settings,
            access: Access::new(&permissions)?,
            sessions: Sessions::new(db.clone()),
            limits: RateLimits::new(),
            clock,
            random,
            db,
        };
        // The directory is this process's alone now: a load that still counts as running was cut off by a stop.
        settle_cut_off(&platform, &running).await?;
        let relaying = Relaying::begin(&platform.relay);
        Ok(City { platform: Arc::new(platform), capabilities, running, directory, lake: objects, relaying })
    }
}

impl Relaying {
    fn begin(relay: &Relay) -> Relaying {
        let (stop, stopping) = watch::channel(false);
        let relay = relay.clone();
        Relaying { stop, task: Mutex::new(Some(tokio::spawn(async move { relay.serve(stopping).await }))) }
    }
}

/// Opens the newest log of the city, or makes one: its first, or after a restore the one behind those it had. Opening
/// reads the whole log, so it runs beside the async threads.
pub(crate) async fn open_ledger(directory: &Directory) -> Result<Ledger> {
    let earlier = yiwang_ledger::logs(&directory.path.join("ledger"))?.len() - 1;
    let origin = match earlier {
        0 => format!("yiwang/{}", directory.mark.region),
        earlier => format!("yiwang/{}/{}", directory.mark.region, earlier + 1),
    };
    let options =
        if directory.mark.demo || directory.is_passing { Options::small(origin) } else { Options::city(origin) };
    let (path, master) = (directory.path.join("ledger"), directory.master.clone());
    let (clock, _) = sources();
    let opened = tokio::task::spawn_blocking(move || Ledger::open(&path, &master, clock, options)).await;
    Ok(opened.map_err(|source| Error::internal("opening the ledger", source))??)
}

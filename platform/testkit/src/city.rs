//! A city in small: platform and router over a throw-away database and directory, its clock standing at noon of
//! 2026-11-21. Everything goes away with it. Departments and people are made by the tests that need them. Its files may
//! be written through a medium that fails, and the city opened again as the next process finds it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, header};
use tempfile::TempDir;
use tower::ServiceExt;
use yiwang_access::{Access, Permission, RateLimits, Sessions};
use yiwang_files::testing::Fault;
use yiwang_files::{Direct, Disk, Files, KeyVault, Medium, SealedStore};
use yiwang_gate::testing::NoLake;
use yiwang_gate::{Engine, Gate};
use yiwang_host::{Capability, Faces, Platform, Relay, Settings, router};
use yiwang_kernel::{Account, Actor, CivilDate, Ctx, FixedClock, Id, Role, SeededRandom};
use yiwang_lake::{Lake, LakeOptions};
use yiwang_ledger::{Ledger, Options};
use yiwang_seal::MasterKey;
use yiwang_search::Search;
use yiwang_store::Migration;
use yiwang_store::testing::{TestDb, databases};
use yiwang_web::Texts;

use crate::Reply;

const MEMORY_BYTES: usize = 256 << 20;
const NOON_S: i64 = 12 * 3600;

/// What a city is made of.
pub struct Plan {
    /// The capabilities under test and those they stand on, in order.
    pub capabilities: Vec<Capability>,
    /// Whether it has the real lake; else every table is unknown.
    pub lake: bool,
    /// Whether it is a demo.
    pub demo: bool,
}

/// A city and what has to outlive it.
pub struct City {
    /// Which database it is on, for messages of failing tests.
    pub name: &'static str,
    /// Its handles.
    pub platform: Arc<Platform>,
    /// Both faces of it.
    pub router: Router,
    /// Its clock.
    pub clock: Arc<FixedClock>,
    ground: Ground,
}

/// What outlives a process: database, folder and keys.
struct Ground {
    db: TestDb,
    dir: TempDir,
    master: MasterKey,
    /// Processes so far: no two of them draw the same numbers.
    processes: u64,
}

impl City {
    /// A city with the real lake on a database of each kind.
    pub async fn each(capabilities: fn() -> Vec<Capability>) -> Vec<City> {
        let mut cities = Vec::new();
        for db in databases().await {
            cities.push(City::new(db, Plan { capabilities: capabilities(), lake: true, demo: false }).await);
        }
        cities
    }

    /// A city on this database.
    pub async fn new(db: TestDb, plan: Plan) -> City {
        City::on(Ground::new(db), plan, noon(), Arc::new(Direct)).await
    }

    /// A city whose files are written to a disk that fails after so many steps, saying this, and what loses its power.
    pub async fn failing(db: TestDb, plan: Plan, seed: u64, steps: u64, says: ErrorKind) -> (City, Arc<Fault>) {
        let ground = Ground::new(db);
        let shadow = ground.dir.path().join("shadow");
        std::fs::create_dir(&shadow).expect("a folder");
        let fault = Fault::new(ground.dir.path(), &shadow, seed, steps).expect("a fault").saying(says);
        let fault = Arc::new(fault);
        let medium = Arc::clone(&fault) as Arc<dyn Medium>;
        (City::on(ground, plan, noon(), medium).await, fault)
    }

    /// The same city as the next process finds it, on a sound disk. Nothing of this one may be held any more.
    pub async fn again(self, plan: Plan) -> City {
        let City { mut ground, clock, platform, router, .. } = self;
        ground.processes += 1;
        drop(router);
        drop(platform);
        City::on(ground, plan, clock, Arc::new(Direct)).await
    }

    async fn on(ground: Ground, plan: Plan, clock: Arc<FixedClock>, medium: Arc<dyn Medium>) -> City {
        ground.db.migrate(&migrations(&plan.capabilities)).await.expect("tables");
        let platform = Arc::new(platform(&ground, &plan, &clock, &medium).await);
        let router = router(&platform, &plan.capabilities, Faces::Both).expect("a router");
        City { name: ground.db.name, platform, router, clock, ground }
    }

    /// Somebody of a department with a role, the same person for the same name.
    pub fn acting(&self, name: &str, department: &str, role: Role) -> Ctx {
        let bytes: Vec<u8> = name.bytes().cycle().take(16).collect();
        let id = Id::from_bytes(&bytes).expect("sixteen bytes");
        let department = Some(department.to_owned());
        let account = Account { id, name: name.to_owned(), department, roles: vec![role] };
        self.platform.ctx(Actor::Account(account))
    }

    /// The steward of a department.
    pub fn steward(&self, department: &str) -> Ctx {
        self.acting(&format!("{department} steward"), department, Role::Steward)
    }

    /// Somebody of the bureau.
    pub fn bureau(&self) -> Ctx {
        self.acting("bureau", "C001", Role::Bureau)
    }

    /// Nobody signed in.
    pub fn stranger(&self) -> Ctx {
        self.platform.ctx(Actor::Stranger)
    }

    /// The platform itself.
    pub fn system(&self) -> Ctx {
        self.platform.ctx(Actor::System("demo"))
    }

    /// Asks the router.
    pub async fn ask(&self, request: http::request::Builder, body: impl Into<Body>) -> Reply {
        let request: Request<Body> = request.body(body.into()).expect("a request");
        Reply::of(self.router.clone().oneshot(request).await.expect("an answer")).await
    }

    /// Asks for a page as a stranger.
    pub async fn get(&self, path: &str) -> Reply {
        self.ask(Request::get(path), Body::empty()).await
    }

    /// Asks for a page with these cookies.
    pub async fn get_with(&self, path: &str, cookie: &str) -> Reply {
        self.ask(Request::get(path).header(header::COOKIE, cookie), Body::empty()).await
    }

    /// Signs this actor in: the cookie and the token of forms.
    pub async fn session(&self, ctx: &Ctx) -> (String, String) {
        let account = ctx.actor.account().expect("an account");
        let (token, _) = self.platform.sessions.start(ctx, account, None, None).await.expect("a session");
        (format!("yiwang_session={}", token.as_str()), token.csrf_token())
    }

    /// A file of this text in the city's folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.ground.dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Ground {
    fn new(db: TestDb) -> Ground {
        Ground { db, dir: tempfile::tempdir().expect("a folder"), master: MasterKey::generate(), processes: 1 }
    }
}

fn noon() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(CivilDate::new(2026, 11, 21).expect("a day").start().plus_s(NOON_S)))
}

fn migrations(capabilities: &[Capability]) -> Vec<Migration> {
    let platform = [
        yiwang_store::MIGRATIONS,
        yiwang_host::MIGRATIONS,
        yiwang_access::MIGRATIONS,
        yiwang_jobs::MIGRATIONS,
        yiwang_files::MIGRATIONS,
        yiwang_gate::grants::MIGRATIONS,
        yiwang_lake::MIGRATIONS,
    ];
    let own = capabilities.iter().flat_map(|capability| &capability.migrations);
    platform.into_iter().flatten().chain(own).cloned().collect()
}

async fn platform(ground: &Ground, plan: &Plan, clock: &Arc<FixedClock>, medium: &Arc<dyn Medium>) -> Platform {
    let (db, dir, master) = (&ground.db, ground.dir.path(), &ground.master);
    let capabilities = &plan.capabilities;
    let own = capabilities.iter().flat_map(|one| one.permissions.clone());
    let permissions: Vec<Permission> = yiwang_host::PERMISSIONS.into_iter().chain(own).collect();
    let mut sources = yiwang_web::TEXTS.to_vec();
    sources.extend(capabilities.iter().flat_map(|one| one.texts.iter().copied()));
    let ledger = Ledger::open(&dir.join("ledger"), master, clock.clone(), Options::small("test/ledger"));
    let ledger = ledger.expect("a ledger");
    let vault = KeyVault::new(db.db.clone(), master.clone());
    let files = Files::new(db.db.clone(), tree(dir, "files", &vault, medium));
    let engine: Arc<dyn Engine> = match plan.lake {
        true => Arc::new(lake(db, dir, &vault, &files, medium)),
        false => Arc::new(NoLake),
    };
    let settings = Settings::load(&db.db, capabilities).await.expect("settings");
    Platform {
        gate: Gate::new(db.db.clone(), ledger.clone(), engine),
        relay: Relay::new(db.db.clone(), ledger.clone(), clock.clone()),
        ledger,
        db: db.db.clone(),
        texts: Arc::new(Texts::load(&sources).expect("texts")),
        data_dir: dir.to_owned(),
        demo: plan.demo,
        phrase: std::sync::OnceLock::new(),
        files,
        vault,
        search: Search::open(&dir.join("search")).expect("an index"),
        settings,
        access: Access::new(&permissions).expect("permissions"),
        sessions: Sessions::new(db.db.clone()),
        limits: RateLimits::new(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(ground.processes)),
    }
}

fn tree(dir: &Path, name: &'static str, vault: &KeyVault, medium: &Arc<dyn Medium>) -> SealedStore {
    let disk = Disk::on(&dir.join(name), Arc::clone(medium)).expect("a tree");
    SealedStore::new(Arc::new(disk), vault.clone(), name)
}

fn lake(db: &TestDb, dir: &Path, vault: &KeyVault, files: &Files, medium: &Arc<dyn Medium>) -> Lake {
    let spill = dir.join("spill");
    std::fs::create_dir_all(&spill).expect("a folder");
    let options = LakeOptions {
        db: db.db.clone(),
        vault: vault.clone(),
        objects: tree(dir, "lake", vault, medium),
        derived: tree(dir, "derived", vault, medium),
        out: Some(dir.join("out")),
        spill,
        files: files.clone(),
        threads: 2,
        query_memory_bytes: MEMORY_BYTES,
        query_wall_s: 30,
    };
    Lake::open(options).expect("a lake")
}

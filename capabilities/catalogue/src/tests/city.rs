//! A small city on each database: departments, and a context per role.

use std::sync::Arc;

use yiwang_access::{Access, Permission, RateLimits, Sessions};
use yiwang_accounts::NewDepartment;
use yiwang_files::{Files, KeyVault, SealedStore};
use yiwang_gate::Gate;
use yiwang_gate::testing::NoLake;
use yiwang_host::{Capability, Platform, Relay, Settings};
use yiwang_kernel::{Account, Actor, CivilDate, Ctx, FixedClock, Id, Role, SeededRandom, Text};
use yiwang_ledger::{Ledger, Options};
use yiwang_seal::MasterKey;
use yiwang_search::Search;
use yiwang_store::testing::{TestDb, databases};
use yiwang_web::Texts;

use crate::model::{Content, Duties, Field};

/// Departments every city has: C001 to C005.
const DEPARTMENTS: usize = 5;

/// A city and what has to outlive it.
pub(super) struct City {
    /// Which database it is on.
    pub(super) name: &'static str,
    /// Its handles.
    pub(super) platform: Arc<Platform>,
    /// Its clock, standing at noon of 2026-11-21.
    pub(super) clock: Arc<FixedClock>,
    _db: TestDb,
    _dir: tempfile::TempDir,
}

/// One city per database.
pub(super) async fn cities() -> Vec<City> {
    let mut cities = Vec::new();
    for db in databases().await {
        cities.push(city(db).await);
    }
    cities
}

/// The capabilities a catalogue stands on, and itself.
pub(super) fn capabilities() -> Vec<Capability> {
    vec![yiwang_messages::capability(), yiwang_accounts::capability(), crate::capability()]
}

/// A city on this database.
pub(super) async fn city(db: TestDb) -> City {
    let dir = tempfile::tempdir().expect("a folder");
    let capabilities = capabilities();
    db.migrate(yiwang_store::MIGRATIONS).await.expect("the store's own tables");
    let below = [yiwang_access::MIGRATIONS, yiwang_files::MIGRATIONS, yiwang_host::MIGRATIONS, yiwang_jobs::MIGRATIONS];
    for migrations in below {
        db.migrate(migrations).await.expect("platform tables");
    }
    db.migrate(yiwang_gate::grants::MIGRATIONS).await.expect("grants");
    for capability in &capabilities {
        db.migrate(&capability.migrations).await.expect("a capability's tables");
    }
    let noon = CivilDate::new(2026, 11, 21).expect("a day").start().plus_s(12 * 3600);
    let clock = Arc::new(FixedClock::at(noon));
    let platform = Arc::new(platform(&db, dir.path(), &capabilities, &clock).await);
    let city = City { name: db.name, platform, clock, _db: db, _dir: dir };
    city.departments(1..=DEPARTMENTS).await;
    city
}

async fn platform(
    db: &TestDb,
    dir: &std::path::Path,
    capabilities: &[Capability],
    clock: &Arc<FixedClock>,
) -> Platform {
    let permissions: Vec<Permission> = capabilities.iter().flat_map(|one| one.permissions.clone()).collect();
    let mut sources = yiwang_web::TEXTS.to_vec();
    sources.extend(capabilities.iter().flat_map(|one| one.texts.iter().copied()));
    let master = MasterKey::generate();
    let ledger = Ledger::open(&dir.join("ledger"), &master, clock.clone(), Options::small("test/ledger"));
    let ledger = ledger.expect("a ledger");
    let vault = KeyVault::new(db.db.clone(), master);
    let objects = SealedStore::on_disk(dir, "files", Some(vault.clone())).expect("a place for files");
    let settings = Settings::load(&db.db, capabilities).await.expect("settings");
    Platform {
        gate: Gate::new(db.db.clone(), ledger.clone(), Arc::new(NoLake)),
        relay: Relay::new(db.db.clone(), ledger.clone(), clock.clone()),
        ledger,
        db: db.db.clone(),
        texts: Arc::new(Texts::load(&sources).expect("texts")),
        data_dir: dir.to_owned(),
        demo: false,
        phrase: std::sync::OnceLock::new(),
        files: Files::new(db.db.clone(), objects),
        vault,
        search: Search::open(&dir.join("search")).expect("an index"),
        settings,
        access: Access::new(&permissions).expect("permissions"),
        sessions: Sessions::new(db.db.clone()),
        limits: RateLimits::new(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
    }
}

impl City {
    /// Acting as this account of this department.
    pub(super) fn acting(&self, name: &str, department: &str, role: Role) -> Ctx {
        let bytes: Vec<u8> = name.bytes().cycle().take(16).collect();
        let id = Id::from_bytes(&bytes).expect("sixteen bytes");
        let department = Some(department.to_owned());
        let account = Account { id, name: name.to_owned(), department, roles: vec![role] };
        self.platform.ctx(Actor::Account(account))
    }

    /// The steward of a department.
    pub(super) fn steward(&self, department: &str) -> Ctx {
        self.acting(&format!("steward {department}"), department, Role::Steward)
    }

    /// Somebody of the bureau.
    pub(super) fn bureau(&self) -> Ctx {
        self.acting("bureau", "C001", Role::Bureau)
    }

    /// Nobody signed in.
    pub(super) fn stranger(&self) -> Ctx {
        self.platform.ctx(Actor::Stranger)
    }

    /// The platform itself.
    pub(super) fn system(&self) -> Ctx {
        self.platform.ctx(Actor::System("demo"))
    }

    /// Adds departments by their numbers.
    pub(super) async fn departments(&self, numbers: std::ops::RangeInclusive<usize>) {
        let opened = CivilDate::new(2020, 1, 1);
        for number in numbers {
            let new = NewDepartment {
                code: format!("C{number:03}"),
                name: Text::new(format!("第{number}局"), format!("Bureau {number}")),
                parent: None,
                place: i64::try_from(number).expect("small"),
                opened,
            };
            yiwang_accounts::ops::create_department(&self.platform, &self.system(), &new).await.expect("a department");
        }
    }
}

/// An entry of this department that lacks nothing for publication.
pub(super) fn content(title: &str, department: &str) -> Content {
    let mut content = Content::new(Text::new(title, ""), department);
    content.summary = Text::new(format!("{title}的登记信息"), "");
    content.duties = Duties::all("数据科 张三");
    content.grade = Some(1);
    content.theme = "transport".into();
    content.fields = vec![Field::new("mc", Text::new("名称", "Name")), Field::new("dz", Text::new("地址", "Address"))];
    content
}

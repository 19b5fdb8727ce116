//! A city in small on a throw-away database: this capability alone, two departments, its router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;
use yiwang_access::{Access, RateLimits, Sessions};
use yiwang_files::{Files, KeyVault, SealedStore};
use yiwang_gate::Gate;
use yiwang_gate::testing::NoLake;
use yiwang_host::{Faces, Platform, Relay, Settings, router};
use yiwang_kernel::{Account, Actor, Ctx, FixedClock, Id, Instant, Role, SystemRandom, Text};
use yiwang_ledger::{Ledger, Options};
use yiwang_seal::MasterKey;
use yiwang_search::Search;
use yiwang_store::testing::TestDb;
use yiwang_web::{TEXTS, Texts};

use crate::{NewDepartment, NewPerson, Person, capability, ops};

/// A password that every rule lets through.
pub(super) const PASSWORD: &str = "correct horse 7";

/// A small city.
pub(super) struct World {
    pub(super) platform: Arc<Platform>,
    pub(super) router: Router,
    pub(super) clock: Arc<FixedClock>,
    pub(super) name: &'static str,
    _db: TestDb,
    _dir: TempDir,
}

impl World {
    /// The city on a database of each kind.
    pub(super) async fn each() -> Vec<World> {
        let mut worlds = Vec::new();
        for db in yiwang_store::testing::databases().await {
            worlds.push(World::on(db, false).await);
        }
        worlds
    }

    /// The city on SQLite alone, where the database does not matter.
    pub(super) async fn one(demo: bool) -> World {
        World::on(yiwang_store::testing::sqlite().await, demo).await
    }

    async fn on(test_db: TestDb, demo: bool) -> World {
        let db = test_db.db.clone();
        let capabilities = [yiwang_messages::capability(), capability()];
        db.migrate(yiwang_store::MIGRATIONS).await.expect("migrations");
        let platform =
            [yiwang_access::MIGRATIONS, yiwang_files::MIGRATIONS, yiwang_host::MIGRATIONS, yiwang_jobs::MIGRATIONS];
        for migrations in platform {
            db.migrate(migrations).await.expect("migrations");
        }
        for capability in &capabilities {
            db.migrate(&capability.migrations).await.expect("migrations");
        }
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FixedClock::at(Instant::from_micros(1_795_240_800_000_000)));
        let master = MasterKey::generate();
        let ledger = Ledger::open(&dir.path().join("ledger"), &master, clock.clone(), Options::small("test/ledger"));
        let ledger = ledger.expect("a ledger");
        let vault = KeyVault::new(db.clone(), master);
        let objects = SealedStore::on_disk(dir.path(), "files", Some(vault.clone())).expect("a place for files");
        let settings = Settings::load(&db, &capabilities).await.expect("settings");
        let permissions: Vec<_> = capabilities.iter().flat_map(|one| one.permissions.clone()).collect();
        let texts = Texts::load(&[TEXTS, capabilities[0].texts, capabilities[1].texts].concat()).expect("texts");
        let platform = Arc::new(Platform {
            gate: Gate::new(db.clone(), ledger.clone(), Arc::new(NoLake)),
            relay: Relay::new(db.clone(), ledger.clone(), clock.clone()),
            ledger,
            files: Files::new(db.clone(), objects),
            vault,
            search: Search::open(&dir.path().join("search")).expect("an index"),
            settings,
            access: Access::new(&permissions).expect("policies"),
            sessions: Sessions::new(db.clone()),
            limits: RateLimits::new(),
            texts: Arc::new(texts),
            data_dir: dir.path().to_owned(),
            demo,
            phrase: std::sync::OnceLock::new(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            db,
        });
        let router = router(&platform, &capabilities, Faces::Both).expect("a router");
        let world = World { platform, router, clock, name: test_db.name, _db: test_db, _dir: dir };
        for (code, zh) in [("A1", "数据局"), ("B2", "市场监管局")] {
            let name = Text::new(zh, code);
            let new = NewDepartment { code: code.to_owned(), name, parent: None, place: 1, opened: None };
            ops::create_department(&world.platform, &world.operator(), &new).await.expect("a department");
        }
        world
    }

    /// Somebody at the machine, who may do everything.
    pub(super) fn operator(&self) -> Ctx {
        self.platform.ctx(Actor::Operator { reason: "test".to_owned() })
    }

    /// A context of this person, with the rights of a session.
    pub(super) fn acting(&self, person: &Person) -> Ctx {
        let Person { id, name, department, roles, .. } = person.clone();
        self.platform.ctx(Actor::Account(Account { id, name, department, roles }))
    }

    /// An account in use, with [`PASSWORD`].
    pub(super) async fn person(&self, name: &str, department: Option<&str>, roles: &[Role]) -> Person {
        let invited = self.invited(name, department, roles).await.expect("an account");
        ops::activate(&self.platform, &self.operator(), &invited.link.token, PASSWORD).await.expect("activated");
        self.again(&invited.person).await
    }

    /// An account not opened yet.
    pub(super) async fn invited(
        &self,
        name: &str,
        department: Option<&str>,
        roles: &[Role],
    ) -> yiwang_kernel::Result<ops::Invited> {
        let new = NewPerson {
            name: name.to_owned(),
            display: "张三".to_owned(),
            department: department.map(str::to_owned),
            roles: roles.iter().map(|role| role.word().to_owned()).collect(),
        };
        ops::create_account(&self.platform, &self.operator(), &new).await
    }

    /// The account as it stands now.
    pub(super) async fn again(&self, person: &Person) -> Person {
        ops::person(&self.platform, &self.operator(), person.id).await.expect("the account")
    }

    pub(super) async fn ask(&self, request: http::request::Builder, body: impl Into<Body>) -> Response<Body> {
        let request: Request<Body> = request.body(body.into()).expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    /// A page, with this session or visit.
    pub(super) async fn get(&self, path: &str, cookie: &str) -> Page {
        let request = Request::get(path).header(header::COOKIE, cookie);
        Page::of(self.ask(request, Body::empty()).await).await
    }

    /// A form sent as a browser does: the page is loaded first, its token and cookie are sent along.
    pub(super) async fn submit(&self, page: &str, to: &str, cookie: &str, fields: &str) -> Page {
        let form = self.get(page, cookie).await;
        let visit = form.cookie("yiwang_visit").unwrap_or_default();
        let token = form.form_token();
        let request = Request::post(to)
            .header(header::COOKIE, format!("{cookie}; {visit}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Page::of(self.ask(request, format!("csrf={token}&{fields}")).await).await
    }

    /// Signs in through the form; the session's cookie.
    pub(super) async fn sign_in(&self, name: &str) -> String {
        let fields = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.submit("/sign-in", "/sign-in", "", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.cookie("yiwang_session").expect("a session")
    }
}

/// An answer, read whole.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) text: String,
}

impl Page {
    async fn of(answer: Response<Body>) -> Page {
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Page { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// The cookie it sets, as `name=value`.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let mut lines = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let found = lines.rfind(|line| line.starts_with(&format!("{name}=")));
        found.and_then(|line| line.split(';').next()).map(str::to_owned)
    }

    /// The token of its first form.
    pub(super) fn form_token(&self) -> String {
        self.value_of("csrf")
    }

    /// The value of a hidden field.
    pub(super) fn value_of(&self, name: &str) -> String {
        let after = self.text.split(&format!("name=\"{name}\" value=\"")).nth(1);
        after.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}

/// An id that nothing has.
pub(super) fn no_id(world: &World) -> Id {
    Id::new(&world.operator())
}

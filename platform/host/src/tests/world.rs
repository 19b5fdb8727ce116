//! A platform on a throw-away database with a small capability: notes that strangers read and stewards write.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode, header};
use serde_json::json;
use tempfile::TempDir;
use tower::ServiceExt;
use yiwang_access::{Access, Permission, RateLimits, Sessions, Token};
use yiwang_files::{Files, KeyVault, SealedStore};
use yiwang_gate::Gate;
use yiwang_gate::testing::NoLake;
use yiwang_kernel::{Account, Actor, Error, FixedClock, Id, Instant, Lang, PageRequest, Role, SystemRandom, Text};
use yiwang_ledger::{Filter, Ledger, Options};
use yiwang_seal::MasterKey;
use yiwang_search::Search;
use yiwang_store::decisions::{self, Decision};
use yiwang_store::testing::TestDb;
use yiwang_web::{Answer, Field, Fields, Form, Head, Markup, Site, TEXTS, Texts};

use crate::{Call, Capability, Faces, MIGRATIONS, MenuItem, Platform, Relay, Settings, Uploads, get, post, router};

/// A platform, its router, and what they stand on.
pub(super) struct World {
    pub(super) platform: Arc<Platform>,
    pub(super) router: Router,
    pub(super) clock: Arc<FixedClock>,
    _db: TestDb,
    _dir: TempDir,
}

impl World {
    /// The world on a database of each kind, serving these faces.
    pub(super) async fn each(faces: Faces) -> Vec<World> {
        let mut worlds = Vec::new();
        for db in yiwang_store::testing::databases().await {
            worlds.push(World::on(db, faces).await);
        }
        worlds
    }

    /// The world on SQLite alone, where the database does not matter.
    pub(super) async fn serving(faces: Faces) -> World {
        World::on(yiwang_store::testing::sqlite().await, faces).await
    }

    async fn on(test_db: TestDb, faces: Faces) -> World {
        let db = test_db.db.clone();
        for migrations in [yiwang_store::MIGRATIONS, yiwang_access::MIGRATIONS, yiwang_files::MIGRATIONS, MIGRATIONS] {
            db.migrate(migrations).await.expect("migrations");
        }
        db.migrate(yiwang_jobs::MIGRATIONS).await.expect("the queue");
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FixedClock::at(Instant::from_micros(1_795_240_800_000_000)));
        let capabilities = [notes()];
        let master = MasterKey::generate();
        let ledger = Ledger::open(&dir.path().join("ledger"), &master, clock.clone(), Options::small("test/ledger"));
        let ledger = ledger.expect("a ledger");
        let vault = KeyVault::new(db.clone(), master);
        let objects = SealedStore::on_disk(dir.path(), "files", Some(vault.clone())).expect("a place for files");
        let settings = Settings::load(&db, &capabilities).await.expect("settings");
        let own = capabilities.iter().flat_map(|one| one.permissions.clone());
        let permissions: Vec<Permission> = crate::PERMISSIONS.into_iter().chain(own).collect();
        let texts = Texts::load(&[TEXTS, capabilities[0].texts].concat()).expect("texts");
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
            demo: false,
            phrase: std::sync::OnceLock::new(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            db,
        });
        let router = router(&platform, &capabilities, faces).expect("a router");
        World { platform, router, clock, _db: test_db, _dir: dir }
    }

    pub(super) async fn ask(&self, request: http::request::Builder, body: impl Into<Body>) -> Response<Body> {
        let request: Request<Body> = request.body(body.into()).expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    /// The session of a fresh account with this role.
    pub(super) async fn sign_in(&self, role: Role) -> Token {
        let ctx = self.platform.ctx(Actor::System("test"));
        let account =
            Account { id: Id::new(&ctx), name: "zhang".into(), department: Some("4499A1".into()), roles: vec![role] };
        self.platform.sessions.start(&ctx, &account, None, None).await.expect("a session").0
    }

    /// Acts in the ledger, by their word, newest first; what was decided is entered before.
    pub(super) async fn acts(&self) -> Vec<String> {
        self.platform.relay.drain().await.expect("entered");
        let page = self.platform.ledger.read(Filter::default(), PageRequest::default()).await.expect("entries");
        page.rows.into_iter().filter_map(|logged| logged.common?.act).collect()
    }
}

/// The cookie header of a session.
pub(super) fn cookie(token: &Token) -> String {
    format!("{}={}", crate::cookies::SESSION, token.as_str())
}

const ZH: &str = "notes-title = 便条\nerror-notes-refused = 今天不收便条。\npermission-notes-write = 写便条\n";
const EN: &str = "notes-title = Notes\nerror-notes-refused = No notes today.\npermission-notes-write = Write notes\n";

#[derive(askama::Template)]
#[template(source = "<h1>{{ title }}</h1>{{ form }}", ext = "html")]
struct NotesBody {
    title: String,
    form: Markup,
}

fn notes() -> Capability {
    Capability::new("notes", Text::new("便条", "Notes"))
        .permission(Permission::usual("notes.write", &[Role::Steward]))
        .setting("notes.limit", Text::new("上限", "Limit"), "10")
        .menu(MenuItem::new("/notes", Text::new("便条", "Notes"), 10))
        .menu(MenuItem::new("/desk", Text::new("工作台", "Desk"), 5).on(Faces::Inside).needs("notes.write"))
        .texts(&[(Lang::Zh, ZH), (Lang::En, EN)])
        .route(
            get("/notes", list)
                .open()
                .audit_none("public list")
                .doc("便条列表", "list notes")
                .takes("q", "词", "words"),
        )
        .route(get("/notes/form", form).open().audit_none("an empty form").doc("写便条", "the form"))
        .route(
            post("/notes", write)
                .open()
                .audit_none("open to all")
                .doc("提交便条", "leave a note")
                .takes("note", "便条", "note"),
        )
        .route(post("/notes/files", upload).open().audit_none("open to all").doc("上传", "upload").body_max(10_000))
        .route(get("/notes/{id}", one).open().audit_none("public").doc("一张便条", "one note"))
        .route(get("/desk", list).needs("notes.write").audit_none("reads nothing").doc("工作台", "the desk"))
        .route(post("/desk/clear", clear).needs("notes.write").audit("notes.cleared").doc("清空", "clear all"))
        .route(post("/desk/stamp", stamp).needs("notes.write").decides("notes.stamped").doc("盖章", "stamp"))
        .route(get("/mine", list).signed_in().audit_none("own notes").doc("我的便条", "my notes"))
        .route(get("/hall", list).open().audit_none("public list").doc("大厅", "the hall").public())
        .route(get("/panic", panics).open().audit_none("breaks").doc("出错", "breaks"))
        .route(get("/broken", broken).open().audit_none("breaks").doc("出错", "breaks"))
        .route(get("/leave", leave).open().audit_none("goes on").doc("前往", "go on"))
        .route(get("/slow", slow).open().audit_none("slow").doc("慢", "slow").timeout(0))
}

async fn list(call: Call) -> Answer {
    let title = call.query.get("q").map_or_else(|| call.view.t("notes-title"), str::to_owned);
    let body = NotesBody { title, form: Markup::default() };
    call.respond(Head::new(call.view.t("notes-title")), &body, &json!({ "who": call.ctx.actor.to_string() }))
}

async fn form(call: Call) -> Answer {
    let form = Form::post("/notes", "ok").field(Field::text("note", "note")).render(&call.view)?;
    let body = NotesBody { title: String::new(), form };
    call.respond(Head::new("form"), &body, &json!({}))
}

async fn write(call: Call, fields: Fields) -> Answer {
    let note = fields.required("note")?.to_owned();
    if note == "secret" {
        return Err(Error::refused("notes-refused").into());
    }
    let answer = call.done("/notes", &json!({ "note": note }))?;
    Ok(answer)
}

async fn upload(call: Call, mut uploads: Uploads) -> Answer {
    let mut parts = Vec::new();
    while let Some(part) = uploads.next().await? {
        let (name, file) = (part.name.clone(), part.file_name.clone());
        parts.push(json!({ "name": name, "file": file, "text": part.text(8_000).await? }));
    }
    call.json(StatusCode::OK, &json!(parts))
}

async fn one(call: Call) -> Answer {
    let id: Id = call.path("id")?.parse()?;
    Err(Error::not_found("page-unknown").with("id", id).into())
}

async fn clear(call: Call) -> Answer {
    call.done("/desk", &json!({ "cleared": true }))
}

/// Decides, changes nothing, or decides and fails, as it is told.
async fn stamp(call: Call, fields: Fields) -> Answer {
    let (ctx, how) = (&call.ctx, fields.required("how")?);
    let decided = call.platform.db.tx(|tx| {
        Box::pin(async move {
            let decision = Decision::new("notes.stamped", how).because("a test");
            match how {
                "nothing" => Ok(()),
                _ => decisions::decide(tx, ctx, Id::new(ctx), &decision).await,
            }?;
            if how == "refused" { Err(Error::refused("notes-refused")) } else { Ok(()) }
        })
    });
    decided.await?;
    call.done("/desk", &json!({ "how": how }))
}

async fn panics(_: Call) -> Answer {
    panic!("a handler that panics")
}

async fn broken(_: Call) -> Answer {
    let cause = std::io::Error::other("disk password is hunter2");
    Err(Error::internal("reading notes", cause).into())
}

async fn leave(call: Call) -> Answer {
    call.redirect(call.query.required("to")?)
}

async fn slow(_: Call) -> Answer {
    std::future::pending().await
}

/// A site of its own, so that settings can be seen on a page.
pub(super) fn named(site: &Site) -> &str {
    &site.name.zh
}

/// A form's body and the headers it needs from this answer's page.
pub(super) fn form_of(html: &str) -> String {
    let token = html.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.expect("the page holds a form").to_owned()
}

/// The cookie an answer sets, as `name=value`.
pub(super) fn set_cookie(answer: &Response<Body>, name: &str) -> Option<String> {
    let lines = answer.headers().get_all(header::SET_COOKIE).iter();
    let found = lines.filter_map(|line| line.to_str().ok()).find(|line| line.starts_with(&format!("{name}=")));
    found.and_then(|line| line.split(';').next()).map(str::to_owned)
}

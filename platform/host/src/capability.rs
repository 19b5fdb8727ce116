//! The one value a capability gives: everything it adds to the product, as data. Runs nothing.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use yiwang_access::Permission;
use yiwang_kernel::{Ctx, Lang, Result, Text};
use yiwang_store::Migration;

use crate::{Faces, JobKind, Needs, Platform, Route};

/// Everything a capability adds to the product.
pub struct Capability {
    /// Its one word: folder, crate, table prefix, first part of permissions and events.
    pub name: &'static str,
    /// What readers call it.
    pub title: Text,
    /// Its pages and API.
    pub routes: Vec<Route>,
    /// Its menu entries.
    pub menu: Vec<MenuItem>,
    /// The permissions it asks for.
    pub permissions: Vec<Permission>,
    /// The settings it reads.
    pub settings: Vec<Setting>,
    /// Its tables, in order.
    pub migrations: Vec<Migration>,
    /// Its jobs.
    pub jobs: Vec<JobKind>,
    /// What it announces through the outbox.
    pub events: Vec<EventKind>,
    /// Its steps of setting a city up.
    pub steps: Vec<Step>,
    /// Its Fluent sources, one per language.
    pub texts: &'static [(Lang, &'static str)],
    /// Its page of the handbook, in Markdown.
    pub docs: &'static str,
}

/// An entry of the menu.
#[derive(Debug, Clone)]
pub struct MenuItem {
    /// Address; everything below it counts as inside.
    pub path: &'static str,
    /// Words.
    pub title: Text,
    /// On which faces it stands.
    pub faces: Faces,
    /// Who sees it.
    pub needs: Needs,
    /// Place in the menu, from the left.
    pub order: u16,
    /// What waits behind it for a signed-in reader; none when nothing is counted.
    pub waiting: Option<Waiting>,
}

/// Counts what waits for the reader behind a menu entry; asked for every page, so it answers from an index.
#[derive(Clone)]
pub struct Waiting(Arc<Count>);

type Count = dyn Fn(Arc<Platform>, Ctx) -> BoxFuture<'static, Result<u64>> + Send + Sync;

impl Waiting {
    /// How many things wait for whoever acts.
    pub(crate) async fn count(&self, platform: &Arc<Platform>, ctx: &Ctx) -> Result<u64> {
        (self.0)(Arc::clone(platform), ctx.clone()).await
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Waiting(..)")
    }
}

/// A setting with its default.
#[derive(Debug, Clone)]
pub struct Setting {
    /// `capability.name`.
    pub name: &'static str,
    /// What it sets, for the settings page.
    pub title: Text,
    /// Its value until somebody sets another; where this is a whole number, every value is one.
    pub default: &'static str,
    /// What is wrong with a value, as a message code; none where it may stand.
    pub wrong: fn(&str) -> Option<&'static str>,
    /// The page where it is changed together with others; none for the page of settings.
    pub page: Option<&'static str>,
}

/// A step of the way from an empty city to its first open resource, shown to who sets the city up until all are done.
#[derive(Clone)]
pub struct Step {
    /// `capability.noun`; its text is `step-capability-noun`.
    pub name: &'static str,
    /// Where it is done.
    pub path: &'static str,
    /// Place in the list.
    pub order: u16,
    /// Whether the list may go away without it.
    pub optional: bool,
    is_done: IsDone,
}

/// Whether a step is done.
type IsDone = Arc<dyn Fn(Arc<Platform>, Ctx) -> BoxFuture<'static, Result<bool>> + Send + Sync>;

/// A kind of event others may follow.
#[derive(Debug, Clone)]
pub struct EventKind {
    /// `capability.noun.happened`.
    pub name: &'static str,
    /// When it is announced and what its body holds.
    pub title: Text,
}

impl Capability {
    /// A capability that adds nothing yet.
    pub fn new(name: &'static str, title: Text) -> Capability {
        Capability {
            name,
            title,
            routes: Vec::new(),
            menu: Vec::new(),
            permissions: Vec::new(),
            settings: Vec::new(),
            migrations: Vec::new(),
            jobs: Vec::new(),
            events: Vec::new(),
            steps: Vec::new(),
            texts: &[],
            docs: "",
        }
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: Route) -> Capability {
        self.routes.push(route);
        self
    }

    /// Adds a menu entry.
    #[must_use]
    pub fn menu(mut self, item: MenuItem) -> Capability {
        self.menu.push(item);
        self
    }

    /// Declares a permission; its title is the text `permission-capability-verb`.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Capability {
        self.permissions.push(permission);
        self
    }

    /// Declares a setting with its default.
    #[must_use]
    pub fn setting(self, name: &'static str, title: Text, default: &'static str) -> Capability {
        self.setting_unless(name, title, default, |_| None)
    }

    /// Declares a setting whose values are refused where `wrong` gives a message code.
    #[must_use]
    pub fn setting_unless(
        mut self,
        name: &'static str,
        title: Text,
        default: &'static str,
        wrong: fn(&str) -> Option<&'static str>,
    ) -> Capability {
        self.settings.push(Setting { name, title, default, wrong, page: None });
        self
    }

    /// Declares a setting that is changed on a page of its own, together with what it must fit.
    #[must_use]
    pub fn setting_on(
        mut self,
        page: &'static str,
        name: &'static str,
        title: Text,
        default: &'static str,
    ) -> Capability {
        self.settings.push(Setting { name, title, default, wrong: |_| None, page: Some(page) });
        self
    }

    /// Adds a step of setting a city up.
    #[must_use]
    pub fn step(mut self, step: Step) -> Capability {
        self.steps.push(step);
        self
    }

    /// Adds the next migration.
    #[must_use]
    pub fn migration(mut self, number: u32, sql: &'static str) -> Capability {
        self.migrations.push(Migration { capability: self.name, number, sql });
        self
    }

    /// Adds a kind of job.
    #[must_use]
    pub fn job(mut self, kind: JobKind) -> Capability {
        self.jobs.push(kind);
        self
    }

    /// Declares a kind of event.
    #[must_use]
    pub fn event(mut self, name: &'static str, title: Text) -> Capability {
        self.events.push(EventKind { name, title });
        self
    }

    /// Its Fluent sources, one per language.
    #[must_use]
    pub fn texts(mut self, texts: &'static [(Lang, &'static str)]) -> Capability {
        self.texts = texts;
        self
    }

    /// Its page of the handbook, in Markdown.
    #[must_use]
    pub fn docs(mut self, docs: &'static str) -> Capability {
        self.docs = docs;
        self
    }
}

impl Step {
    /// A step that is done when this says so; what it asks must be cheap.
    pub fn new<F, Told>(name: &'static str, path: &'static str, order: u16, is_done: F) -> Step
    where
        F: Fn(Arc<Platform>, Ctx) -> Told + Send + Sync + 'static,
        Told: Future<Output = Result<bool>> + Send + 'static,
    {
        let is_done: IsDone = Arc::new(move |platform, ctx| Box::pin(is_done(platform, ctx)));
        Step { name, path, order, optional: false, is_done }
    }

    /// The list may go away without it.
    #[must_use]
    pub fn optional(mut self) -> Step {
        self.optional = true;
        self
    }

    /// Whether it is done.
    pub async fn is_done(&self, platform: &Arc<Platform>, ctx: &Ctx) -> Result<bool> {
        (self.is_done)(Arc::clone(platform), ctx.clone()).await
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Step({})", self.name)
    }
}

impl MenuItem {
    /// An entry for everybody on both faces.
    pub fn new(path: &'static str, title: Text, order: u16) -> MenuItem {
        MenuItem { path, title, faces: Faces::Both, needs: Needs::Open, order, waiting: None }
    }

    /// Only on this face.
    #[must_use]
    pub fn on(mut self, faces: Faces) -> MenuItem {
        self.faces = faces;
        self
    }

    /// Only for whom this permission is given.
    #[must_use]
    pub fn needs(mut self, permission: &'static str) -> MenuItem {
        self.needs = Needs::Permission(permission);
        self
    }

    /// Shows beside its words how many things wait for a signed-in reader.
    #[must_use]
    pub fn counting<F, Counted>(mut self, count: F) -> MenuItem
    where
        F: Fn(Arc<Platform>, Ctx) -> Counted + Send + Sync + 'static,
        Counted: Future<Output = Result<u64>> + Send + 'static,
    {
        self.waiting = Some(Waiting(Arc::new(move |platform, ctx| Box::pin(count(platform, ctx)))));
        self
    }

    /// Only for whoever is signed in.
    #[must_use]
    pub fn signed_in(mut self) -> MenuItem {
        self.needs = Needs::SignedIn;
        self
    }
}

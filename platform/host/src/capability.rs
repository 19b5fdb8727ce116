//! The one value a capability gives: everything it adds to the product, as data. Runs nothing.

use yiwang_access::Permission;
use yiwang_kernel::{Lang, Text};
use yiwang_store::Migration;

use crate::{Faces, JobKind, Needs, Route};

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
}

/// A setting with its default.
#[derive(Debug, Clone)]
pub struct Setting {
    /// `capability.name`.
    pub name: &'static str,
    /// What it sets, for the settings page.
    pub title: Text,
    /// Its value until somebody sets another.
    pub default: &'static str,
}

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
    pub fn setting(mut self, name: &'static str, title: Text, default: &'static str) -> Capability {
        self.settings.push(Setting { name, title, default });
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

impl MenuItem {
    /// An entry for everybody on both faces.
    pub fn new(path: &'static str, title: Text, order: u16) -> MenuItem {
        MenuItem { path, title, faces: Faces::Both, needs: Needs::Open, order }
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

    /// Only for whoever is signed in.
    #[must_use]
    pub fn signed_in(mut self) -> MenuItem {
        self.needs = Needs::SignedIn;
        self
    }
}

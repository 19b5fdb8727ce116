//! One route as data. `get(path, handler)` begins it; permission, audit and docs follow in that order, each a step
//! of its own type, so that a route lacking one does not compile. Serves nothing.

use std::sync::Arc;

use axum::routing::{self, MethodRouter};
use yiwang_kernel::{Face, Text};
use yiwang_web::BODY_BYTES_MAX;

use crate::Platform;

/// What answers: axum's routes over the platform.
pub type Handler = MethodRouter<Arc<Platform>>;

/// Longest an interactive answer may take to begin.
pub const TIMEOUT_S: u64 = 30;

/// A declared route.
#[derive(Debug, Clone)]
pub struct Route {
    /// How it is called.
    pub method: Method,
    /// Address, axum's syntax: `/catalogue/{code}`.
    pub path: &'static str,
    /// On which faces it is served.
    pub faces: Faces,
    /// Who may call it.
    pub needs: Needs,
    /// What is noted of a call.
    pub audit: Audit,
    /// One line of what it does, for `/api` and OpenAPI.
    pub doc: Text,
    /// What may stand in its query or form.
    pub parameters: Vec<Parameter>,
    /// Largest body taken.
    pub body_bytes_max: usize,
    /// Longest until the answer begins.
    pub timeout_s: u64,
    /// What answers.
    pub handler: Handler,
}

/// An HTTP method a route may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; changes nothing.
    Get,
    /// Changes something; forms use only this.
    Post,
    /// Replaces something; API only.
    Put,
    /// Removes something; API only.
    Delete,
}

/// On which faces a route or menu entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faces {
    /// Residents, firms, strangers.
    Public,
    /// Staff.
    Inside,
    /// Everybody.
    Both,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everybody, strangers too.
    Open,
    /// Whoever is signed in.
    SignedIn,
    /// Whom access gives this permission: `capability.verb`.
    Permission(&'static str),
}

/// What is noted of a call, besides the request line every call leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// A privileged act that changes nothing in the store: an entry of this kind in the ledger before the handler runs.
    Act(&'static str),
    /// A decision: its operation asks for the entry in its transaction (`store::decisions`), and the guard sees to it.
    Decision(&'static str),
    /// No entry by the route; why that is right (public list; the gate notes the read itself).
    None {
        /// Why.
        reason: &'static str,
    },
}

/// A named value in a query or form.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub doc: Text,
}

/// A route that still lacks its permission.
#[derive(Debug)]
pub struct WithoutPermission(Route);

/// A route that still lacks its audit.
#[derive(Debug)]
pub struct WithoutAudit(Route);

/// A route that still lacks its docs.
#[derive(Debug)]
pub struct WithoutDoc(Route);

macro_rules! begins {
    ($(#[$doc:meta])* $name:ident, $method:ident) => {
        $(#[$doc])*
        pub fn $name<H, T>(path: &'static str, handler: H) -> WithoutPermission
        where
            H: axum::handler::Handler<T, Arc<Platform>>,
            T: 'static,
        {
            WithoutPermission(Route::bare(Method::$method, path, routing::$name(handler)))
        }
    };
}

begins!(
    /// A route that reads.
    get,
    Get
);
begins!(
    /// A route that changes something.
    post,
    Post
);
begins!(
    /// An API route that replaces something.
    put,
    Put
);
begins!(
    /// An API route that removes something.
    delete,
    Delete
);

impl WithoutPermission {
    /// For everybody.
    pub fn open(self) -> WithoutAudit {
        WithoutAudit(self.0)
    }

    /// For whoever is signed in.
    pub fn signed_in(mut self) -> WithoutAudit {
        self.0.needs = Needs::SignedIn;
        WithoutAudit(self.0)
    }

    /// For whom access gives this permission; served inside only unless `.both()` or `.public()` follows.
    pub fn needs(mut self, permission: &'static str) -> WithoutAudit {
        self.0.needs = Needs::Permission(permission);
        self.0.faces = Faces::Inside;
        WithoutAudit(self.0)
    }
}

impl WithoutAudit {
    /// A decision: its operation asks for the ledger's entry in the transaction that makes it.
    pub fn decides(mut self, kind: &'static str) -> WithoutDoc {
        self.0.audit = Audit::Decision(kind);
        WithoutDoc(self.0)
    }

    /// A privileged act without a decision (a look, a trial): each call is an entry of this kind, before it is tried.
    pub fn audit(mut self, kind: &'static str) -> WithoutDoc {
        self.0.audit = Audit::Act(kind);
        WithoutDoc(self.0)
    }

    /// No entry, and why that is right.
    pub fn audit_none(mut self, reason: &'static str) -> WithoutDoc {
        self.0.audit = Audit::None { reason };
        WithoutDoc(self.0)
    }
}

impl WithoutDoc {
    /// What it does, one line in each language.
    pub fn doc(mut self, zh: &str, en: &str) -> Route {
        self.0.doc = Text::new(zh, en);
        self.0
    }
}

impl Route {
    fn bare(method: Method, path: &'static str, handler: Handler) -> Route {
        Route {
            method,
            path,
            faces: Faces::Both,
            needs: Needs::Open,
            audit: Audit::None { reason: "" },
            doc: Text::default(),
            parameters: Vec::new(),
            body_bytes_max: BODY_BYTES_MAX,
            timeout_s: TIMEOUT_S,
            handler,
        }
    }

    /// Served on the public face only.
    #[must_use]
    pub fn public(mut self) -> Route {
        self.faces = Faces::Public;
        self
    }

    /// Served on the inside face only.
    #[must_use]
    pub fn inside(mut self) -> Route {
        self.faces = Faces::Inside;
        self
    }

    /// Served on both faces.
    #[must_use]
    pub fn both(mut self) -> Route {
        self.faces = Faces::Both;
        self
    }

    /// Takes this value in its query or form.
    #[must_use]
    pub fn takes(mut self, name: &'static str, zh: &str, en: &str) -> Route {
        self.parameters.push(Parameter { name, doc: Text::new(zh, en) });
        self
    }

    /// Takes bodies up to this size (uploads).
    #[must_use]
    pub fn body_max(mut self, bytes: usize) -> Route {
        self.body_bytes_max = bytes;
        self
    }

    /// May take this long until its answer begins.
    #[must_use]
    pub fn timeout(mut self, seconds: u64) -> Route {
        self.timeout_s = seconds;
        self
    }
}

impl Method {
    /// `GET`, `POST` ...
    pub fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

impl Faces {
    /// Whether it is served there.
    pub fn include(self, face: Face) -> bool {
        match self {
            Faces::Both => true,
            Faces::Public => face == Face::Public,
            Faces::Inside => face == Face::Inside,
        }
    }
}

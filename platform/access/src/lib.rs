//! Who may call which operation, by role through Cedar; sessions; rate limits; forgery tokens.
//! Which rows and cells a reader sees is the gate's question; people and passwords belong to `accounts`.

mod limits;
mod permission;
mod policies;
mod sessions;
mod store;

use yiwang_kernel::{Actor, Ctx, Error, Result, Role};

pub use limits::{Limit, RateLimits};
pub use permission::{Duty, Holders, Permission, Reach, usual_reach};
use policies::{Area, Policies};
pub use sessions::{IDLE_S, INSIDE_WHOLE_S, PUBLIC_WHOLE_S, SESSIONS_PER_ACCOUNT_MAX, Session, Sessions, Token};
pub use store::MIGRATIONS;

#[cfg(test)]
mod tests;

/// Whose thing is acted on: one department's, or nobody's in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The department's code; none means the city as a whole, which own-department permissions do not reach.
    pub department: Option<String>,
}

impl Scope {
    /// The city as a whole.
    pub const CITY: Scope = Scope { department: None };

    /// What this department holds.
    pub fn department(code: impl Into<String>) -> Scope {
        Scope { department: Some(code.into()) }
    }
}

/// The answer to "why can't I?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the actor may.
    pub allowed: bool,
    /// Why or why not.
    pub reason: Reason,
    /// The policies that decided, by their `@id`; empty when nothing allows it.
    pub policies: Vec<String>,
    /// Which roles would be allowed here, and how far each reaches.
    pub roles: Vec<(Role, Reach)>,
}

/// Why an actor may or may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A policy allows it.
    Allowed,
    /// Nobody is signed in.
    NotSignedIn,
    /// The account holds two of the three administrator roles and may do nothing.
    TwoAdministrators,
    /// It is another administrator's duty.
    AnothersDuty,
    /// It would be allowed for the actor's own department.
    OtherDepartment,
    /// No role of the account allows it.
    NoRole,
}

impl Reason {
    /// The message id of its text: `reason-...`.
    pub fn text_id(self) -> &'static str {
        match self {
            Reason::Allowed => "reason-allowed",
            Reason::NotSignedIn => "reason-not-signed-in",
            Reason::TwoAdministrators => "reason-two-administrators",
            Reason::AnothersDuty => "reason-anothers-duty",
            Reason::OtherDepartment => "reason-other-department",
            Reason::NoRole => "reason-no-role",
        }
    }
}

/// The one place that answers "may this actor call this operation".
pub struct Access {
    policies: Policies,
}

impl Access {
    /// Validates the policies over these permissions; fails when one is misnamed, doubled, or a policy does not fit.
    pub fn new(permissions: &[Permission]) -> Result<Access> {
        Ok(Access { policies: Policies::new(permissions)? })
    }

    /// Refuses (401 without sign-in, else 403) unless the actor may do this to what `scope` names.
    pub fn check(&self, ctx: &Ctx, permission: &str, scope: &Scope) -> Result<()> {
        self.require(ctx, permission, area(&ctx.actor, scope))
    }

    /// Refuses unless the actor may do this at least to what its own department holds: for routes and menus, which
    /// do not know the department yet. The operation behind must still [`Access::check`] with its scope.
    pub fn check_somewhere(&self, ctx: &Ctx, permission: &str) -> Result<()> {
        let area = if ctx.actor.department().is_some() { Area::OwnDepartment } else { Area::City };
        self.require(ctx, permission, area)
    }

    /// Why the actor may or may not, and which roles would.
    pub fn explain(&self, ctx: &Ctx, permission: &str, scope: &Scope) -> Result<Explanation> {
        let area = area(&ctx.actor, scope);
        let verdict = self.policies.verdict(&ctx.actor, permission, area)?;
        let by = |prefix: &str| verdict.policies.iter().any(|id| id.starts_with(prefix));
        let reason = if verdict.allowed {
            Reason::Allowed
        } else if ctx.actor == Actor::Stranger {
            Reason::NotSignedIn
        } else if by("two-administrators") {
            Reason::TwoAdministrators
        } else if verdict.policies.iter().any(|id| id.contains("-duty-not-for-")) {
            Reason::AnothersDuty
        } else if self.policies.allows(&ctx.actor, permission, Area::OwnDepartment)? {
            Reason::OtherDepartment
        } else {
            Reason::NoRole
        };
        let roles = self.roles(permission)?;
        Ok(Explanation { allowed: verdict.allowed, reason, policies: verdict.policies, roles })
    }

    /// The registered permissions, in order.
    pub fn permissions(&self) -> &[Permission] {
        self.policies.permissions()
    }

    /// The registered permission of this name; not found when there is none.
    pub fn permission(&self, name: &str) -> Result<&Permission> {
        self.policies.permission(name).map_err(|_| Error::not_found("permission-unknown"))
    }

    /// The roles that hold a permission and how far each reaches, as Cedar decides it (not as it was declared).
    pub fn roles(&self, permission: &str) -> Result<Vec<(Role, Reach)>> {
        let mut roles = Vec::new();
        for role in Role::ALL {
            if self.policies.role_allows(role, permission, Area::City)? {
                roles.push((role, Reach::City));
            } else if self.policies.role_allows(role, permission, Area::OwnDepartment)? {
                roles.push((role, Reach::OwnDepartment));
            }
        }
        Ok(roles)
    }

    fn require(&self, ctx: &Ctx, permission: &str, area: Area) -> Result<()> {
        if self.policies.allows(&ctx.actor, permission, area)? {
            return Ok(());
        }
        match ctx.actor {
            Actor::Stranger => Err(Error::Unauthenticated),
            _ => Err(Error::forbidden("not-allowed").with("permission", permission)),
        }
    }
}

fn area(actor: &Actor, scope: &Scope) -> Area {
    match (&scope.department, actor.department()) {
        (None, _) => Area::City,
        (Some(theirs), Some(own)) if theirs == own => Area::OwnDepartment,
        (Some(_), _) => Area::OtherDepartment,
    }
}

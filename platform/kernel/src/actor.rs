//! Who acts: nobody, an account, the operator at the machine, or the platform itself for a named purpose.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Id};

/// Which door of the product the request came through; a route is served on its own face only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Face {
    /// Residents, firms, strangers.
    Public,
    /// Staff.
    Inside,
}

/// What an account is for; permissions hang on roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 系统管理员: settings, channels, backups. One of the three administrators.
    SystemAdmin,
    /// 安全管理员: accounts, roles, keys. One of the three administrators.
    SecurityAdmin,
    /// 审计管理员: reads the ledger. One of the three administrators.
    AuditAdmin,
    /// 数据局: the data bureau's staff.
    Bureau,
    /// 局长: head of the bureau.
    Chief,
    /// 数据专员: a department's data steward.
    Steward,
    /// 首席数据官: answers for a department's data.
    Lead,
    /// 窗口: counter clerk.
    Clerk,
    /// 审批: approver.
    Approver,
    /// 运维: operator of the platform.
    Operator,
    /// 市民: a resident.
    Resident,
    /// 企业: a firm's agent.
    Agent,
}

impl Role {
    /// All roles, in the order pages list them.
    pub const ALL: [Role; 12] = [
        Role::SystemAdmin,
        Role::SecurityAdmin,
        Role::AuditAdmin,
        Role::Bureau,
        Role::Chief,
        Role::Steward,
        Role::Lead,
        Role::Clerk,
        Role::Approver,
        Role::Operator,
        Role::Resident,
        Role::Agent,
    ];

    /// The word in the store, in policies and in settings.
    pub fn word(self) -> &'static str {
        match self {
            Role::SystemAdmin => "system_admin",
            Role::SecurityAdmin => "security_admin",
            Role::AuditAdmin => "audit_admin",
            Role::Bureau => "bureau",
            Role::Chief => "chief",
            Role::Steward => "steward",
            Role::Lead => "lead",
            Role::Clerk => "clerk",
            Role::Approver => "approver",
            Role::Operator => "operator",
            Role::Resident => "resident",
            Role::Agent => "agent",
        }
    }

    /// One of the three administrators, of whom no account may hold two.
    pub fn is_administrator(self) -> bool {
        matches!(self, Role::SystemAdmin | Role::SecurityAdmin | Role::AuditAdmin)
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(word: &str) -> Result<Role, Error> {
        let known = Role::ALL.into_iter().find(|role| role.word() == word);
        known.ok_or_else(|| Error::invalid("role", "role-unknown").with("given", word))
    }
}

/// A signed-in account, as the session knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: Id,
    /// Its sign-in name.
    pub name: String,
    /// The department it works for (its code), for staff.
    pub department: Option<String>,
    /// What it may be.
    pub roles: Vec<Role>,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in: an open-data visitor.
    Stranger,
    /// A signed-in account.
    Account(Account),
    /// The operator at the command line, with the reason given.
    Operator {
        /// Why, in the operator's words.
        reason: String,
    },
    /// The platform itself, for a named system purpose (`profile`, `index`, `demo` ...).
    System(&'static str),
}

impl Actor {
    /// The signed-in account, if there is one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Actor::Account(account) => Some(account),
            Actor::Stranger | Actor::Operator { .. } | Actor::System(_) => None,
        }
    }

    /// The account's department, if it has one.
    pub fn department(&self) -> Option<&str> {
        self.account().and_then(|account| account.department.as_deref())
    }

    /// Whether the account holds this role.
    pub fn is(&self, role: Role) -> bool {
        self.account().is_some_and(|account| account.roles.contains(&role))
    }
}

/// How the ledger and audit lines name the actor: `stranger`, `account:<id>`, `operator`, `system:<purpose>`.
impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Stranger => out.write_str("stranger"),
            Actor::Account(account) => write!(out, "account:{}", account.id),
            Actor::Operator { .. } => out.write_str("operator"),
            Actor::System(purpose) => write!(out, "system:{purpose}"),
        }
    }
}

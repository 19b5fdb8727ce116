//! Permissions as capabilities register them: a name, who holds it, how far it reaches, whose duty it is.
//! Decides nothing; `policies` asks Cedar.

use yiwang_kernel::Role;

/// How far a role's permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The whole city.
    City,
    /// Only where the actor's own department is concerned.
    OwnDepartment,
}

/// Which of the three administrators a permission belongs to, if any; the other two are refused it whatever they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// The city's work: none of the three.
    City,
    /// Settings, channels, backups.
    System,
    /// Accounts, roles, keys.
    Security,
    /// Reading what was done.
    Audit,
}

/// Who holds a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Everybody, strangers too.
    Anyone,
    /// Every signed-in account.
    Accounts,
    /// These roles, each with its usual reach (see [`usual_reach`]).
    Usual(&'static [Role]),
    /// These roles, each with the reach given here.
    Roles(&'static [(Role, Reach)]),
}

/// One permission, named `capability.verb`; its title is the text `permission-capability-verb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// `capability.verb`, such as `catalogue.publish`.
    pub name: &'static str,
    /// Who holds it.
    pub holders: Holders,
    /// Whose duty it is.
    pub duty: Duty,
}

/// How far a role reaches unless its permission says otherwise: who works for one department reaches that one.
pub fn usual_reach(role: Role) -> Reach {
    match role {
        Role::Steward | Role::Lead | Role::Clerk | Role::Approver => Reach::OwnDepartment,
        Role::SystemAdmin
        | Role::SecurityAdmin
        | Role::AuditAdmin
        | Role::Bureau
        | Role::Chief
        | Role::Operator
        | Role::Resident
        | Role::Agent => Reach::City,
    }
}

impl Permission {
    /// A permission for the city's work, held by these roles with their usual reach (see [`usual_reach`]).
    pub const fn usual(name: &'static str, roles: &'static [Role]) -> Permission {
        Permission { name, holders: Holders::Usual(roles), duty: Duty::City }
    }

    /// A permission for the city's work, held by these roles.
    pub const fn roles(name: &'static str, roles: &'static [(Role, Reach)]) -> Permission {
        Permission { name, holders: Holders::Roles(roles), duty: Duty::City }
    }

    /// A permission that everybody holds, strangers too.
    pub const fn anyone(name: &'static str) -> Permission {
        Permission { name, holders: Holders::Anyone, duty: Duty::City }
    }

    /// A permission that every signed-in account holds.
    pub const fn accounts(name: &'static str) -> Permission {
        Permission { name, holders: Holders::Accounts, duty: Duty::City }
    }

    /// The same permission as a duty of one of the three administrators.
    #[must_use]
    pub const fn duty(self, duty: Duty) -> Permission {
        Permission { duty, ..self }
    }

    /// The message id of its title: `permission-capability-verb`.
    pub fn title_id(&self) -> String {
        format!("permission-{}", self.name.replace(['.', '_'], "-"))
    }

    /// The Cedar action groups it belongs to.
    pub(crate) fn groups(&self) -> Vec<String> {
        let mut groups: Vec<String> = match self.holders {
            Holders::Anyone => vec!["by_anyone".to_owned()],
            Holders::Accounts => vec!["by_account".to_owned()],
            Holders::Usual(roles) => roles.iter().map(|role| group(*role, usual_reach(*role))).collect(),
            Holders::Roles(roles) => roles.iter().map(|(role, reach)| group(*role, *reach)).collect(),
        };
        let duty = match self.duty {
            Duty::City => None,
            Duty::System => Some("system_duty"),
            Duty::Security => Some("security_duty"),
            Duty::Audit => Some("audit_duty"),
        };
        groups.extend(duty.map(str::to_owned));
        groups
    }

    /// Whether the name is `capability.verb` in lower-case ASCII.
    pub(crate) fn is_well_named(&self) -> bool {
        let word = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
        };
        self.name.split_once('.').is_some_and(|(capability, verb)| word(capability) && word(verb))
    }
}

fn group(role: Role, reach: Reach) -> String {
    match reach {
        Reach::City => format!("by_{}", role.word()),
        Reach::OwnDepartment => format!("by_{}_in_own_department", role.word()),
    }
}

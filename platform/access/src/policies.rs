//! Asks Cedar: the policies of `policies/*.cedar`, the schema with one action per registered permission, decisions
//! cached. Deny by default. What reaches Cedar of a department is only whether it is the actor's own, so a decision
//! depends on nothing but actor kind, roles, permission and area, and the cache is exact.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request, Schema,
    ValidationMode, Validator,
};
use yiwang_kernel::{Actor, Error, Result, Role};

use crate::permission::Permission;

const SCHEMA: &str = include_str!("../policies/schema.cedarschema");
const ROLES: &str = include_str!("../policies/roles.cedar");
const ADMINISTRATORS: &str = include_str!("../policies/administrators.cedar");

/// What every permission applies to.
const APPLIES: &str = "principal: [Account, Stranger, Console, Platform], resource: Area";

/// Decisions kept at most; kinds, role sets, permissions and areas in use stay far below.
const DECISIONS_MAX: usize = 65_536;

/// What is acted on, as seen from the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Area {
    /// No single department.
    City,
    /// The actor's own department.
    OwnDepartment,
    /// Another department.
    OtherDepartment,
}

/// A decision and the ids of the policies that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) policies: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Stranger,
    Account,
    Console,
    Platform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question {
    kind: Kind,
    roles: u16,
    permission: usize,
    area: Area,
}

/// The validated policies over the registered permissions.
pub(crate) struct Policies {
    permissions: Vec<Permission>,
    positions: HashMap<&'static str, usize>,
    schema: Schema,
    policies: PolicySet,
    decisions: RwLock<HashMap<Question, bool>>,
}

impl Policies {
    /// Builds the schema for these permissions and validates the policies strictly against it.
    pub(crate) fn new(permissions: &[Permission]) -> Result<Policies> {
        let mut positions = HashMap::new();
        for (position, permission) in permissions.iter().enumerate() {
            if !permission.is_well_named() {
                return Err(Error::broken(format!("permission {} is not named capability.verb", permission.name)));
            }
            if positions.insert(permission.name, position).is_some() {
                return Err(Error::broken(format!("permission {} is registered twice", permission.name)));
            }
        }
        let schema = schema(permissions)?;
        let text = format!("{ROLES}\n{ADMINISTRATORS}");
        let parsed = PolicySet::from_str(&text).map_err(|error| Error::internal("read the policies", error))?;
        let result = Validator::new(schema.clone()).validate(&parsed, ValidationMode::Strict);
        if let Some(error) = result.validation_errors().next() {
            return Err(Error::broken(format!("a policy does not fit the schema: {error}")));
        }
        let decisions = RwLock::new(HashMap::new());
        Ok(Policies { permissions: permissions.to_vec(), positions, schema, policies: parsed, decisions })
    }

    /// The registered permissions, in order.
    pub(crate) fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// The registered permission of this name; an unknown name is a fault of ours, and refused.
    pub(crate) fn permission(&self, name: &str) -> Result<&Permission> {
        Ok(&self.permissions[self.position(name)?])
    }

    /// Whether the actor may, from the cache or from Cedar.
    pub(crate) fn allows(&self, actor: &Actor, permission: &str, area: Area) -> Result<bool> {
        let question = self.question(actor, permission, area)?;
        let known = self.decisions.read().unwrap_or_else(PoisonError::into_inner).get(&question).copied();
        if let Some(allowed) = known {
            return Ok(allowed);
        }
        let allowed = self.ask(question)?.allowed;
        let mut decisions = self.decisions.write().unwrap_or_else(PoisonError::into_inner);
        if decisions.len() >= DECISIONS_MAX {
            decisions.clear();
        }
        decisions.insert(question, allowed);
        Ok(allowed)
    }

    /// The decision with the policies behind it, never cached: for explanations.
    pub(crate) fn verdict(&self, actor: &Actor, permission: &str, area: Area) -> Result<Verdict> {
        self.ask(self.question(actor, permission, area)?)
    }

    /// Whether an account with only this role may.
    pub(crate) fn role_allows(&self, role: Role, permission: &str, area: Area) -> Result<bool> {
        let question = Question { kind: Kind::Account, roles: bit(role), permission: self.position(permission)?, area };
        Ok(self.ask(question)?.allowed)
    }

    fn position(&self, name: &str) -> Result<usize> {
        let position = self.positions.get(name).copied();
        position.ok_or_else(|| Error::broken(format!("permission {name} is not registered")))
    }

    fn question(&self, actor: &Actor, permission: &str, area: Area) -> Result<Question> {
        let permission = self.position(permission)?;
        let (kind, roles) = match actor {
            Actor::Stranger => (Kind::Stranger, 0),
            Actor::Account(account) => (Kind::Account, account.roles.iter().fold(0, |mask, role| mask | bit(*role))),
            Actor::Operator { .. } => (Kind::Console, 0),
            Actor::System(_) => (Kind::Platform, 0),
        };
        Ok(Question { kind, roles, permission, area })
    }

    fn ask(&self, question: Question) -> Result<Verdict> {
        let entity_type = match question.kind {
            Kind::Stranger => "Stranger",
            Kind::Account => "Account",
            Kind::Console => "Console",
            Kind::Platform => "Platform",
        };
        let held = Role::ALL.into_iter().filter(|role| question.roles & bit(*role) != 0);
        let parents = held.map(|role| uid("Role", role.word())).collect::<Result<HashSet<_>>>()?;
        let principal = uid(entity_type, "actor")?;
        let entity = Entity::new_no_attrs(principal.clone(), parents);
        let broken = |error: &dyn std::fmt::Display| Error::broken(format!("ask the policies: {error}"));
        let entities = Entities::from_entities([entity], Some(&self.schema)).map_err(|error| broken(&error))?;
        let area = match question.area {
            Area::City => "city",
            Area::OwnDepartment => "own_department",
            Area::OtherDepartment => "other_department",
        };
        let action = uid("Action", self.permissions[question.permission].name)?;
        let request = Request::new(principal, action, uid("Area", area)?, Context::empty(), Some(&self.schema))
            .map_err(|error| broken(&error))?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(broken(error));
        }
        let named = |id| self.policies.annotation(id, "id").unwrap_or_default().to_owned();
        let mut policies: Vec<String> = response.diagnostics().reason().map(named).collect();
        policies.sort();
        Ok(Verdict { allowed: response.decision() == Decision::Allow, policies })
    }
}

fn schema(permissions: &[Permission]) -> Result<Schema> {
    let mut text = SCHEMA.to_owned();
    for permission in permissions {
        let groups: Vec<String> = permission.groups().iter().map(|group| format!("{group:?}")).collect();
        text.push_str(&format!(
            "action \"{}\" in [{}] appliesTo {{ {APPLIES} }};\n",
            permission.name,
            groups.join(", "),
        ));
    }
    let (schema, _) =
        Schema::from_cedarschema_str(&text).map_err(|error| Error::internal("read the policy schema", error))?;
    Ok(schema)
}

fn uid(entity_type: &str, id: &str) -> Result<EntityUid> {
    let name = EntityTypeName::from_str(entity_type)
        .map_err(|error| Error::internal(format!("name the entity type {entity_type}"), error))?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn bit(role: Role) -> u16 {
    1 << (role as u16)
}

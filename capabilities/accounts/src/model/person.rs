//! People with accounts: names, passwords, roles that may stand together, the states an account goes through.

use std::fmt;
use std::str::FromStr;

use yiwang_kernel::{Actor, CivilDate, Error, Id, Instant, Result, Role};

/// Characters of a password at least.
const PASSWORD_CHARS_MIN: usize = 10;
const PASSWORD_CHARS_MAX: usize = 200;
const DISPLAY_CHARS_MAX: usize = 60;
/// How long wrong tries shut a name.
pub(crate) const LOCK_S: i64 = 15 * 60;

/// Passwords everybody tries first; compared without case.
const COMMON: [&str; 12] = [
    "1234567890",
    "0123456789",
    "12345678910",
    "password123",
    "password1234",
    "qwertyuiop",
    "qwerty12345",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "abcdefghij",
    "woaini1314",
    "iloveyou123",
];

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Made; its link has not been used.
    Invited,
    /// In use.
    Active,
    /// Shut by the security administrator until opened.
    Locked,
    /// The person left; kept for the record.
    Left,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its id.
    pub id: Id,
    /// The sign-in name.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// The department's code.
    pub department: Option<String>,
    /// The post.
    pub post: Option<Id>,
    /// Roles held, without those lent by stand-ins.
    pub roles: Vec<Role>,
    /// Where the account stands.
    pub state: State,
    /// Until when wrong passwords have shut it, be that past or to come.
    pub locked_until: Option<Instant>,
    /// Since when.
    pub created: Instant,
    /// Whether a second step is asked for at sign-in.
    pub second_step: bool,
}

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NewPerson {
    /// The sign-in name.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// The department's code.
    pub department: Option<String>,
    /// Roles, by their words.
    pub roles: Vec<String>,
}

/// A one-use link as its maker passes it on; shown once, never kept. Has no `Debug`, so that no log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The secret in `/activate?link=...`.
    pub token: String,
    /// When it ends.
    pub ends: Instant,
}

/// Somebody acting for another for some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Its id.
    pub id: Id,
    /// Who is away, by sign-in name.
    pub person: String,
    /// Who acts, by sign-in name.
    pub stand_in: String,
    /// First day.
    pub first_day: CivilDate,
    /// Last day.
    pub last_day: CivilDate,
    /// Ended before its last day.
    pub ended: Option<Instant>,
}

/// A privileged act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its id.
    pub id: Id,
    /// When.
    pub at: Instant,
    /// Who, as [`Actor`] names it.
    pub actor: String,
    /// What: `accounts.granted` ...
    pub kind: String,
    /// On whose account, by sign-in name.
    pub person: Option<String>,
    /// On which department.
    pub department: Option<String>,
    /// Codes, roles, dates; nothing personal.
    pub detail: String,
}

impl State {
    /// All, in the order pages list them.
    pub const ALL: [State; 4] = [State::Invited, State::Active, State::Locked, State::Left];

    /// The word in the store and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            State::Invited => "invited",
            State::Active => "active",
            State::Locked => "locked",
            State::Left => "left",
        }
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(word: &str) -> Result<State> {
        let known = State::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| Error::invalid("state", "accounts-state-unknown"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Link until {}", self.ends)
    }
}

impl Person {
    /// Where the account stands now, a lock by wrong passwords included.
    pub fn state_at(&self, now: Instant) -> State {
        if is_shut(self.locked_until, now) && self.state == State::Active { State::Locked } else { self.state }
    }

    /// Whether this is the actor's own account.
    pub fn is_actor(&self, actor: &Actor) -> bool {
        actor.account().is_some_and(|account| account.id == self.id)
    }
}

/// Whether a name that wrong tries shut until then is shut now. A lock that ends later than one set now would was set
/// while the clock was ahead, and is over.
pub(crate) fn is_shut(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|until| now < until && until <= now.plus_s(LOCK_S))
}

impl NewPerson {
    /// The roles as roles; an unknown word is refused.
    pub fn parsed_roles(&self) -> Result<Vec<Role>> {
        self.roles.iter().map(|word| word.parse()).collect::<Result<Vec<Role>>>().map_err(|error| match error {
            Error::Invalid { detail, .. } => Error::Invalid { field: "roles".to_owned(), detail },
            other => other,
        })
    }
}

/// Refuses roles of which one account may not hold all, or that need a department when there is none.
pub(crate) fn check_roles(roles: &[Role], department: Option<&str>) -> Result<()> {
    if roles.iter().filter(|role| role.is_administrator()).count() > 1 {
        return Err(Error::invalid("roles", "accounts-two-administrators"));
    }
    if roles.iter().enumerate().any(|(place, role)| roles[..place].contains(role)) {
        return Err(Error::invalid("roles", "accounts-role-twice"));
    }
    let outside = |role: &Role| matches!(role, Role::Resident | Role::Agent);
    if roles.iter().any(outside) && !roles.iter().all(outside) {
        return Err(Error::invalid("roles", "accounts-staff-and-resident"));
    }
    if department.is_none() && roles.iter().any(|role| needs_department(*role)) {
        return Err(Error::invalid("department", "accounts-role-needs-department"));
    }
    Ok(())
}

/// Whether a role works for one department.
pub(crate) fn needs_department(role: Role) -> bool {
    matches!(role, Role::Steward | Role::Lead | Role::Clerk | Role::Approver)
}

/// Refuses a sign-in name that is not 2 to 64 of `a-z 0-9 . _ -`, beginning with a letter.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    let fits = (2..=64).contains(&name.len()) && begins && name.bytes().all(allowed);
    if fits { Ok(()) } else { Err(Error::invalid("name", "accounts-name-format")) }
}

/// Refuses an empty person's name or one longer than 60 characters.
pub(crate) fn check_display(display: &str) -> Result<()> {
    let chars = display.trim().chars().count();
    let fits = (1..=DISPLAY_CHARS_MAX).contains(&chars) && !display.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Error::invalid("display", "accounts-display-format")) }
}

/// Refuses a password that is short, long, common, of few different characters, or the name itself.
pub(crate) fn check_password(name: &str, password: &str) -> Result<()> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        return Err(Error::invalid("password", "accounts-password-short").with("least", PASSWORD_CHARS_MIN));
    }
    if chars > PASSWORD_CHARS_MAX {
        return Err(Error::invalid("password", "accounts-password-long").with("most", PASSWORD_CHARS_MAX));
    }
    let lower = password.to_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 5 || COMMON.contains(&lower.as_str()) || lower.contains(name) {
        return Err(Error::invalid("password", "accounts-password-weak"));
    }
    Ok(())
}

/// What searches compare: lower case, name and person's name together.
pub(crate) fn folded(name: &str, display: &str) -> String {
    format!("{name} {}", display.trim().to_lowercase())
}

/// By what wrong tries of a name are counted: what was typed is not kept.
pub(crate) fn name_hash(name: &str) -> [u8; 32] {
    yiwang_seal::sha256(format!("yiwang sign-in name {name}").as_bytes())
}

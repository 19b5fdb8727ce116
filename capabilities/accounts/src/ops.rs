//! What can be done with departments, people and sign-in: every rule and permission check is here, pages and the
//! command line call these alone.

mod departments;
mod imports;
mod people;
mod rights;
mod second_step;
mod set_up;
mod sign_in;
mod stand_ins;

pub use departments::{
    DepartmentRecord, close_post, create_department, create_post, department, department_of, departments, merge,
    rename, split,
};
pub use imports::{Checked, CheckedRow, apply_import, check_import};
pub use people::{
    Invited, PeopleFilter, acts, create_account, find_account, give_address, hand_over, holders, invite, invite_again,
    leave, lock, move_to, people, person, set_roles, unlock,
};
pub use rights::{MatrixRow, Why, end_session, end_sessions, matrix, sessions, why};
pub use second_step::{Enrolment, confirm, enrol, recovery_left, turn_off, turn_off_of};
pub use set_up::{
    DemoAccount, DemoSwitch, Founder, NewAdministrator, check_administrators, demo_accounts, demo_asks_phrase,
    demo_roles, demo_switch, has_departments, has_people, reset_password, set_up_administrators, share_demo,
};
pub use sign_in::{Attempt, SignedIn, Step, activate, activation, change_password, second_step, sign_in, sign_out};
pub use stand_ins::{end_stand_in, name_stand_in, stand_ins};

use yiwang_access::{Duty, Permission, Reach};
use yiwang_kernel::Role;

/// See people and their roles.
pub const READ: &str = "accounts.read";
/// Make, move and close accounts, give and take roles, open and shut them.
pub const MANAGE: &str = "accounts.manage";
/// Make and change departments and posts.
pub const REORGANISE: &str = "accounts.reorganise";
/// See who may do what.
pub const MATRIX: &str = "accounts.matrix";
/// Read privileged acts.
pub const ACTS: &str = "accounts.acts";
/// Mind the own account: password, second step, stand-in, sessions, why.
pub const OWN: &str = "accounts.own";
/// Read the list of departments.
pub const DEPARTMENTS: &str = "accounts.departments";

/// The permissions of this capability.
pub const PERMISSIONS: [Permission; 7] = [
    Permission::roles(
        READ,
        &[
            (Role::SecurityAdmin, Reach::City),
            (Role::AuditAdmin, Reach::City),
            (Role::Bureau, Reach::City),
            (Role::Chief, Reach::City),
            (Role::Lead, Reach::OwnDepartment),
            (Role::Steward, Reach::OwnDepartment),
        ],
    ),
    Permission::roles(MANAGE, &[(Role::SecurityAdmin, Reach::City)]).duty(Duty::Security),
    Permission::roles(REORGANISE, &[(Role::Bureau, Reach::City)]),
    Permission::roles(
        MATRIX,
        &[
            (Role::SecurityAdmin, Reach::City),
            (Role::AuditAdmin, Reach::City),
            (Role::Bureau, Reach::City),
            (Role::Chief, Reach::City),
        ],
    ),
    Permission::roles(ACTS, &[(Role::AuditAdmin, Reach::City)]).duty(Duty::Audit),
    Permission::accounts(OWN),
    Permission::anyone(DEPARTMENTS),
];

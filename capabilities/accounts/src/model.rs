//! Departments, people and what they may be, without any IO: the rules that hold wherever they come from.

mod department;
mod import;
mod person;

pub use department::{Department, NamePeriod, NewDepartment, Post, Reorganisation, Succession};
pub use import::ImportRow;
pub use person::{Act, Link, NewPerson, Person, StandIn, State};

pub(crate) use department::check_code;
pub(crate) use import::read_rows;
pub(crate) use person::{LOCK_S, check_display, check_name, check_password, check_roles, folded, is_shut, name_hash};

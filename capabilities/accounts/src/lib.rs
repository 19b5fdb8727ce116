//! Departments, posts, people and their accounts; signing in; who may do what. Decides no permission itself (`access`
//! does) and knows nothing of data: what a reader sees of a row is the gate's question.
//!
//! Other capabilities ask [`ops::departments`], [`ops::department`], [`ops::department_of`] and [`ops::find_account`],
//! and may follow the events `accounts.department_*` and `accounts.handed_over`.

mod model;
mod pages;
mod routes;
mod store;

pub mod ops;

pub use model::{
    Act, Department, ImportRow, Link, NamePeriod, NewDepartment, NewPerson, Person, Post, Reorganisation, StandIn,
    State, Succession,
};
pub use routes::capability;

#[cfg(test)]
mod tests;

//! SQL for the tables `accounts_*`; rows to the model and back. Checks no rule but those the tables hold.

pub(crate) mod acts;
pub(crate) mod departments;
pub(crate) mod links;
pub(crate) mod people;
pub(crate) mod secrets;
pub(crate) mod stand_ins;

//! The whole platform in process for tests: a throw-away database and directory, the real ledger, gate and lake, the
//! router of the capabilities under test. For dev-dependencies alone; knows no capability and fills no table.

mod city;
mod reply;

pub use city::{City, Plan};
pub use reply::Reply;

//! The identifiers and codes of Chinese administration: parsing, check digits, regions, samples in unused ranges.
//! Pure and without dependencies; knows no person and no place where a code is used.

mod check;
mod kind;

pub mod bank;
pub mod catalogue;
pub mod citizen;
pub mod contact;
pub mod credit;
pub mod permit;
pub mod regions;

pub use check::{BirthDate, Fault};
pub use kind::{Kind, Kinds, kinds, recognise};

#[cfg(test)]
mod tests;

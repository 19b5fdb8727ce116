//! Messages: what accounts are told, in the product, by mail and by signed calls; and the one HTTP client. Knows no
//! capability: each sends its own, in the transaction that makes what it tells of. Decides nothing about events.
//!
//! ```text
//! let message = Message {
//!     class: Class::new("collect.load"),
//!     event: format!("collect.load/{load}/loaded"),     // told once, however often the transaction runs
//!     department: Some(report.department.clone()),      // whose hooks are called
//!     title: Words::new("collect-message-loaded").plain("resource", code).number("rows", rows),
//!     body: None,
//!     path: format!("/loads/{load}"),
//! };
//! yiwang_messages::send(tx, ctx, &recipients, &message).await?;
//! ```
//! Title and link leave the product, so they hold no personal data and no secret. A link that is a secret goes by
//! [`Letter`], to an address the account's manager gave, and nowhere else.

pub mod http;
mod jobs;
mod mail;
mod model;
mod ops;
mod pages;
mod routes;
mod signing;
mod store;

pub use model::{
    Arg, Channel, Class, Delivery, DeliveryState, Hook, Kept, MailChoice, Message, Person, RECIPIENTS_MAX, Words,
};
pub use ops::{Address, Letter, forget, send, send_letter, set_address, tell};
pub use routes::capability;

#[cfg(test)]
mod tests;

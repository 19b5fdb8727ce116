//! What is done with messages. Every rule and permission check stands here. Other capabilities call what `lib` names,
//! in their own transaction.

mod channels;
mod deliveries;
mod hooks;
mod inbox;
mod people;
mod sending;

use yiwang_access::{Duty, Permission};
use yiwang_host::Platform;
use yiwang_kernel::{Actor, Error, Id, Result, Role};
use yiwang_seal::DataKey;

pub(crate) use channels::{Channels, channels, set_channels, trial};
pub(crate) use deliveries::{deliveries, press};
pub(crate) use hooks::{Registered, hook, hooks, register, remove_hook, renew_secret, trial_call};
pub(crate) use inbox::{list, mark_read, unread};
pub use people::{Address, forget, set_address};
pub(crate) use people::{own, set_own};
pub(crate) use sending::{LINK, order};
pub use sending::{Letter, send, send_letter, tell};

/// The permission to set channels up and to see what left the product.
pub(crate) const OPERATE: &str = "messages.operate";
/// The permission to register addresses that are called.
pub(crate) const HOOKS: &str = "messages.hooks";

/// Both permissions.
pub(crate) const PERMISSIONS: [Permission; 2] = [
    Permission::usual(OPERATE, &[Role::SystemAdmin, Role::Operator]).duty(Duty::System),
    Permission::usual(HOOKS, &[Role::Steward, Role::Lead, Role::Bureau, Role::Operator]),
];

/// The key of everything this crate seals. Not inside a transaction.
pub(crate) async fn key(platform: &Platform) -> Result<DataKey> {
    platform.vault.key("messages").await
}

/// The address of the site, without a slash at its end; empty when nobody set it.
pub(crate) fn site(platform: &Platform) -> Result<String> {
    Ok(platform.settings.get("host.address")?.trim().trim_end_matches('/').to_owned())
}

/// The account that acts.
fn account(actor: &Actor) -> Result<Id> {
    actor.account().map(|account| account.id).ok_or(Error::Unauthenticated)
}

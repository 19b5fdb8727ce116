//! How accounts want to hear. The person sets it; whoever manages accounts gives the first address.

use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Id, Lang, Result};
use yiwang_store::{Sealed, Tx};

use super::{account, key};
use crate::model::{GivenBy, check_address};
use crate::{MailChoice, Person, store};

/// A checked and sealed mail address; made outside a transaction, because its key may have to be.
pub struct Address(Sealed);

impl Address {
    /// Checks and seals an address; a wrong one is refused naming the field.
    pub async fn new(platform: &Platform, field: &str, given: &str) -> Result<Address> {
        let address = check_address(field, given)?;
        Ok(Address(store::people::sealed(&key(platform).await?, &address)))
    }
}

/// Gives an account its address, in the transaction of whoever manages accounts. What the person chose stays; the
/// language counts where nothing was chosen yet.
pub async fn set_address(tx: &mut Tx<'_>, account: Id, address: &Address, lang: Lang) -> Result<()> {
    let person = Person { given_by: GivenBy::Manager, lang, ..Person::unknown(account) };
    store::people::give(tx, &person, &address.0).await
}

/// Forgets an account that is closed: its messages, its address, and mail still on its way.
pub async fn forget(tx: &mut Tx<'_>, ctx: &Ctx, account: Id) -> Result<()> {
    store::inbox::forget(tx, account).await?;
    store::people::forget(tx, account).await?;
    store::deliveries::drop_to(tx, account, ctx.now()).await
}

/// How the actor wants to hear.
pub(crate) async fn own(platform: &Platform, ctx: &Ctx) -> Result<Person> {
    let account = account(&ctx.actor)?;
    let found = store::people::find(&platform.db, &key(platform).await?, account).await?;
    Ok(found.unwrap_or_else(|| Person::unknown(account)))
}

/// 消息设置: how the actor wants to hear from now on. An empty address takes it away.
pub(crate) async fn set_own(platform: &Platform, ctx: &Ctx, address: &str, lang: Lang, mail: MailChoice) -> Result<()> {
    let before = own(platform, ctx).await?;
    let address = match address.trim() {
        "" => None,
        given => Some(check_address("address", given)?),
    };
    // An address the manager gave stays theirs while it is left as it is.
    let given_by = if address == before.address { before.given_by } else { GivenBy::Own };
    let sealed = match &address {
        Some(address) => Some(store::people::sealed(&key(platform).await?, address)),
        None => None,
    };
    let person = &Person { account: before.account, address, lang, mail, given_by };
    let sealed = sealed.as_ref();
    platform.db.tx(|tx| Box::pin(store::people::put(tx, person, sealed))).await
}

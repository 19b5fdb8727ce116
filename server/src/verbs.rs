//! One function per verb of the command line. Each opens what it needs, calls the operation pages call too, prints.

mod admin;
mod bench;
mod doctor;
mod init;
mod load;
mod query;
mod serve;
mod verify;

use anyhow::Result;
use yiwang_accounts::Link;

use crate::cli::{Cli, Verb};
use crate::demo;

pub(crate) use serve::{refuse_strangers, serve_city};

/// The address that opens an account.
fn activation(link: &Link) -> String {
    format!("/activate?link={}", link.token)
}

/// Runs the verb.
pub(crate) async fn run(cli: &Cli) -> Result<()> {
    let shared = &cli.shared;
    match &cli.verb {
        Verb::Demo(options) => Box::pin(demo::demo(shared, options)).await,
        Verb::Init(options) => init::init(shared, options).await,
        Verb::Serve(options) => serve::serve(shared, &options.listen).await,
        Verb::Load(options) => Box::pin(load::load(shared, options)).await,
        Verb::Resources => query::resources(shared).await,
        Verb::Query(options) => query::query(shared, options).await,
        Verb::Verify(options) => verify::verify(shared, options),
        Verb::Doctor => doctor::doctor(shared).await,
        Verb::Bench(what) => Box::pin(bench::bench(shared, what)).await,
        Verb::Admin(options) => admin::admin(shared, options).await,
    }
}

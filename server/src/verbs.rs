//! One function per verb of the command line. Each opens what it needs, calls the operation pages call too, prints.

mod admin;
mod backup;
mod bench;
mod doctor;
mod init;
mod load;
mod query;
mod rebuild;
mod restore;
mod serve;
mod upgrade;
mod verify;
mod witness;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use yiwang_accounts::Link;
use yiwang_kernel::Error;

use crate::assemble::City;
use crate::cli::{Cli, Shared, Verb};
use crate::{demo, output, owner};

pub(crate) use serve::{refuse_strangers, serve_city, stopped};

/// Longer words are no path.
const PATH_BYTES_MAX: usize = 4096;
/// Bytes read of a file given in the place of a text.
const TEXT_BYTES_MAX: u64 = 1 << 16;

/// The address that opens an account.
pub(crate) fn activation(link: &Link) -> String {
    format!("/activate?link={}", link.token)
}

/// Runs the verb; its exit code.
pub(crate) async fn run(cli: Cli) -> Result<u8> {
    let Cli { shared, verb } = cli;
    let done = match &verb {
        Verb::Demo(options) => Box::pin(demo::demo(&shared, options)).await,
        Verb::Init(options) => init::init(&shared, options).await,
        Verb::Serve(options) => serve::serve(&shared, &options.listen).await,
        Verb::Bench(what) => Box::pin(bench::bench(&shared, what)).await,
        Verb::Restore(options) => Box::pin(restore::restore(&shared, options)).await,
        Verb::Upgrade(_) => upgrade::check(&shared).await,
        Verb::Witness(options) => witness::witness(&shared, options).await,
        _ => return Box::pin(here_or_there(&shared, verb)).await,
    };
    done.map(|()| output::DONE)
}

/// Runs a verb over the city: asked of the process that owns the directory, or here if none does.
async fn here_or_there(shared: &Shared, verb: Verb) -> Result<u8> {
    let verb = settled(verb)?;
    if let Verb::Verify(options) = &verb
        && options.backup.is_some()
    {
        verify::verify(shared, options)?;
        return Ok(output::DONE);
    }
    if let Some(owner) = owner::find(shared).await? {
        return owner.ask(shared, verb).await;
    }
    match &verb {
        Verb::Verify(options) => {
            verify::verify(shared, options)?;
            return Ok(output::DONE);
        }
        Verb::Rebuild(options) => rebuild::throw_away(shared, options)?,
        _ => {}
    }
    let city = City::open(shared).await?;
    let done = act(shared, &city, &verb).await;
    city.close().await;
    done.map(|()| output::DONE)
}

/// Runs a verb over an opened city, in whichever process that is. Prints through `output` alone.
pub(crate) async fn act(shared: &Shared, city: &City, verb: &Verb) -> Result<()> {
    match verb {
        Verb::Load(options) => Box::pin(load::load(shared, city, options)).await,
        Verb::Resources => query::resources(shared, city).await,
        Verb::Query(options) => query::query(shared, city, options).await,
        Verb::Verify(options) => verify::verify_live(shared, city, options).await,
        Verb::Backup(options) => Box::pin(backup::backup(shared, city, options)).await,
        Verb::Rebuild(options) => Box::pin(rebuild::rebuild(shared, city, options)).await,
        Verb::Doctor => doctor::doctor(shared, city).await,
        Verb::Admin(options) => admin::admin(shared, city, options).await,
        Verb::Demo(_)
        | Verb::Init(_)
        | Verb::Serve(_)
        | Verb::Bench(_)
        | Verb::Restore(_)
        | Verb::Upgrade(_)
        | Verb::Witness(_) => Err(Error::refused("owner-verb-alone").into()),
    }
}

/// The verb as it means the same in another process: paths whole, texts in the place of files.
fn settled(mut verb: Verb) -> Result<Verb> {
    let whole = |path: &mut PathBuf| -> Result<()> {
        *path = std::path::absolute(&path).map_err(|error| Error::internal("finding a place", error))?;
        Ok(())
    };
    match &mut verb {
        Verb::Backup(options) => whole(&mut options.to)?,
        Verb::Verify(options) => {
            options.tamper_copy.iter_mut().try_for_each(whole)?;
            for given in options.head.iter_mut().chain(&mut options.key).chain(&mut options.witness) {
                *given = file_or_text(given)?;
            }
        }
        _ => {}
    }
    Ok(verb)
}

/// What stands in the file of this name, or the words themselves where there is no such file.
fn file_or_text(given: &str) -> Result<String> {
    let path = Path::new(given);
    if given.len() < PATH_BYTES_MAX && path.is_file() {
        let unreadable = |error| Error::invalid("path", "file-unreadable").with("path", given).with("reason", error);
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        file.take(TEXT_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
        return Ok(text);
    }
    // A shell drops the line end that belongs to a head.
    Ok(if given.ends_with('\n') { given.to_owned() } else { format!("{given}\n") })
}

//! From an empty directory to a city: what `init` and the set-up page both call. All of it or nothing: the directory's
//! mark is written last, and a failure before it leaves directory and store as empty as they were.

mod pages;
mod room;

use std::path::Path;

use anyhow::Result;
use yiwang_accounts::NewDepartment;
use yiwang_accounts::ops::{Founder, NewAdministrator, check_administrators, create_department, set_up_administrators};
use yiwang_kernel::{Actor, Ctx, Error, Text};
use yiwang_store::Vacant;

use crate::assemble::{BUREAU, City};
use crate::city::{Directory, LOCK, Mark};
use crate::cli::Shared;

pub(crate) use room::await_city;

/// Characters of a city's name at most.
const NAME_CHARS_MAX: usize = 60;
/// The administrators as the forms suggest them: sign-in name and what the person is called.
pub(crate) const THREE: [(&str, &str); 3] =
    [("system", "系统管理员"), ("security", "安全管理员"), ("audit", "审计管理员")];

/// What a city is to begin with.
#[derive(Clone)]
pub(crate) struct Wish {
    /// Its name.
    pub(crate) name: Text,
    /// Its region code.
    pub(crate) region: String,
    /// Leave files unsealed.
    pub(crate) unsealed: bool,
    /// System, security and audit administrator.
    pub(crate) administrators: [NewAdministrator; 3],
    /// Settings by name, with their values.
    pub(crate) settings: Vec<(String, String)>,
}

/// A city that has just been made.
pub(crate) struct Founded {
    /// The city, opened.
    pub(crate) city: City,
    /// Its administrators.
    pub(crate) administrators: Vec<Founder>,
}

/// Whether a city can be made in this directory: it is not there, or empty but for a lock.
pub(crate) fn is_empty(directory: &Path) -> bool {
    match std::fs::read_dir(directory) {
        Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == LOCK)),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Makes a city.
pub(crate) async fn found(shared: &Shared, wish: &Wish) -> Result<Founded> {
    if let Some(mark) = Mark::read(&shared.data)? {
        let code = if mark.demo { "city-is-demo" } else { "city-directory-not-empty" };
        return Err(Error::conflict(code).with("path", shared.data.display()).into());
    }
    let is_region = wish.region.len() == 6 && wish.region.bytes().all(|digit| digit.is_ascii_digit());
    if !is_region {
        return Err(Error::invalid("region", "region-format").into());
    }
    let name = wish.name.clone().checked("name", NAME_CHARS_MAX)?;
    check_administrators(&wish.administrators)?;
    let directory = Directory::create(shared, Mark::new(name, &wish.region, false, !wish.unsealed))?;
    let keys_made = directory.keys_made;
    match in_vacant_store(shared, directory, wish).await {
        Ok(founded) => Ok(founded),
        Err(error) => {
            Directory::unmake(shared, keys_made)?;
            Err(error)
        }
    }
}

/// Makes the city in a store that holds nothing; what came of a failure is taken away again.
async fn in_vacant_store(shared: &Shared, directory: Directory, wish: &Wish) -> Result<Founded> {
    let store = Vacant::claim(&shared.store_url()).await?;
    match furnish(shared, directory, wish).await {
        Ok(founded) => Ok(founded),
        Err(error) => {
            if let Err(left) = store.clear().await {
                // The next attempt is told that the store is not empty; why the first failed matters more.
                tracing::error!(%left, "a store that was not to be could not be cleared");
            }
            Err(error)
        }
    }
}

async fn furnish(shared: &Shared, directory: Directory, wish: &Wish) -> Result<Founded> {
    let city = City::over(directory, shared).await?;
    let furnished = furnish_opened(&city, wish).await;
    match furnished {
        Ok(administrators) => Ok(Founded { city, administrators }),
        Err(error) => {
            city.close().await;
            Err(error)
        }
    }
}

async fn furnish_opened(city: &City, wish: &Wish) -> Result<Vec<Founder>> {
    let platform = &city.platform;
    let ctx = platform.ctx(Actor::System("init"));
    for (name, value) in &wish.settings {
        platform.settings.check(name, value)?;
    }
    let administrators = set_up_administrators(platform, &ctx, &wish.administrators).await?;
    let name = &city.directory.mark.name;
    let bureau = NewDepartment {
        code: BUREAU.to_owned(),
        name: Text::new(format!("{}数据局", name.zh), "Data bureau"),
        parent: None,
        place: 0,
        opened: None,
    };
    create_department(platform, &ctx, &bureau).await?;
    city.allow_operator(&ctx).await?;
    set(city, &ctx, wish).await?;
    city.directory.write_mark()?;
    Ok(administrators)
}

async fn set(city: &City, ctx: &Ctx, wish: &Wish) -> Result<()> {
    let platform = &city.platform;
    let name = &city.directory.mark.name;
    let names = [("host.site_name_zh", &name.zh), ("host.site_name_en", &name.en)];
    let named = names.into_iter().filter(|(_, value)| !value.is_empty());
    let given = wish.settings.iter().map(|(name, value)| (name.as_str(), value)).filter(|(_, value)| !value.is_empty());
    let all: &Vec<(&str, &String)> = &named.chain(given).collect();
    let written = platform.db.tx(|tx| {
        Box::pin(async move {
            for (name, value) in all {
                platform.settings.set(tx, ctx, name, value).await?;
            }
            Ok(())
        })
    });
    written.await?;
    Ok(platform.settings.reload(&platform.db).await?)
}

//! `rebuild`: derived things thrown away and built anew from the truths. Nothing is lost by it; it takes time.

use anyhow::Result;
use serde_json::json;
use yiwang_host::Platform;
use yiwang_kernel::{Actor, Error};

use crate::assemble::City;
use crate::city::{Directory, refusal};
use crate::cli::{Rebuild, Shared};
use crate::output;

/// What was built.
struct Built {
    documents: u64,
    tables: usize,
}

/// Empties the folders of a directory that nobody owns, also where what is in them can no longer be read.
pub(crate) fn throw_away(shared: &Shared, options: &Rebuild) -> Result<()> {
    let directory = Directory::open(shared)?;
    let (search, indexes) = options.wanted();
    let folders = [("search", search), ("order", indexes), ("keys", indexes), ("rows", indexes)];
    for (folder, _) in folders.iter().filter(|(_, wanted)| *wanted) {
        let path = directory.path.join("derived").join(folder);
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(|error| refusal(&path, &error))?;
        }
    }
    Ok(())
}

/// Builds anew over an open city; where it is served, readers wait for an index or do without it meanwhile.
pub(crate) async fn rebuild(shared: &Shared, city: &City, options: &Rebuild) -> Result<()> {
    let (search, indexes) = options.wanted();
    let Built { documents, tables } = build(&city.platform, search, indexes).await?;
    let document = json!({ "documents": documents, "tables": tables });
    output::result(shared, &document, || match output::say(shared, "zh", "en") {
        "zh" => format!("重建完成：检索 {documents} 条，索引 {tables} 张表"),
        _ => format!("Rebuilt: {documents} documents of the search index, indexes of {tables} tables"),
    });
    Ok(())
}

impl Rebuild {
    /// Whether the search index, and whether the tables' indexes.
    fn wanted(&self) -> (bool, bool) {
        let everything = !self.search && !self.indexes;
        (self.search || everything, self.indexes || everything)
    }
}

async fn build(platform: &Platform, search: bool, indexes: bool) -> Result<Built> {
    let mut built = Built { documents: 0, tables: 0 };
    if search {
        built.documents = yiwang_catalogue::ops::rebuild_index(platform).await?;
        platform.search.commit_now()?;
    }
    if indexes {
        let ctx = platform.ctx(Actor::Operator { reason: "yiwang rebuild".to_owned() });
        for entry in yiwang_catalogue::ops::attached(platform, &ctx).await? {
            match platform.gate.rebuild_derived(&entry.code).await {
                Ok(()) => built.tables += 1,
                // Taken down or dropped: nobody reads it, and there is nothing to build.
                Err(Error::Gone(_) | Error::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(built)
}

//! What is derived from the data files of a view and not there yet: key indexes, order runs, row runs. Built file by
//! file, each in its turn among background work, so that two tables take turns and a cancelled build loses one file.

use std::sync::Arc;

use yiwang_gate::QueueClass;
use yiwang_kernel::Result;

use crate::catalog::view::{DataFile, View};
use crate::lake::Lake;
use crate::{keys, order, rows};

/// Builds what is missing.
pub(crate) async fn build(lake: &Lake, view: Arc<View>) -> Result<()> {
    for file in &view.files {
        let (there, view, file) = (lake.clone(), Arc::clone(&view), file.clone());
        let work = async move { build_file(&there, &view, &file).await };
        lake.in_turn(QueueClass::Background, work).await?;
    }
    Ok(())
}

async fn build_file(lake: &Lake, view: &View, file: &DataFile) -> Result<()> {
    let keyed = !view.table.key.is_empty();
    if keyed {
        keys::build_if_missing(lake, view, file).await?;
    }
    order::build_if_missing(lake, view, file).await?;
    if keyed || !view.table.sortable.is_empty() {
        rows::build(lake, view, file).await?;
    }
    Ok(())
}

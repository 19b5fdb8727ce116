//! Maps of open resources: the outline a page shows and the tiles map programs ask for, made of rows that came through
//! the gate under the public grant. Derived from one version under one set of grants and kept in memory alone: what is
//! taken down or masked is refused before anything kept is looked at.

mod bands;
mod outline;
mod rows;
mod tiles;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use yiwang_gate::At;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result};
use yiwang_tiles::Tile;

pub(crate) use bands::Band;
pub(crate) use outline::Outline;
pub(crate) use tiles::{COUNTS, ROWS, attributes};

use self::tiles::Asked;
use crate::place::Place;
use crate::resource::Resource;

/// Larger tables have no map yet.
const POINT_ROWS_MAX: u64 = 5_000_000;
/// The same for shapes, whose every text is read for each tile.
const SHAPE_ROWS_MAX: u64 = 100_000;
/// Outlines kept.
const OUTLINES_MAX: usize = 500;
/// Bytes of tiles kept.
const TILES_BYTES_MAX: usize = 32 << 20;
/// How tiles are made; counted up when that changes, so that no reader keeps an old one.
const FORM: u32 = 1;

/// Outlines and tiles made lately.
#[derive(Debug, Default)]
pub(crate) struct Maps {
    outlines: Mutex<HashMap<Key, Option<Arc<Outline>>>>,
    tiles: Mutex<Tiles>,
}

/// Of what a map was made: code, version, the grants that were live.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    code: String,
    version: u64,
    grants: u64,
}

#[derive(Debug, Default)]
struct Tiles {
    known: HashMap<(Key, Tile), Bytes>,
    bytes: usize,
}

impl Maps {
    /// The outline of a version of a resource; none when its rows have no place, or there are too many.
    pub(crate) async fn outline(
        &self,
        platform: &Platform,
        ctx: &Ctx,
        resource: &Resource,
        version: u64,
    ) -> Result<Option<Arc<Outline>>> {
        let Some(place) = mapped(resource) else { return Ok(None) };
        let key = key(resource, version);
        if let Some(known) = held(&self.outlines).get(&key) {
            return Ok(known.clone());
        }
        let made = outline::make(platform, ctx, resource, &place, version).await?.map(Arc::new);
        let mut known = held(&self.outlines);
        if known.len() >= OUTLINES_MAX {
            known.clear();
        }
        known.insert(key, made.clone());
        Ok(made)
    }

    /// A tile of a version of a resource.
    pub(crate) async fn tile(
        &self,
        platform: &Platform,
        ctx: &Ctx,
        resource: &Resource,
        version: u64,
        tile: Tile,
    ) -> Result<Bytes> {
        resource.require_open()?;
        let place = mapped(resource).ok_or_else(|| Error::refused("map-no-place"))?;
        let key = (key(resource, version), tile);
        if let Some(known) = held(&self.tiles).known.get(&key) {
            return Ok(known.clone());
        }
        let made = match self.outline(platform, ctx, resource, version).await? {
            Some(outline) => {
                let asked = Asked { place: &place, at: At::Version(version), tile, rows_from: outline.rows_from };
                Bytes::from(tiles::make(platform, ctx, resource, &asked).await?)
            }
            None => Bytes::new(),
        };
        let mut kept = held(&self.tiles);
        if kept.bytes + made.len() > TILES_BYTES_MAX {
            *kept = Tiles::default();
        }
        kept.bytes += made.len();
        kept.known.insert(key, made.clone());
        Ok(made)
    }
}

/// The place by which a resource is drawn; none where it has none among its open columns, or too many rows.
pub(crate) fn mapped(resource: &Resource) -> Option<Place> {
    let rows = resource.table.as_ref().filter(|_| resource.is_open())?.rows;
    let place = resource.place()?;
    let most = if matches!(place, Place::Point { .. }) { POINT_ROWS_MAX } else { SHAPE_ROWS_MAX };
    (rows <= most).then_some(place)
}

/// What stands for a tile's content: version, grants and the way tiles are made. Weak: it may travel compressed.
pub(crate) fn tag(resource: &Resource, version: u64) -> String {
    format!("W/\"{version}-{:016x}-{FORM}\"", resource.grants)
}

fn key(resource: &Resource, version: u64) -> Key {
    Key { code: resource.entry.code.clone(), version, grants: resource.grants }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

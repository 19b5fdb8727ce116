//! Chosen rows: the places of the rows that meet a reader's conditions, in the order asked for, found by one scan and
//! remembered while there is room, so that each page reads its own rows only and the total is exact. Only where nothing
//! but the conditions hides rows; conditions and order meet what the policy left, as everywhere.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use arrow_select::filter::filter;
use futures::TryStreamExt as _;
use yiwang_gate::{Filter, Policy, Sort};
use yiwang_kernel::{Error, Result};

use crate::order::run::Values;
use crate::order::{self, Place};
use crate::read::Reading;
use crate::scan::{Scan, arrow_error, to_usize};

/// More rows are not remembered one by one.
const ROWS_MAX: usize = 16_000_000;
/// More rows are not put in order at once: a value, its place and its number take about 40 bytes a row.
const SORTED_ROWS_MAX: usize = 4_000_000;
const VALUES_BYTES_MAX: usize = 64 << 20;
/// What all choices remembered may take.
const REMEMBERED_BYTES_MAX: usize = 128 << 20;

/// Places by number: rows of files in the order of the files, then rows in the database.
pub(crate) struct Chosen {
    places: Vec<u32>,
}

/// The latest choices.
#[derive(Default)]
pub(crate) struct Choices {
    known: Mutex<VecDeque<(String, Arc<Chosen>)>>,
}

/// The rows that meet the conditions; none where they are not for this to find, or too many.
pub(crate) async fn find(
    reading: &Reading,
    policy: &Policy,
    filters: &[Filter],
    sort: Option<&Sort>,
) -> Result<Option<Arc<Chosen>>> {
    if !reading.choosable {
        return Ok(None);
    }
    let (lake, name) = (&reading.lake, format!("{} {sort:?}", reading.remembered_as));
    if let Some(known) = lake.inside.choices.get(&name) {
        return Ok(known.is_whole().then_some(known));
    }
    let choosing = Reading::choosing(lake, Arc::clone(&reading.view), policy, filters, sort).await?;
    let sort = sort.cloned();
    let chosen = Arc::new(lake.interactive(async move { choose(&choosing, sort.as_ref()).await }).await?);
    lake.inside.choices.put(name, Arc::clone(&chosen));
    Ok(chosen.is_whole().then_some(chosen))
}

impl Chosen {
    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        self.places.len() as u64
    }

    /// Too many to be told apart: remembered too, so that it is found out once.
    fn too_many() -> Chosen {
        Chosen { places: vec![u32::MAX] }
    }

    fn is_whole(&self) -> bool {
        self.places != [u32::MAX]
    }

    /// Some of them in their order, as the reader may see them.
    pub(crate) async fn page(&self, reading: &Reading, offset: u64, rows: u64) -> Result<Vec<RecordBatch>> {
        let from = to_usize(offset).min(self.places.len());
        let until = from.saturating_add(to_usize(rows)).min(self.places.len());
        if from == until {
            return Ok(Vec::new());
        }
        let files = &reading.view.files;
        let ends: Vec<u64> = files
            .iter()
            .scan(0, |end, file| {
                *end += file.rows;
                Some(*end)
            })
            .collect();
        let place = |number: &u32| -> Result<Place> {
            let file = ends.partition_point(|end| *end <= u64::from(*number));
            let first = file.checked_sub(1).map_or(0, |before| ends[before]);
            let row = u32::try_from(u64::from(*number) - first);
            Ok((file, row.map_err(|_| Error::broken("a place beyond its file"))?))
        };
        let places = self.places[from..until].iter().map(place).collect::<Result<Vec<_>>>()?;
        Ok(vec![order::fetch(reading, &places).await?])
    }
}

async fn choose(reading: &Reading, sort: Option<&Sort>) -> Result<Chosen> {
    let scan =
        Scan::new(&reading.lake, Arc::clone(&reading.view), &reading.masking.raw, reading.pruner.clone()).await?;
    let mut batches = Arc::new(scan).placed();
    let column = sort.map(|sort| reading.masking.schema.index_of(&sort.field)).transpose();
    let column = column.map_err(|_| Error::invalid("sort", "field-unknown"))?;
    let rows_max = if sort.is_some() { SORTED_ROWS_MAX } else { ROWS_MAX };
    let (mut places, mut values) = (Vec::new(), Values::default());
    while let Some((raw, numbers)) = batches.try_next().await? {
        let seen = reading.masking.apply(&raw)?;
        let held = reading.conditions.holds(&seen)?;
        places.extend(numbers.iter().zip(held.values().iter()).filter(|(_, held)| *held).map(|(number, _)| *number));
        if let Some(column) = column {
            values.extend(&filter(seen.column(column), &held).map_err(arrow_error)?)?;
        }
        if places.len() > rows_max || values.size_bytes() > VALUES_BYTES_MAX {
            return Ok(Chosen::too_many());
        }
    }
    let Some(sort) = sort else { return Ok(Chosen { places }) };
    let order = values.order(sort.descending);
    let ordered: Option<Vec<u32>> = order.iter().map(|row| places.get(*row as usize).copied()).collect();
    Ok(Chosen { places: ordered.ok_or_else(|| Error::broken("an order of more rows than there are"))? })
}

impl Choices {
    fn get(&self, name: &str) -> Option<Arc<Chosen>> {
        self.known().iter().find(|(known, _)| known == name).map(|(_, chosen)| Arc::clone(chosen))
    }

    /// The oldest make room.
    fn put(&self, name: String, chosen: Arc<Chosen>) {
        let mut known = self.known();
        known.retain(|(other, _)| *other != name);
        known.push_back((name, chosen));
        let bytes = |chosen: &Chosen| chosen.places.len() * size_of::<u32>() + 256;
        while known.len() > 1 && known.iter().map(|(_, chosen)| bytes(chosen)).sum::<usize>() > REMEMBERED_BYTES_MAX {
            known.pop_front();
        }
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<(String, Arc<Chosen>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

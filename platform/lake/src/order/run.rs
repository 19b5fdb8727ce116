//! A sorted run as bytes: (value, row) by value, empty cells last, equal values by row; blocks of entries, packed, each
//! with its first entry as a fence. Values are written so that comparing bytes compares values. Pure: opens nothing.

use std::cmp::Ordering;
use std::ops::Range;

use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::types::{ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use yiwang_kernel::{Error, Result};
use zstd::bulk::{Compressor, Decompressor};

/// Entries from one fence to the next.
pub(crate) const ENTRIES_PER_FENCE: usize = 1_024;
/// Bytes at the end of a run that say where its parts are.
pub(crate) const TRAILER_BYTES: usize = 40;

const FORMAT: u64 = 2;
const LEVEL: i32 = 1;
/// No block of ours comes near it.
const BLOCK_BYTES_MAX: u32 = 1 << 30;
const EMPTY: u32 = u32::MAX;
const ENTRY_HEAD_BYTES: usize = 8;

/// Values of a column, row by row, in comparable form.
#[derive(Default)]
pub(crate) struct Values {
    bytes: Vec<u8>,
    cells: Vec<(u32, u32)>,
}

/// Where an entry stands in an order over several runs: by value, then by run, then by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) source: usize,
    pub(crate) row: u32,
}

/// Consecutive entries of a run.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
    cells: Vec<(u32, u32)>,
    rows: Vec<u32>,
}

/// What is known of a run without reading its blocks.
#[derive(Debug)]
pub(crate) struct Fences {
    /// The first entry of each block.
    pub(crate) firsts: Entries,
    /// Where blocks begin, and where the last one ends.
    starts: Vec<u64>,
    /// How many entries there are.
    pub(crate) entries: u64,
    entries_per_fence: u64,
}

impl Values {
    /// Adds a column's values.
    pub(crate) fn extend(&mut self, array: &ArrayRef) -> Result<()> {
        match array.data_type() {
            DataType::Boolean => self.add(array.as_boolean().iter().map(|cell| cell.map(|value| [u8::from(value)]))),
            DataType::Int64 => self.add_primitive::<Int64Type, 8>(array, signed),
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                self.add_primitive::<TimestampMicrosecondType, 8>(array, signed)
            }
            DataType::Float64 => self.add_primitive::<Float64Type, 8>(array, |value| {
                // The total order of IEEE 754: negative numbers count down.
                let bits = value.to_bits().cast_signed();
                signed(bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed())
            }),
            DataType::Date32 => {
                self.add_primitive::<Date32Type, 4>(array, |value| (value.cast_unsigned() ^ (1 << 31)).to_be_bytes())
            }
            DataType::Decimal128(..) => self
                .add_primitive::<Decimal128Type, 16>(array, |value| (value.cast_unsigned() ^ (1 << 127)).to_be_bytes()),
            DataType::Utf8 => self.add(array.as_string::<i32>().iter()),
            _ => return Err(Error::broken("a column type without an order")),
        }
        Ok(())
    }

    /// Bytes taken by values.
    pub(crate) fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn add_primitive<T: ArrowPrimitiveType, const BYTES: usize>(
        &mut self,
        array: &ArrayRef,
        form: impl Fn(T::Native) -> [u8; BYTES],
    ) {
        self.add(array.as_primitive::<T>().iter().map(|cell| cell.map(&form)));
    }

    fn add<V: AsRef<[u8]>>(&mut self, cells: impl Iterator<Item = Option<V>>) {
        for cell in cells {
            let start = length(self.bytes.len());
            let length = cell.as_ref().map_or(EMPTY, |value| length(value.as_ref().len()));
            self.cells.push((start, length));
            self.bytes.extend_from_slice(cell.as_ref().map_or(&[], AsRef::as_ref));
        }
    }

    fn value(&self, row: u32) -> Option<&[u8]> {
        self.cells.get(row as usize).and_then(|cell| value_at(&self.bytes, *cell))
    }

    /// The rows in order.
    pub(crate) fn order(&self, descending: bool) -> Vec<u32> {
        let rows = 0..length(self.cells.len());
        let mut keyed: Vec<(u64, u32)> = Vec::with_capacity(self.cells.len());
        keyed.extend(rows.clone().filter_map(|row| self.value(row).map(|value| (prefix(value), row))));
        keyed.sort_unstable_by(|one, other| {
            let by_value = one.0.cmp(&other.0).then_with(|| self.value(one.1).cmp(&self.value(other.1)));
            let by_value = if descending { by_value.reverse() } else { by_value };
            by_value.then(one.1.cmp(&other.1))
        });
        let empty = rows.filter(|row| self.value(*row).is_none());
        keyed.iter().map(|(_, row)| *row).chain(empty).collect()
    }
}

/// The run of these values.
pub(crate) fn encode(values: &Values, descending: bool, entries_per_fence: usize) -> Result<Vec<u8>> {
    let order = values.order(descending);
    let mut bytes = Vec::new();
    let mut starts = Vec::new();
    let packing = |error| Error::internal("packing an order sidecar", error);
    let mut compressor = Compressor::new(LEVEL).map_err(packing)?;
    let mut plain = Vec::new();
    for block in order.chunks(entries_per_fence) {
        starts.push(bytes.len() as u64);
        plain.clear();
        encode_block(values, block, &mut plain);
        bytes.extend_from_slice(&length(plain.len()).to_le_bytes());
        bytes.extend_from_slice(&compressor.compress(&plain).map_err(packing)?);
    }
    starts.push(bytes.len() as u64);
    let fences: Vec<u32> = order.iter().step_by(entries_per_fence).copied().collect();
    encode_block(values, &fences, &mut bytes);
    let fences_at = starts.last().copied().unwrap_or(0);
    let trailer = [fences_at, fences.len() as u64, order.len() as u64, entries_per_fence as u64, FORMAT];
    for number in starts.iter().chain(&trailer) {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    Ok(bytes)
}

/// A run that holds nothing because its values are too long to be worth it.
pub(crate) fn encode_unfit() -> Vec<u8> {
    let numbers = [0, 0, u64::MAX, 1, FORMAT];
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn encode_block(values: &Values, rows: &[u32], bytes: &mut Vec<u8>) {
    for row in rows {
        bytes.extend_from_slice(&row.to_le_bytes());
        bytes.extend_from_slice(&values.value(*row).map_or(EMPTY, |value| length(value.len())).to_le_bytes());
    }
    for row in rows {
        bytes.extend_from_slice(values.value(*row).unwrap_or_default());
    }
}

impl Fences {
    /// Where fences begin in a run that ends with this trailer; none where it is of another format.
    pub(crate) fn place(trailer: &[u8]) -> Option<u64> {
        let numbers = numbers(trailer);
        (numbers.len() == 5 && numbers[4] == FORMAT).then(|| numbers[0])
    }

    /// From the part of a run behind its blocks.
    pub(crate) fn parse(tail: &[u8]) -> Result<Fences> {
        let broken = || Error::broken("an order sidecar is not one");
        let trailer = tail.len().checked_sub(TRAILER_BYTES).map(|at| numbers(&tail[at..])).ok_or_else(broken)?;
        let (blocks, entries, entries_per_fence) = (trailer[1], trailer[2], trailer[3].max(1));
        if entries == u64::MAX {
            return Ok(Fences { firsts: Entries::default(), starts: vec![0], entries, entries_per_fence });
        }
        let blocks = usize::try_from(blocks).map_err(|_| broken())?;
        let starts_at = tail.len().checked_sub(TRAILER_BYTES + (blocks + 1) * 8).ok_or_else(broken)?;
        let starts = numbers(&tail[starts_at..tail.len() - TRAILER_BYTES]);
        let mut firsts = Entries::default();
        firsts.extend(&tail[..starts_at], blocks, |_| true)?;
        Ok(Fences { firsts, starts, entries, entries_per_fence })
    }

    /// Whether the run holds its column at all.
    pub(crate) fn is_fit(&self) -> bool {
        self.entries != u64::MAX
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.firsts.len()
    }

    /// Where these blocks stand in the run.
    pub(crate) fn bytes_of(&self, blocks: &Range<usize>) -> Range<u64> {
        self.starts[blocks.start]..self.starts[blocks.end]
    }

    /// Entries before each block, and all of them.
    pub(crate) fn entries_before(&self) -> Vec<u64> {
        (0..=self.blocks() as u64).map(|block| (block * self.entries_per_fence).min(self.entries)).collect()
    }

    /// The entries of these blocks, block by block, as far as they are kept.
    pub(crate) fn read(&self, blocks: &Range<usize>, bytes: &[u8], keep: impl Fn(u32) -> bool) -> Result<Entries> {
        let mut entries = Entries::default();
        let mut unpacker = unpacker()?;
        for block in blocks.clone() {
            self.read_block(block, blocks.start, bytes, &mut entries, &keep, &mut unpacker)?;
        }
        Ok(entries)
    }

    /// How many entries of each of these blocks are kept.
    pub(crate) fn kept(&self, blocks: &Range<usize>, bytes: &[u8], keep: impl Fn(u32) -> bool) -> Result<Vec<u64>> {
        let mut counts = Vec::with_capacity(blocks.len());
        let mut unpacker = unpacker()?;
        for block in blocks.clone() {
            let mut entries = Entries::default();
            self.read_block(block, blocks.start, bytes, &mut entries, &keep, &mut unpacker)?;
            counts.push(entries.len() as u64);
        }
        Ok(counts)
    }

    fn read_block(
        &self,
        block: usize,
        first: usize,
        bytes: &[u8],
        entries: &mut Entries,
        keep: impl Fn(u32) -> bool,
        unpacker: &mut Decompressor<'_>,
    ) -> Result<()> {
        let broken = || Error::broken("an order sidecar is shorter than its fences say");
        let within = |at: u64| usize::try_from(at - self.starts[first]).unwrap_or(usize::MAX);
        let place = within(self.starts[block])..within(self.starts[block + 1]);
        let before = block as u64 * self.entries_per_fence;
        let count = self.entries.saturating_sub(before).min(self.entries_per_fence);
        let (size, packed) = bytes.get(place).and_then(<[u8]>::split_first_chunk::<4>).ok_or_else(broken)?;
        let size = Some(u32::from_le_bytes(*size)).filter(|size| *size <= BLOCK_BYTES_MAX).ok_or_else(broken)?;
        let plain = unpacker.decompress(packed, size as usize).map_err(|_| broken())?;
        entries.extend(&plain, usize::try_from(count).unwrap_or(usize::MAX), keep)
    }
}

impl Entries {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// An entry as one of this run.
    pub(crate) fn key(&self, place: usize, source: usize) -> Key<'_> {
        Key { value: value_at(&self.bytes, self.cells[place]), source, row: self.rows[place] }
    }

    fn extend(&mut self, block: &[u8], count: usize, keep: impl Fn(u32) -> bool) -> Result<()> {
        let broken = || Error::broken("a block of an order sidecar is cut short");
        let heads = block.get(..count.saturating_mul(ENTRY_HEAD_BYTES)).ok_or_else(broken)?;
        let mut at = heads.len();
        for head in heads.chunks_exact(ENTRY_HEAD_BYTES) {
            let (row, size) = (number(&head[..4]), number(&head[4..]));
            let taken = if size == EMPTY { 0 } else { size as usize };
            let value = block.get(at..at + taken).ok_or_else(broken)?;
            at += taken;
            if keep(row) {
                self.cells.push((length(self.bytes.len()), size));
                self.bytes.extend_from_slice(value);
                self.rows.push(row);
            }
        }
        Ok(())
    }
}

impl Key<'_> {
    /// Which comes first: empty cells last either way, ties in the order of the table.
    pub(crate) fn compare(&self, other: &Key<'_>, descending: bool) -> Ordering {
        let by_value = match (self.value, other.value) {
            (Some(one), Some(other)) if descending => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        by_value.then(self.source.cmp(&other.source)).then(self.row.cmp(&other.row))
    }
}

fn unpacker() -> Result<Decompressor<'static>> {
    Decompressor::new().map_err(|error| Error::internal("starting to unpack", error))
}

fn signed(value: i64) -> [u8; 8] {
    (value.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// The first bytes as a number, which compares as they do where they differ.
fn prefix(value: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let taken = value.len().min(8);
    bytes[..taken].copy_from_slice(&value[..taken]);
    u64::from_be_bytes(bytes)
}

fn value_at(bytes: &[u8], (start, size): (u32, u32)) -> Option<&[u8]> {
    (size != EMPTY).then(|| &bytes[start as usize..start as usize + size as usize])
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(EMPTY)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_le_bytes)
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|bytes| bytes.try_into().map_or(0, u64::from_le_bytes)).collect()
}

//! The layout of a sealed object, version 1: 8 bytes that name it, 16 bytes of salt, then chunks of 64 KiB plain text
//! plus tag, the last one shorter (empty for an empty object). Arithmetic only.

use std::ops::Range;

use yiwang_seal::{CHUNK_BYTES, CHUNK_OVERHEAD_BYTES};

/// The first bytes of every sealed object.
pub(crate) const MARK: &[u8; 8] = b"yiwang\x00\x01";
/// Bytes of salt after the mark.
pub(crate) const SALT_BYTES: usize = 16;
/// Bytes before the first chunk.
pub(crate) const HEADER_BYTES: u64 = (MARK.len() + SALT_BYTES) as u64;

const PLAIN: u64 = CHUNK_BYTES as u64;
const SEALED: u64 = (CHUNK_BYTES + CHUNK_OVERHEAD_BYTES) as u64;
const OVERHEAD: u64 = CHUNK_OVERHEAD_BYTES as u64;

/// Plain bytes in an object of so many sealed bytes; none when no object has that size.
pub(crate) fn plain_bytes(sealed: u64) -> Option<u64> {
    let body = sealed.checked_sub(HEADER_BYTES)?;
    let chunks = body.div_ceil(SEALED).max(1);
    let plain = body.checked_sub(chunks * OVERHEAD)?;
    (chunks == chunks_of(plain)).then_some(plain)
}

/// Chunks of so many plain bytes, at least one.
pub(crate) fn chunks_of(plain: u64) -> u64 {
    plain.div_ceil(PLAIN).max(1)
}

/// Where these chunks stand in an object of so many plain bytes.
pub(crate) fn place(chunks: &Range<u64>, plain: u64) -> Range<u64> {
    let whole = HEADER_BYTES + plain + chunks_of(plain) * OVERHEAD;
    let end = (HEADER_BYTES + chunks.end * SEALED).min(whole);
    HEADER_BYTES + chunks.start * SEALED..end
}

/// The chunks that hold these plain bytes; for none, the last chunk, so that even an empty object is checked.
pub(crate) fn touched(range: &Range<u64>, plain: u64) -> Range<u64> {
    if range.is_empty() {
        return chunks_of(plain) - 1..chunks_of(plain);
    }
    range.start / PLAIN..range.end.div_ceil(PLAIN)
}

/// Plain bytes in these chunks of an object.
pub(crate) fn plain_in(chunks: &Range<u64>, plain: u64) -> u64 {
    (chunks.end * PLAIN).min(plain).saturating_sub(chunks.start * PLAIN)
}

/// The chunks all these plain bytes touch, ascending, as few spans as they make.
pub(crate) fn spans(ranges: &[Range<u64>], plain: u64) -> Vec<Range<u64>> {
    let mut touched: Vec<Range<u64>> = ranges.iter().map(|range| touched(range, plain)).collect();
    touched.sort_unstable_by_key(|span| span.start);
    let mut spans: Vec<Range<u64>> = Vec::with_capacity(touched.len());
    for span in touched {
        match spans.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => spans.push(span),
        }
    }
    spans
}

/// Where plain bytes stand in what was read from this chunk on.
pub(crate) fn within(range: &Range<u64>, first_chunk: u64, length: usize) -> Range<usize> {
    let start = first_chunk * PLAIN;
    let place = |offset: u64| usize::try_from(offset.saturating_sub(start)).unwrap_or(length).min(length);
    place(range.start)..place(range.end)
}

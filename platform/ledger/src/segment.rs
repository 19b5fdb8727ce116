//! Segment files: a header of 64 bytes, then records framed by length and CRC-32, then zeros. Knows framing alone;
//! what the records say is checked by `scan`.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Bytes before the first record.
pub(crate) const HEADER_BYTES: u64 = 64;
/// Marks a record that holds an entry.
pub(crate) const ENTRY: u8 = b'E';
/// Marks a record that holds a head; it ends its batch.
pub(crate) const HEAD: u8 = b'H';
/// The longest record.
pub(crate) const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;

const MAGIC: &[u8; 16] = b"yiwang-ledger-1\n";
const FRAME_BYTES: u64 = 8;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// The log it belongs to.
    pub(crate) log: [u8; 16],
    /// Its first entry.
    pub(crate) first: u64,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0u8; HEADER_BYTES as usize];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..32].copy_from_slice(&self.log);
        bytes[32..40].copy_from_slice(&self.first.to_be_bytes());
        let check = crc32(&bytes[..60]);
        bytes[60..].copy_from_slice(&check.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEADER_BYTES as usize]) -> Option<SegmentHeader> {
        let header = SegmentHeader {
            log: bytes[16..32].try_into().ok()?,
            first: u64::from_be_bytes(bytes[32..40].try_into().ok()?),
        };
        (header.encode() == *bytes).then_some(header)
    }
}

/// What stands at a place of a segment.
pub(crate) enum Next {
    /// A whole record: its mark and where its payload stands in the reader's buffer.
    Record(u8),
    /// Nothing more: zeros to the end.
    End,
    /// Neither: altered or torn.
    Broken,
}

/// Reads a segment from front to back.
pub(crate) struct SegmentReader {
    file: BufReader<File>,
    /// Where the next record begins.
    pub(crate) offset: u64,
    /// The last record's payload.
    pub(crate) payload: Vec<u8>,
}

impl SegmentReader {
    /// Opens a segment; no header if it is short or altered.
    pub(crate) fn open(path: &Path) -> std::io::Result<(SegmentReader, Option<SegmentHeader>)> {
        let mut reader = SegmentReader {
            file: BufReader::with_capacity(1 << 18, File::open(path)?),
            offset: HEADER_BYTES,
            payload: Vec::new(),
        };
        let mut bytes = [0u8; HEADER_BYTES as usize];
        let whole = reader.fill(&mut bytes)?;
        let header = if whole { SegmentHeader::decode(&bytes) } else { None };
        Ok((reader, header))
    }

    /// Reads on.
    pub(crate) fn next(&mut self) -> std::io::Result<Next> {
        let mut frame = [0u8; FRAME_BYTES as usize];
        let count = read_up_to(&mut self.file, &mut frame)?;
        if frame == [0u8; FRAME_BYTES as usize] {
            return if self.rest_is_zero()? { Ok(Next::End) } else { Ok(Next::Broken) };
        }
        let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let check = u32::from_be_bytes([frame[4], frame[5], frame[6], frame[7]]);
        if count < frame.len() || length == 0 || length > RECORD_BYTES_MAX {
            return Ok(Next::Broken);
        }
        let mut record = std::mem::take(&mut self.payload);
        record.resize(length, 0);
        let whole = self.fill(&mut record)?;
        if !whole || crc32(&record) != check {
            return Ok(Next::Broken);
        }
        let mark = record[0];
        self.payload = record;
        self.offset += FRAME_BYTES + length as u64;
        Ok(Next::Record(mark))
    }

    /// The last record's payload, without its mark.
    pub(crate) fn payload(&self) -> &[u8] {
        self.payload.get(1..).unwrap_or_default()
    }

    fn fill(&mut self, buffer: &mut [u8]) -> std::io::Result<bool> {
        match self.file.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn rest_is_zero(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0u8; 8192];
        loop {
            match read_up_to(&mut self.file, &mut buffer)? {
                0 => return Ok(true),
                count if buffer[..count].iter().any(|byte| *byte != 0) => return Ok(false),
                _ => (),
            }
        }
    }
}

/// Frames one record onto the end of `out`: length, CRC-32 of mark and payload, mark, payload.
pub(crate) fn frame(mark: u8, payload: &[&[u8]], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0u8; FRAME_BYTES as usize]);
    out.push(mark);
    payload.iter().for_each(|piece| out.extend_from_slice(piece));
    let length = (out.len() - start - FRAME_BYTES as usize) as u32;
    let check = crc32(&out[start + FRAME_BYTES as usize..]);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&check.to_be_bytes());
}

/// Where a segment lies; names sort like their first entries.
pub(crate) fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join("segments").join(segment_name(first))
}

/// A segment's file name.
pub(crate) fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

/// The first entries of all segments, in order; files of other names are passed over.
pub(crate) fn list_segments(dir: &Path) -> std::io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    let listed = match std::fs::read_dir(dir.join("segments")) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(firsts),
        Err(error) => return Err(error),
    };
    for found in listed {
        let name = found?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(".seg")).filter(|digits| digits.len() == 20);
        firsts.extend(digits.and_then(|digits| digits.parse::<u64>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// CRC-32 as in IEEE 802.3 and zlib.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut words = bytes.chunks_exact(8);
    let mut check = u32::MAX;
    for word in &mut words {
        let low = check ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        let [a, b, c, d] = low.to_le_bytes();
        let lookup = |table: usize, byte: u8| TABLES[table][usize::from(byte)];
        check = lookup(7, a) ^ lookup(6, b) ^ lookup(5, c) ^ lookup(4, d);
        check ^= lookup(3, word[4]) ^ lookup(2, word[5]) ^ lookup(1, word[6]) ^ lookup(0, word[7]);
    }
    for byte in words.remainder() {
        check = (check >> 8) ^ TABLES[0][usize::from(check as u8 ^ byte)];
    }
    !check
}

fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Tables for eight bytes at a time.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

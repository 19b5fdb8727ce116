//! Just enough of Thrift's compact protocol to look a Parquet file's headers over before the library reads them: how
//! its columns nest, how far its pages unfold. Trusts no number, follows no offset.

const STRUCT: u8 = 12;
const LIST: u8 = 9;
const BINARY: u8 = 8;
const I32: u8 = 5;
/// How deep values that are passed over may nest.
const DEPTH_MAX: u8 = 16;

/// How the columns of a file lie.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Side by side, so many.
    Flat(u64),
    /// This one holds others.
    Nested(String),
}

/// How the columns lie, by the file's footer (`FileMetaData` of the Parquet format); none where it does not read.
pub(super) fn layout(footer: &[u8]) -> Option<Layout> {
    let mut reader = Compact { bytes: footer, at: 0 };
    let mut last = 0;
    while let Some((id, kind)) = reader.field(&mut last)? {
        if (id, kind) != (2, LIST) {
            reader.pass(kind, DEPTH_MAX)?;
            continue;
        }
        let (element, count) = reader.list()?;
        if element != STRUCT {
            return None;
        }
        for place in 0..count {
            let (name, children) = reader.schema_element()?;
            if place > 0 && children > 0 {
                return Some(Layout::Nested(name));
            }
        }
        return Some(Layout::Flat(count.saturating_sub(1)));
    }
    None
}

/// Bytes that are held at once while a column chunk is read: its largest page, unfolded. None where it does not read.
pub(super) fn held_bytes(chunk: &[u8]) -> Option<u64> {
    let mut reader = Compact { bytes: chunk, at: 0 };
    let mut largest = 0;
    while reader.at < chunk.len() {
        let (mut unfolded, mut packed, mut last) = (None, None, 0);
        while let Some((id, kind)) = reader.field(&mut last)? {
            match (id, kind) {
                (2, I32) => unfolded = Some(reader.number()?),
                (3, I32) => packed = Some(reader.number()?),
                _ => reader.pass(kind, DEPTH_MAX)?,
            }
        }
        largest = largest.max(u64::try_from(unfolded?).ok()?);
        reader.skip(u64::try_from(packed?).ok()?)?;
    }
    Some(largest)
}

struct Compact<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Compact<'b> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn skip(&mut self, count: u64) -> Option<&'b [u8]> {
        let end = self.at.checked_add(usize::try_from(count).ok()?)?;
        let skipped = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(skipped)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let given = self.varint()?;
        i64::try_from(given >> 1).ok().map(|half| half ^ -i64::from(given & 1 == 1))
    }

    /// The next field's id and kind; `Some(None)` at the end of the struct.
    #[expect(clippy::option_option, reason = "a damaged header is another thing than the end of a struct")]
    fn field(&mut self, last: &mut i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *last = match head >> 4 {
            0 => self.number()?,
            delta => *last + i64::from(delta),
        };
        Some(Some((*last, head & 0x0f)))
    }

    /// The kind of a list's elements and how many there are.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Some((head & 0x0f, count))
    }

    /// A `SchemaElement`: its name and how many others it holds.
    fn schema_element(&mut self) -> Option<(String, i64)> {
        let (mut name, mut children, mut last) = (String::new(), 0, 0);
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (4, BINARY) => {
                    let length = self.varint()?;
                    name = String::from_utf8_lossy(self.skip(length)?).into_owned();
                }
                (5, I32) => children = self.number()?,
                _ => self.pass(kind, DEPTH_MAX)?,
            }
        }
        Some((name, children))
    }

    /// Passes over a value.
    fn pass(&mut self, kind: u8, depth: u8) -> Option<()> {
        match kind {
            // Truth values of a struct stand in the field's head.
            1 | 2 => {}
            3 => {
                self.byte()?;
            }
            4..=6 => {
                self.varint()?;
            }
            7 => {
                self.skip(8)?;
            }
            BINARY => {
                let length = self.varint()?;
                self.skip(length)?;
            }
            LIST | 10 => {
                let (element, count) = self.list()?;
                let depth = depth.checked_sub(1)?;
                for _ in 0..count {
                    match element {
                        1 | 2 => {
                            self.byte()?;
                        }
                        other => self.pass(other, depth)?,
                    }
                }
            }
            STRUCT => {
                let (mut last, depth) = (0, depth.checked_sub(1)?);
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.pass(kind, depth)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

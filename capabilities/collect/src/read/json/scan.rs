//! JSON cut into values without understanding them: brackets and strings are followed, nothing is checked. What is cut
//! out is checked by the JSON library.

use std::io::{self, Read};

const BUFFER_BYTES: usize = 1 << 16;

/// Follows one value byte by byte.
#[derive(Default)]
struct Extent {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// What a byte means to the value that is followed.
enum Step {
    /// It belongs to the value.
    Inside,
    /// It is the value's last.
    Last,
    /// It comes after the value (numbers, true, false, null end only there).
    After,
}

impl Extent {
    fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    return if self.depth == 0 { Step::Last } else { Step::Inside };
                }
                _ => {}
            }
            return Step::Inside;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth <= 1 => return if self.depth == 1 { Step::Last } else { Step::After },
            b'}' | b']' => self.depth -= 1,
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Step::After,
            _ => {}
        }
        Step::Inside
    }
}

/// Values out of a stream.
pub(super) struct Scanner {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
}

impl Scanner {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Scanner {
        Scanner { source, buffer: vec![0; BUFFER_BYTES], at: 0, filled: 0 }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.filled {
            self.filled = self.source.read(&mut self.buffer)?;
            self.at = 0;
        }
        Ok(self.buffer[..self.filled].get(self.at).copied())
    }

    /// The next byte that is no space; it stays. A byte order mark counts as space.
    pub(super) fn mark(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf) => self.at += 1,
                other => return Ok(other),
            }
        }
    }

    /// Passes this mark; false if another stands there.
    pub(super) fn pass(&mut self, wanted: u8) -> io::Result<bool> {
        let found = self.mark()? == Some(wanted);
        self.at += usize::from(found);
        Ok(found)
    }

    /// Appends the next value; false if it is longer than `most`. A value cut short by the end is an error.
    pub(super) fn value(&mut self, into: &mut Vec<u8>, most: usize) -> io::Result<bool> {
        let mut extent = Extent::default();
        self.mark()?;
        loop {
            let Some(byte) = self.peek()? else {
                let scalar = extent.depth == 0 && !extent.in_string && !into.is_empty();
                return if scalar { Ok(true) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            };
            match extent.step(byte) {
                // A mark where a value should stand.
                Step::After if into.is_empty() => return Err(io::ErrorKind::InvalidData.into()),
                Step::After => return Ok(true),
                step => {
                    into.push(byte);
                    self.at += 1;
                    if let Step::Last = step {
                        return Ok(true);
                    }
                }
            }
            if into.len() > most {
                return Ok(false);
            }
        }
    }

    /// Passes the next value, however long.
    fn skip(&mut self) -> io::Result<()> {
        let mut extent = Extent::default();
        let mut passed = false;
        self.mark()?;
        while let Some(byte) = self.peek()? {
            let step = extent.step(byte);
            if let Step::After = step {
                return if passed { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) };
            }
            self.at += 1;
            passed = true;
            if let Step::Last = step {
                return Ok(());
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// Goes into the object that stands here, to the first element of the first array of objects; false if there is
    /// none, and then the object is passed.
    pub(super) fn seek_objects(&mut self, depth: usize) -> io::Result<bool> {
        if !self.pass(b'{')? {
            return Ok(false);
        }
        loop {
            if self.pass(b'}')? {
                return Ok(false);
            }
            self.pass(b',')?;
            self.skip()?;
            self.pass(b':')?;
            match self.mark()? {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(b'[') => {
                    self.pass(b'[')?;
                    if self.mark()? == Some(b'{') {
                        return Ok(true);
                    }
                    while !self.pass(b']')? {
                        self.pass(b',')?;
                        self.skip()?;
                    }
                }
                Some(b'{') if depth > 1 => {
                    if self.seek_objects(depth - 1)? {
                        return Ok(true);
                    }
                }
                Some(_) => self.skip()?,
            }
        }
    }
}

/// The fields of an object: key (a JSON string) and value, as they stand.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Of an object; of anything else there are none.
    pub(super) fn of(object: &'a [u8]) -> Fields<'a> {
        let inner = object.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        Fields { rest: inner.unwrap_or_default() }
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':'))?;
        let rest = &self.rest[start..];
        let mut extent = Extent::default();
        let mut end = rest.len();
        for (at, byte) in rest.iter().enumerate() {
            match extent.step(*byte) {
                Step::Inside => continue,
                Step::Last => end = at + 1,
                Step::After => end = at,
            }
            break;
        }
        self.rest = &rest[end..];
        (end > 0).then_some(&rest[..end])
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.value()?, self.value()?))
    }
}

/// The value without spaces between its parts.
pub(super) fn compact(value: &[u8]) -> String {
    let mut extent = Extent::default();
    let mut bytes = Vec::with_capacity(value.len());
    for byte in value {
        let space = !extent.in_string && byte.is_ascii_whitespace();
        extent.step(*byte);
        if !space {
            bytes.push(*byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

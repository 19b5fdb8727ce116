//! Rows written as delimited text while they are read: a thread writes, the other end reads, little is held between.

use std::io::{self, BufWriter, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

const BLOCK_BYTES: usize = 1 << 16;
const BLOCKS_HELD_MAX: usize = 8;

/// What `produce` writes, as it is written. The thread ends when the reader is dropped.
pub(super) fn piped(
    produce: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> io::Result<Box<dyn Read + Send>> {
    let (blocks, received) = sync_channel(BLOCKS_HELD_MAX);
    thread::Builder::new().name("read".to_owned()).spawn(move || {
        let mut writer = BufWriter::with_capacity(BLOCK_BYTES, Sending(blocks.clone()));
        let ended = produce(&mut writer).and_then(|()| writer.flush());
        let last = ended.map(|()| Vec::new());
        // Nobody listens any more: then nobody minds how it ended.
        let _ = blocks.send(last);
    })?;
    Ok(Box::new(Piped { received, block: Vec::new(), at: 0, ended: false }))
}

/// Writes a row; none is an empty cell, an empty text stands in quotes.
pub(super) fn write_row<'c>(out: &mut dyn Write, cells: impl Iterator<Item = Option<&'c str>>) -> io::Result<()> {
    let mut count = 0;
    let mut empty = true;
    for cell in cells {
        if count > 0 {
            out.write_all(b",")?;
        }
        count += 1;
        let Some(cell) = cell else { continue };
        empty = false;
        if cell.is_empty() || cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    // A row of one empty cell would be a blank line, which is no row.
    out.write_all(if count == 1 && empty { b"\"\"\n" } else { b"\n" })
}

struct Sending(SyncSender<io::Result<Vec<u8>>>);

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        if !bytes.is_empty() {
            self.0.send(Ok(bytes.to_vec())).map_err(gone)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The reading end. An empty block is the end.
struct Piped {
    received: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() && !self.ended {
            let stopped = |_| io::Error::other("a file's reader stopped");
            self.block = self.received.recv().map_err(stopped)??;
            self.at = 0;
            self.ended = self.block.is_empty();
        }
        let count = buffer.len().min(self.block.len() - self.at);
        buffer[..count].copy_from_slice(&self.block[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

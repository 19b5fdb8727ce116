//! A delimited file, chunk by chunk: decoded and cut on this thread, parsed on others, handed on in order with the
//! chunk it came from, so that a refused row can be shown with its line. Knows types, no gate and no report.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use yiwang_tables::{
    Chunk, Column, Decoder, Encoding, Error, Hint, Limits, Load, Parsed, Plan, Result, Shape, Splitter, Type,
};

/// Bytes of a file that its dialect is guessed from.
const HEAD_BYTES: u64 = 1 << 20;
const READ_BYTES: usize = 1 << 18;

/// Opens the bytes of a table from their beginning; called again when a type widens late.
pub(crate) type Open = Box<dyn FnMut() -> io::Result<Box<dyn Read + Send>> + Send>;

/// What is known of a column's type before its values are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Nothing: the narrowest that holds every value.
    Free,
    /// The table's type, wider where a value needs it.
    AtLeast(Type),
    /// The table's type; rows that do not fit are refused.
    Exactly(Type),
}

/// What a whole reading says.
pub(crate) struct Whole {
    /// What the values of each column have in common.
    pub(crate) seen: Vec<Hint>,
    /// The profile of each column.
    pub(crate) columns: Vec<Column>,
    /// The file's encoding.
    pub(crate) encoding: Encoding,
}

impl Settled {
    fn hint(self, seen: Hint) -> Hint {
        match self {
            Settled::Free => seen,
            Settled::AtLeast(given) => {
                Hint { shape: seen.shape.join(Shape::of(given)), identifier: seen.identifier || given == Type::Text }
            }
            Settled::Exactly(given) => Hint { shape: Shape::of(given), identifier: given == Type::Text },
        }
    }

    /// Whether it names a type of this word; decimals whatever their digits.
    pub(crate) fn says(self, word: &str) -> bool {
        match self {
            Settled::Free => false,
            Settled::AtLeast(Type::Decimal { .. }) => word.starts_with("decimal("),
            Settled::AtLeast(given) | Settled::Exactly(given) => given.word() == word,
        }
    }

    /// The type its rows must have, where that is settled.
    pub(crate) fn exactly(self) -> Option<Type> {
        match self {
            Settled::Exactly(given) => Some(given),
            Settled::Free | Settled::AtLeast(_) => None,
        }
    }

    /// The column's type, given all that was seen. Points in time keep the text of their source: the lake's times have
    /// no zone.
    pub(crate) fn type_of(self, seen: Hint) -> Type {
        match self {
            Settled::Exactly(given) => given,
            other => match other.hint(seen).encode_as() {
                None | Some(Type::Instant) => Type::Text,
                Some(given) => given,
            },
        }
    }
}

/// How the file is written, guessed from its beginning.
pub(crate) fn sniff(open: &mut Open, limits: Limits) -> Result<Plan> {
    let mut head = Vec::new();
    open()?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Plan::sniff(&head, limits)
}

/// Reads the whole file. `settled` has an entry a column; `sink` gets every chunk with its rows, in order.
pub(crate) fn drive(
    open: &mut Open,
    plan: &Arc<Plan>,
    settled: &[Settled],
    threads: usize,
    sink: &mut dyn FnMut(&Chunk, Parsed) -> Result<()>,
) -> Result<Whole> {
    let mut chunks = Chunks::new(open()?, plan);
    let mut load = Load::new(Arc::clone(plan));
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..threads.max(1) {
            let (task, tasks) = channel::<Task>();
            let (done, results) = channel();
            scope.spawn(move || work(&tasks, &done, plan));
            workers.push((task, results));
        }
        let (mut sent, mut received, mut ended) = (0, 0, false);
        loop {
            // The first chunk goes alone, so that the others know its types.
            let open_max = if received == 0 { 1 } else { workers.len() * 2 };
            if !ended && sent - received < open_max {
                match chunks.next()? {
                    Some(chunk) => {
                        let seen = load.hints();
                        let hints = settled.iter().zip(seen).map(|(settled, seen)| settled.hint(seen)).collect();
                        workers[sent % workers.len()].0.send((chunk, hints)).map_err(|_| stopped())?;
                        sent += 1;
                    }
                    None => ended = true,
                }
                continue;
            }
            if sent == received {
                break;
            }
            let (chunk, parsed) = workers[received % workers.len()].1.recv().map_err(|_| stopped())?;
            received += 1;
            let parsed = parsed?;
            load.take(&parsed);
            sink(&chunk, parsed)?;
        }
        let seen = load.hints();
        Ok(Whole { seen, columns: load.finish().columns, encoding: chunks.decoder.encoding() })
    })
}

/// A chunk and what its columns are told.
type Task = (Chunk, Vec<Hint>);

fn work(tasks: &Receiver<Task>, done: &Sender<(Chunk, Result<Parsed>)>, plan: &Plan) {
    while let Ok((chunk, hints)) = tasks.recv() {
        let parsed = yiwang_tables::parse(&chunk, plan, &hints);
        if done.send((chunk, parsed)).is_err() {
            return;
        }
    }
}

fn stopped() -> Error {
    Error::Stopped("a parsing thread ended".to_owned())
}

struct Chunks {
    source: Box<dyn Read + Send>,
    decoder: Decoder,
    splitter: Splitter,
    buffer: Vec<u8>,
    ended: bool,
}

impl Chunks {
    fn new(source: Box<dyn Read + Send>, plan: &Plan) -> Chunks {
        let decoder = Decoder::new(plan.dialect.encoding, plan.dialect.bom_bytes);
        let splitter = Splitter::new(plan.dialect, plan.limits);
        Chunks { source, decoder, splitter, buffer: vec![0; READ_BYTES], ended: false }
    }

    fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            if self.ended || self.splitter.is_full() {
                if let Some(chunk) = self.splitter.take(self.ended)? {
                    return Ok(Some(chunk));
                }
                if self.ended {
                    return Ok(None);
                }
            }
            let count = self.source.read(&mut self.buffer)?;
            self.ended = count == 0;
            self.decoder.decode(&self.buffer[..count], self.ended, self.splitter.buffer());
        }
    }
}

//! A whole file, read once on several threads; pieces come out in order, and those whose types widened come again.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use arrow_array::RecordBatch;

use crate::{Chunk, Column, Decoder, Error, Hint, Limits, Load, Outcome, Parsed, Plan, Refusal, Result};
use crate::{Splitter, parse};

const HEAD_BYTES: usize = 1 << 20;
const READ_BYTES: usize = 1 << 18;

/// Opens the file, from its beginning; called a second time if a type widened.
pub type Source<'a> = dyn FnMut() -> io::Result<Box<dyn Read + Send>> + 'a;

/// Some rows of the file.
#[derive(Debug)]
pub struct Piece {
    /// Its place, from 0.
    pub index: u64,
    /// The rows, in the types known so far.
    pub batch: RecordBatch,
    /// Rows that were not taken; none in a piece that comes again.
    pub refusals: Vec<Refusal>,
    /// Replaces the piece of this index: now it has the types of the whole.
    pub again: bool,
}

/// A small table held whole.
#[derive(Debug)]
pub struct Table {
    /// Its batches, in order, all of the same types.
    pub batches: Vec<RecordBatch>,
    /// Rows that were not taken.
    pub refusals: Vec<Refusal>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Table {
    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.outcome.columns
    }
}

/// Reads a file. `plan` is guessed where none is given. Pieces are parsed on `threads` threads and handed to `sink` on
/// this one, in order; at the end every piece not of the final types has come again.
pub fn run(
    open: &mut Source<'_>,
    plan: Option<Plan>,
    limits: Limits,
    threads: usize,
    sink: &mut dyn FnMut(Piece) -> Result<()>,
) -> Result<Outcome> {
    let mut source = open()?;
    let mut head = Vec::new();
    source.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let mut plan = match plan {
        Some(plan) => plan,
        None => Plan::sniff(&head, limits)?,
    };
    let mut chunks = Chunks::new(Box::new(io::Cursor::new(head).chain(source)), &plan);
    let mut load = Load::new(Arc::new(plan.clone()));
    each_parsed(&mut |_| chunks.next(), &mut load, threads, false, sink)?;
    plan.dialect.encoding = chunks.decoder.encoding();
    let stale = load.stale();
    if !stale.is_empty() {
        let mut chunks = Chunks::new(open()?, &plan);
        let mut wanted = stale.into_iter().peekable();
        let mut next = |_: &Load| {
            while let Some(index) = wanted.peek() {
                let Some(chunk) = chunks.next()? else { return Ok(None) };
                if chunk.index == *index {
                    wanted.next();
                    return Ok(Some(chunk));
                }
            }
            Ok(None)
        };
        each_parsed(&mut next, &mut load, threads, true, sink)?;
    }
    let mut outcome = load.finish();
    outcome.plan = Arc::new(plan);
    Ok(outcome)
}

/// Reads a small table whole.
pub fn collect(bytes: &[u8], plan: Option<Plan>, limits: Limits) -> Result<Table> {
    let shared: Arc<[u8]> = Arc::from(bytes);
    let mut open = || Ok(Box::new(io::Cursor::new(Arc::clone(&shared))) as Box<dyn Read + Send>);
    let mut batches = BTreeMap::new();
    let mut refusals = Vec::new();
    let mut sink = |piece: Piece| {
        batches.insert(piece.index, piece.batch);
        refusals.extend(piece.refusals);
        Ok(())
    };
    let outcome = run(&mut open, plan, limits, 1, &mut sink)?;
    Ok(Table { batches: batches.into_values().collect(), refusals, outcome })
}

/// A file's chunks.
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
        Chunks { source, decoder, splitter, buffer: vec![0; plan.limits.chunk_bytes().min(READ_BYTES)], ended: false }
    }

    fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            while !self.ended && !self.splitter.is_full() {
                self.read()?;
            }
            if let Some(chunk) = self.splitter.take(self.ended)? {
                return Ok(Some(chunk));
            }
            if self.ended {
                return Ok(None);
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> Result<()> {
        let count = self.source.read(&mut self.buffer)?;
        self.ended = count == 0;
        self.decoder.decode(&self.buffer[..count], self.ended, self.splitter.buffer());
        Ok(())
    }
}

/// A chunk and what is known when it is sent.
type Task = (Chunk, Vec<Hint>);

/// Parses chunks on threads and hands the pieces on in order. The first goes alone, so that the others know types.
fn each_parsed(
    next: &mut dyn FnMut(&Load) -> Result<Option<Chunk>>,
    load: &mut Load,
    threads: usize,
    again: bool,
    sink: &mut dyn FnMut(Piece) -> Result<()>,
) -> Result<()> {
    let threads = threads.max(1);
    let plan = Arc::clone(load.plan());
    thread::scope(|scope| {
        let (done, results) = channel();
        let mut workers = Vec::new();
        for _ in 0..threads {
            let (task, tasks) = channel::<Task>();
            let (done, plan) = (done.clone(), Arc::clone(&plan));
            scope.spawn(move || work(&tasks, &done, &plan));
            workers.push(task);
        }
        let mut line = Line { waiting: BTreeMap::new(), order: Vec::new(), delivered: 0, sent: 0 };
        let mut ended = false;
        loop {
            while !ended && line.open() < if line.sent == 0 || line.delivered == 0 { 1 } else { threads * 2 } {
                let Some(chunk) = next(load)? else {
                    ended = true;
                    break;
                };
                line.order.push(chunk.index);
                let task = (chunk, load.hints());
                workers[line.sent % threads].send(task).map_err(|_| stopped())?;
                line.sent += 1;
            }
            if line.open() == 0 {
                return Ok(());
            }
            let parsed: Parsed = results.recv().map_err(|_| stopped())??;
            line.waiting.insert(parsed.index, parsed);
            while let Some(parsed) = line.next() {
                if again {
                    load.retake(&parsed)
                } else {
                    load.take(&parsed)
                }
                let refusals = if again { Vec::new() } else { parsed.refusals };
                sink(Piece { index: parsed.index, batch: parsed.batch, refusals, again })?;
            }
        }
    })
}

fn work(tasks: &Receiver<Task>, done: &Sender<Result<Parsed>>, plan: &Plan) {
    while let Ok((chunk, hints)) = tasks.recv() {
        if done.send(parse(&chunk, plan, &hints)).is_err() {
            return;
        }
    }
}

fn stopped() -> Error {
    Error::Stopped("a parsing thread ended".to_owned())
}

/// Pieces between being sent and being handed on.
struct Line {
    waiting: BTreeMap<u64, Parsed>,
    order: Vec<u64>,
    delivered: usize,
    sent: usize,
}

impl Line {
    fn open(&self) -> usize {
        self.sent - self.delivered
    }

    fn next(&mut self) -> Option<Parsed> {
        let parsed = self.waiting.remove(self.order.get(self.delivered)?)?;
        self.delivered += 1;
        Some(parsed)
    }
}

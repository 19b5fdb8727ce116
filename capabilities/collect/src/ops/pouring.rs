//! The rows of one table on their way into the gate. Types are those of the whole file: while the first pieces are
//! held back nothing is decided; once rows flow, a type that widens after all starts a second reading with the types
//! then known. What is held back is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use yiwang_gate::{Load, LoadSpec, REFUSED_MAX, Staged};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result};
use yiwang_tables::{Plan, Type};

use crate::fit::{Fitted, fit};
use crate::model::{REASONS_MAX, Refusal};
use crate::pour::{Open, Settled, Whole, drive};

/// Threads a file is parsed on.
const THREADS: usize = 2;
/// Bytes of rows held back before types are taken as settled.
const HELD_BACK_BYTES_MAX: usize = 64 << 20;
/// Pieces between the parsing threads and the gate.
const WAITING_MAX: usize = 2;

/// Makes the specification of a load from the types and kinds found.
pub(super) type MakeSpec<'p> = dyn Fn(&[Type], &[Option<String>]) -> LoadSpec + Send + Sync + 'p;

/// What is poured.
pub(super) struct Pour<'p> {
    pub(super) plan: Arc<Plan>,
    pub(super) settled: Vec<Settled>,
    /// Places of the key's columns.
    pub(super) key: Vec<usize>,
    /// Makes the load's description of the types; none in a dry run.
    pub(super) spec: Option<&'p MakeSpec<'p>>,
    pub(super) given_up: Arc<AtomicBool>,
    pub(super) progress: &'p (dyn Fn(u64) + Send + Sync),
}

/// What became of the rows.
pub(super) struct Poured {
    pub(super) whole: Whole,
    pub(super) types: Vec<Type>,
    pub(super) tally: Tally,
    /// None in a dry run.
    pub(super) staged: Option<Staged>,
}

/// Rows counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rows_taken: u64,
    pub(super) rows_refused: u64,
    reasons: BTreeMap<(String, Option<String>), (u64, u64)>,
}

impl Tally {
    fn add(&mut self, fitted: &Fitted) {
        self.rows_taken += fitted.batch.num_rows() as u64;
        self.rows_refused += fitted.refused.len() as u64;
        for refused in &fitted.refused {
            let mut key = (refused.reason.clone(), refused.field.clone());
            if self.reasons.len() >= REASONS_MAX && !self.reasons.contains_key(&key) {
                key.1 = None;
            }
            self.reasons.entry(key).or_insert((0, refused.line)).0 += 1;
        }
    }

    /// Why rows were refused, most frequent first.
    pub(super) fn refusals(&self) -> Vec<Refusal> {
        let mut refusals: Vec<Refusal> = self
            .reasons
            .iter()
            .map(|((reason, field), (rows, line))| Refusal {
                reason: reason.clone(),
                field: field.clone(),
                rows: *rows,
                line_first: *line,
            })
            .collect();
        refusals.sort_by_key(|refusal| (std::cmp::Reverse(refusal.rows), refusal.line_first));
        refusals
    }
}

/// A piece and the kinds its columns show.
struct Piece {
    fitted: Fitted,
    kinds: Vec<Option<String>>,
    read_bytes: u64,
}

enum Phase {
    HeldBack(Vec<Piece>, usize),
    Flowing(Option<Load>, Vec<Type>),
    /// A type widened after rows flowed: only types are of interest until the end.
    TypesOnly,
}

/// Pours the table into the gate; [`Poured::staged`] is seen by nobody yet.
pub(super) async fn pour(platform: &Platform, ctx: &Ctx, mut open: Open, pour: Pour<'_>) -> Result<Poured> {
    let first = Reading { platform, ctx, pour: &pour, settled: &pour.settled, types: None };
    let (opened, whole, phase, tally) = first.read(open).await?;
    open = opened;
    let seen = pour.settled.iter().zip(&whole.seen);
    let types: Vec<Type> = seen.map(|(settled, seen)| settled.type_of(*seen)).collect();
    let (phase, tally) = match phase {
        Phase::Flowing(load, flowing) if flowing == types => (Phase::Flowing(load, flowing), tally),
        Phase::HeldBack(pieces, _) if pieces.iter().all(|piece| piece.fitted.types == types) => {
            let kinds = pieces.first().map(|piece| piece.kinds.clone()).unwrap_or_default();
            let mut load = begin(platform, ctx, &pour, &types, &kinds).await?;
            write(load.as_mut(), pieces).await?;
            (Phase::Flowing(load, types.clone()), tally)
        }
        _ => {
            let exactly: Vec<Settled> = types.iter().map(|given| Settled::Exactly(*given)).collect();
            let again = Reading { platform, ctx, pour: &pour, settled: &exactly, types: Some(&types) };
            let (_, _, phase, tally) = again.read(open).await?;
            (phase, tally)
        }
    };
    let staged = match phase {
        Phase::Flowing(Some(load), _) => Some(load.finish().await?),
        Phase::Flowing(None, _) => None,
        Phase::HeldBack(..) | Phase::TypesOnly => return Err(Error::broken("rows of settled types did not flow")),
    };
    Ok(Poured { whole, types, tally, staged })
}

/// One reading of the whole table.
struct Reading<'r> {
    platform: &'r Platform,
    ctx: &'r Ctx,
    pour: &'r Pour<'r>,
    settled: &'r [Settled],
    /// The types of the whole, once known.
    types: Option<&'r [Type]>,
}

impl Reading<'_> {
    async fn read(&self, open: Open) -> Result<(Open, Whole, Phase, Tally)> {
        let (pieces, mut waiting) = mpsc::channel(WAITING_MAX);
        let reading = self.start(open, pieces);
        let mut phase = Phase::HeldBack(Vec::new(), 0);
        if let Some(types) = self.types {
            let kinds = vec![None; types.len()];
            phase = Phase::Flowing(begin(self.platform, self.ctx, self.pour, types, &kinds).await?, types.to_vec());
        }
        let mut tally = Tally::default();
        while let Some(piece) = waiting.recv().await {
            let piece: Piece = piece;
            tally.add(&piece.fitted);
            if tally.rows_refused > REFUSED_MAX {
                return Err(Error::invalid("file", "load-refused-many").with("limit", REFUSED_MAX));
            }
            (self.pour.progress)(piece.read_bytes);
            phase = self.take(phase, piece).await?;
        }
        let read = reading.await.map_err(|source| Error::internal("a file's reader stopped", source))?;
        let (open, whole) = read?;
        Ok((open, whole, phase, tally))
    }

    /// Reads on a thread that may block; ends when the receiver is gone or the load is given up.
    fn start(&self, mut open: Open, pieces: mpsc::Sender<Piece>) -> tokio::task::JoinHandle<Result<(Open, Whole)>> {
        let (plan, settled, key) = (Arc::clone(&self.pour.plan), self.settled.to_vec(), self.pour.key.clone());
        let given_up = Arc::clone(&self.pour.given_up);
        let wanted: Vec<Option<Type>> = settled.iter().map(|settled| settled.exactly()).collect();
        tokio::task::spawn_blocking(move || {
            let mut read_bytes = 0;
            let stop = || yiwang_tables::Error::Stopped("given up".to_owned());
            let whole = drive(&mut open, &plan, &settled, THREADS, &mut |chunk, parsed| {
                if given_up.load(Ordering::Relaxed) {
                    return Err(stop());
                }
                read_bytes += chunk.bytes.len() as u64;
                let kinds = parsed.facts.iter().map(|facts| facts.kind().map(|kind| kind.word().to_owned())).collect();
                let fitted = fit(chunk, &plan, parsed, &wanted, &key)?;
                pieces.blocking_send(Piece { fitted, kinds, read_bytes }).map_err(|_| stop())
            });
            match whole {
                Ok(whole) => Ok((open, whole)),
                Err(_) if given_up.load(Ordering::Relaxed) => Err(Error::refused("load-cancelled")),
                Err(error) => Err(refusal(error)),
            }
        })
    }

    async fn take(&self, phase: Phase, piece: Piece) -> Result<Phase> {
        match phase {
            Phase::HeldBack(mut pieces, mut bytes) => {
                bytes += piece.fitted.batch.get_array_memory_size();
                pieces.push(piece);
                if bytes < HELD_BACK_BYTES_MAX {
                    return Ok(Phase::HeldBack(pieces, bytes));
                }
                let types = pieces.last().map(|piece| piece.fitted.types.clone()).unwrap_or_default();
                let lasting = |given: &Type| *given != Type::Instant;
                if !types.iter().all(lasting) || pieces.iter().any(|piece| piece.fitted.types != types) {
                    return Ok(Phase::TypesOnly);
                }
                let kinds = pieces.first().map(|piece| piece.kinds.clone()).unwrap_or_default();
                let mut load = begin(self.platform, self.ctx, self.pour, &types, &kinds).await?;
                write(load.as_mut(), pieces).await?;
                Ok(Phase::Flowing(load, types))
            }
            Phase::Flowing(load, types) if piece.fitted.types != types => {
                drop(load);
                Ok(Phase::TypesOnly)
            }
            Phase::Flowing(mut load, types) => {
                write(load.as_mut(), vec![piece]).await?;
                Ok(Phase::Flowing(load, types))
            }
            Phase::TypesOnly => Ok(Phase::TypesOnly),
        }
    }
}

async fn begin(
    platform: &Platform,
    ctx: &Ctx,
    pour: &Pour<'_>,
    types: &[Type],
    kinds: &[Option<String>],
) -> Result<Option<Load>> {
    match pour.spec {
        Some(spec) => Ok(Some(platform.gate.load(ctx, spec(types, kinds)).await?)),
        None => Ok(None),
    }
}

async fn write(load: Option<&mut Load>, pieces: Vec<Piece>) -> Result<()> {
    let Some(load) = load else { return Ok(()) };
    for piece in pieces {
        let Fitted { batch, refused, .. } = piece.fitted;
        if batch.num_rows() > 0 {
            load.write(batch).await?;
        }
        for row in refused {
            load.refuse(row).await?;
        }
    }
    Ok(())
}

/// What a reader of tables says, for the sender of the file.
pub(super) fn refusal(error: yiwang_tables::Error) -> Error {
    match error {
        yiwang_tables::Error::TooWide { given, limit } => {
            Error::invalid("file", "load-too-wide").with("given", given).with("limit", limit)
        }
        yiwang_tables::Error::Read(source) => match source.downcast::<Error>() {
            Ok(error) => error,
            Err(source) => {
                tracing::warn!(%source, "a file does not read");
                Error::invalid("file", "load-format-broken").with("format", "")
            }
        },
        yiwang_tables::Error::Broken { line } => Error::invalid("file", "load-open-quotes").with("line", line),
        yiwang_tables::Error::Stopped(_) => Error::refused("load-stopped"),
        build @ yiwang_tables::Error::Build(_) => Error::internal("a table was not built", build),
    }
}

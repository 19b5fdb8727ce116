//! The owner's side: a socket only its own user may open, a caller heard at a time limit, its verb run as if it had
//! been started here, given up when the caller leaves.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use yiwang_kernel::Error;

use super::frames::{self, Ask, FORMAT, Frame, Word};
use super::{Place, check_peer};
use crate::assemble::City;
use crate::cli::{Shared, Verb};
use crate::output::{self, Caller, Heard, Said, Sink};
use crate::verbs;

/// Verbs run for callers at once.
const CALLERS_MAX: usize = 8;
/// A caller says what it wants within this time.
const ASK_S: u64 = 10;
/// Pieces of a file waiting for the verb.
const PIECES_MAX: usize = 4;

/// The socket of a directory that this process owns; removed with it.
pub(crate) struct Owner {
    listener: UnixListener,
    socket: PathBuf,
}

impl Owner {
    /// Stands at the directory's socket; whatever an earlier owner left there is replaced. The directory's lock must be
    /// held.
    pub(crate) fn stand(shared: &Shared) -> Result<Owner> {
        let refused = |source| Error::internal("making the socket of the directory", source);
        let place = Place::of(&shared.data).map_err(refused)?;
        let draft = place.socket.with_extension("new");
        drop(std::fs::remove_file(&draft));
        let listener = UnixListener::bind(&draft).map_err(refused)?;
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600)).map_err(refused)?;
        std::fs::rename(&draft, &place.socket).map_err(refused)?;
        Ok(Owner { listener, socket: shared.data.join(super::SOCKET) })
    }

    /// Answers callers until told to stop; what is under way then is given up.
    pub(crate) async fn serve(self, shared: Shared, city: Arc<City>, mut stopping: watch::Receiver<bool>) {
        let mut callers = JoinSet::new();
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stopping.wait_for(|stop| *stop) => break,
            };
            while callers.try_join_next().is_some() {}
            let Ok((stream, _)) = stream else { continue };
            if let Err(error) = check_peer(&stream) {
                tracing::warn!(%error, "somebody else is at the directory's socket");
                continue;
            }
            if callers.len() < CALLERS_MAX {
                callers.spawn(answer(stream, shared.clone(), Arc::clone(&city)));
            } else {
                callers.spawn(refuse(stream, shared.clone()));
            }
        }
        callers.shutdown().await;
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A socket left behind refuses connections and is replaced at the next start.
        drop(std::fs::remove_file(&self.socket));
    }
}

async fn answer(stream: UnixStream, shared: Shared, city: Arc<City>) {
    let (mut from, to) = stream.into_split();
    let asked = tokio::time::timeout(Duration::from_secs(ASK_S), frames::read(&mut from)).await;
    let Ok(Ok(Some(Frame::Word(Word::Ask(ask))))) = asked else {
        return run(from, to, shared, |shared| async move { failed(&shared, "owner-other-version") }).await;
    };
    let Ask { format, lang, json, verb } = *ask;
    if format != FORMAT {
        return run(from, to, shared, |shared| async move { failed(&shared, "owner-other-version") }).await;
    }
    let shared = Shared { lang, json, ..shared };
    let work = |shared: Shared| {
        Box::pin(async move {
            let done = act(&shared, &city, &verb).await;
            done.map_or_else(|error| output::failed(&shared, &error), |()| output::DONE)
        })
    };
    run(from, to, shared, work).await;
}

async fn refuse(stream: UnixStream, shared: Shared) {
    let (from, to) = stream.into_split();
    run(from, to, shared, |shared| async move { failed(&shared, "owner-busy") }).await;
}

fn failed(shared: &Shared, code: &'static str) -> u8 {
    output::failed(shared, &Error::unavailable(code).into())
}

/// Runs the verb. A load is told that its caller left and settles itself; anything else is dropped.
async fn act(shared: &Shared, city: &City, verb: &Verb) -> Result<()> {
    if matches!(verb, Verb::Load(_)) {
        return verbs::act(shared, city, verb).await;
    }
    tokio::select! {
        done = verbs::act(shared, city, verb) => done,
        () = shared.sink.given_up() => Err(Error::unavailable("owner-caller-lost").into()),
    }
}

/// Runs the work with a sink that leads to the caller, and tells the caller its exit code.
async fn run<Done>(from: OwnedReadHalf, to: OwnedWriteHalf, shared: Shared, work: impl FnOnce(Shared) -> Done)
where
    Done: Future<Output = u8>,
{
    let (said, saying) = mpsc::unbounded_channel();
    let (hearing, heard) = mpsc::channel(PIECES_MAX);
    let (leave, gone) = watch::channel(false);
    let caller = Arc::new(Caller::new(said, heard, gone));
    let shared = Shared { sink: Sink::Caller(Arc::clone(&caller)), ..shared };
    let mut listening = JoinSet::new();
    listening.spawn(listen(from, hearing, leave));
    let working = async move {
        let code = work(shared).await;
        caller.say(Said::Done(code));
    };
    // The channel ends when the work is over and its sinks are gone; then everything was said.
    tokio::join!(say(to, saying), working);
    listening.shutdown().await;
}

async fn listen(mut from: OwnedReadHalf, hearing: mpsc::Sender<Heard>, leave: watch::Sender<bool>) {
    while let Ok(Some(frame)) = frames::read(&mut from).await {
        let heard = match frame {
            Frame::Piece(bytes) => Heard::Piece(bytes),
            Frame::Word(Word::File(bytes)) => Heard::File(bytes),
            Frame::Word(Word::FileEnd) => Heard::End,
            Frame::Word(Word::Unreadable(reason)) => Heard::Unreadable(reason),
            Frame::Word(Word::GiveUp) => {
                leave.send_replace(true);
                continue;
            }
            _ => break,
        };
        if hearing.send(heard).await.is_err() {
            break;
        }
    }
    leave.send_replace(true);
}

async fn say(mut to: OwnedWriteHalf, mut saying: mpsc::UnboundedReceiver<Said>) {
    while let Some(said) = saying.recv().await {
        let frame = match said {
            Said::Out(bytes) => Frame::Out(bytes.into()),
            Said::Err(bytes) => Frame::Err(bytes.into()),
            Said::Begin { name, bytes } => Frame::Word(Word::Begin(name, bytes)),
            Said::At(bytes) => Frame::Word(Word::At(bytes)),
            Said::End => Frame::Word(Word::End),
            Said::Want(number) => Frame::Word(Word::Want(number)),
            Said::Done(code) => Frame::Word(Word::Done(code)),
        };
        if frames::write(&mut to, &frame).await.is_err() {
            return;
        }
    }
    drop(to.shutdown().await);
}

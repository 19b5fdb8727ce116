//! The caller's side: finds out whether the directory is owned, asks the owner for the verb, passes on what it says,
//! reads the files it wants with the caller's own rights.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use indicatif::ProgressBar;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex;
use yiwang_kernel::Error;

use super::frames::{self, Ask, FORMAT, Frame, PIECE_BYTES, Word};
use super::{Place, check_peer};
use crate::cli::{Shared, Verb};
use crate::output;

/// A line to the owner of a directory.
pub(crate) struct Asker {
    heard: OwnedReadHalf,
    told: Arc<Mutex<OwnedWriteHalf>>,
}

/// The owner of the command line's directory, if there is one.
pub(crate) async fn find(shared: &Shared) -> Result<Option<Asker>> {
    let Ok(place) = Place::of(&shared.data) else { return Ok(None) };
    let stream = match UnixStream::connect(&place.socket).await {
        Ok(stream) => stream,
        // No socket, or one that a killed owner left behind.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(Error::forbidden("owner-other-user").into());
        }
        Err(error) => return Err(Error::internal("asking the owner of the directory", error).into()),
    };
    check_peer(&stream)?;
    let (heard, told) = stream.into_split();
    Ok(Some(Asker { heard, told: Arc::new(Mutex::new(told)) }))
}

impl Asker {
    /// Has the owner run the verb; its exit code.
    pub(crate) async fn ask(mut self, shared: &Shared, verb: Verb) -> Result<u8> {
        let files = match &verb {
            Verb::Load(load) => load.paths.clone(),
            _ => Vec::new(),
        };
        let gives_up = matches!(verb, Verb::Load(_));
        let ask = Ask { format: FORMAT, lang: shared.lang, json: shared.json, verb };
        self.tell(&Frame::Word(Word::Ask(Box::new(ask)))).await.map_err(lost)?;
        // What else can be given up ends with this process: the owner drops it when the line is cut.
        let giving_up = gives_up.then(|| tokio::spawn(give_up_when_asked(Arc::clone(&self.told))));
        let done = self.pass_on(&files).await;
        if let Some(giving_up) = giving_up {
            giving_up.abort();
        }
        done
    }

    async fn pass_on(&mut self, files: &[PathBuf]) -> Result<u8> {
        let mut bar: Option<ProgressBar> = None;
        loop {
            match frames::read(&mut self.heard).await.map_err(lost)? {
                Some(Frame::Out(bytes)) => std::io::stdout().write_all(&bytes).map_err(lost)?,
                Some(Frame::Err(bytes)) => std::io::stderr().write_all(&bytes).map_err(lost)?,
                Some(Frame::Word(Word::Want(number))) => self.send_file(files.get(number)).await,
                Some(Frame::Word(Word::Begin(name, bytes))) => bar = Some(output::shown(&name, bytes)),
                Some(Frame::Word(Word::At(bytes))) => bar.iter().for_each(|bar| bar.set_position(bytes)),
                Some(Frame::Word(Word::End)) => bar.take().into_iter().for_each(|bar| bar.finish_and_clear()),
                Some(Frame::Word(Word::Done(code))) => {
                    std::io::stdout().flush().map_err(lost)?;
                    return Ok(code);
                }
                Some(_) => return Err(Error::unavailable("owner-other-version").into()),
                None => return Err(Error::unavailable("owner-lost").into()),
            }
        }
    }

    /// Sends a file as this process may read it. An owner that wants no more of it says why in what it sends next.
    async fn send_file(&self, path: Option<&PathBuf>) {
        let opened = match path {
            Some(path) => output::opened(path).await,
            None => Err(std::io::Error::from(ErrorKind::NotFound)),
        };
        let (mut file, bytes) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                drop(self.tell(&Frame::Word(Word::Unreadable(error.to_string()))).await);
                return;
            }
        };
        if self.tell(&Frame::Word(Word::File(bytes))).await.is_err() {
            return;
        }
        loop {
            let mut piece = vec![0u8; PIECE_BYTES];
            let frame = match file.read(&mut piece).await {
                Ok(0) => Frame::Word(Word::FileEnd),
                Ok(read) => {
                    piece.truncate(read);
                    Frame::Piece(Bytes::from(piece))
                }
                Err(error) => Frame::Word(Word::Unreadable(error.to_string())),
            };
            let more = matches!(frame, Frame::Piece(_));
            if self.tell(&frame).await.is_err() || !more {
                return;
            }
        }
    }

    async fn tell(&self, frame: &Frame) -> std::io::Result<()> {
        frames::write(&mut *self.told.lock().await, frame).await
    }
}

/// The first Ctrl-C asks the owner to give the verb up; the second ends this process.
#[expect(clippy::disallowed_methods, reason = "the second Ctrl-C ends the process whatever it waits for")]
async fn give_up_when_asked(told: Arc<Mutex<OwnedWriteHalf>>) {
    drop(tokio::signal::ctrl_c().await);
    drop(frames::write(&mut *told.lock().await, &Frame::Word(Word::GiveUp)).await);
    drop(tokio::signal::ctrl_c().await);
    std::process::exit(130);
}

fn lost(source: std::io::Error) -> Error {
    tracing::debug!(%source, "the line to the owner broke");
    Error::unavailable("owner-lost")
}

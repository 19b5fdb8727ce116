//! Where a verb speaks to and where its files come from: this terminal and this disk, or the process that asked for
//! the verb. The caller's end is a channel; what carries it is `owner`'s business.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::{Mutex, mpsc, watch};
use yiwang_kernel::{Error, Result};

/// Bytes of a text sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// Where a verb speaks to.
#[derive(Debug, Clone, Default)]
pub(crate) enum Sink {
    /// This process's standard output and standard error.
    #[default]
    Terminal,
    /// Whoever asked for the verb.
    Caller(Arc<Caller>),
}

/// What a verb says to its caller. What a verb says in all is bounded by the verb itself: a query has its row limit, a
/// report its columns.
#[derive(Debug)]
pub(crate) enum Said {
    /// To standard output.
    Out(Vec<u8>),
    /// To standard error.
    Err(Vec<u8>),
    /// Something of this many bytes begins.
    Begin {
        /// Its name.
        name: String,
        /// Its bytes.
        bytes: u64,
    },
    /// So many bytes of it are done.
    At(u64),
    /// It is over.
    End,
    /// The caller's n-th file is wanted.
    Want(usize),
    /// The verb ended with this exit code.
    Done(u8),
}

/// What a caller sends of a file.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A file of this many bytes follows.
    File(u64),
    /// The caller cannot read it, and why.
    Unreadable(String),
    /// The next bytes of it.
    Piece(Bytes),
    /// That was all of it.
    End,
}

/// The caller's end of a verb.
#[derive(Debug)]
pub(crate) struct Caller {
    said: mpsc::UnboundedSender<Said>,
    heard: Mutex<mpsc::Receiver<Heard>>,
    gone: watch::Receiver<bool>,
}

/// A file as a verb is given it.
pub(crate) enum Given<'g> {
    /// By its place on this disk.
    Path(PathBuf),
    /// By its bytes, as its holder reads them.
    Stream(BoxStream<'g, Result<Bytes>>),
}

impl Caller {
    /// A caller heard and spoken to by these channels; `gone` turns true when it gives up.
    pub(crate) fn new(
        said: mpsc::UnboundedSender<Said>,
        heard: mpsc::Receiver<Heard>,
        gone: watch::Receiver<bool>,
    ) -> Caller {
        Caller { said, heard: Mutex::new(heard), gone }
    }

    /// Says something; a caller that is gone hears nothing.
    pub(crate) fn say(&self, said: Said) {
        drop(self.said.send(said));
    }

    /// Waits until the caller gives up.
    pub(crate) async fn gone(&self) {
        let mut gone = self.gone.clone();
        // An error means that nobody is left to give up.
        drop(gone.wait_for(|gone| *gone).await);
    }

    async fn file<'f>(&'f self, number: usize, path: &'f Path) -> Result<(u64, BoxStream<'f, Result<Bytes>>)> {
        let mut heard = self.heard.lock().await;
        self.say(Said::Want(number));
        let bytes = match heard.recv().await {
            Some(Heard::File(bytes)) => bytes,
            Some(Heard::Unreadable(reason)) => return Err(unreadable(path, reason)),
            _ => return Err(lost()),
        };
        let pieces = stream::unfold(Some(heard), move |heard| async move {
            let mut heard = heard?;
            match heard.recv().await {
                Some(Heard::Piece(bytes)) => Some((Ok(bytes), Some(heard))),
                Some(Heard::End) => None,
                Some(Heard::Unreadable(reason)) => Some((Err(unreadable(path, reason)), None)),
                _ => Some((Err(lost()), None)),
            }
        });
        Ok((bytes, pieces.boxed()))
    }
}

impl Sink {
    /// Writes to standard output.
    pub(crate) fn out(&self, text: &str) {
        match self {
            // Whoever closed our output wants no more of it; a server goes on.
            Sink::Terminal => drop(std::io::stdout().lock().write_all(text.as_bytes())),
            Sink::Caller(caller) => {
                text.as_bytes().chunks(PIECE_BYTES).for_each(|piece| caller.say(Said::Out(piece.to_vec())));
            }
        }
    }

    /// Writes to standard error.
    pub(crate) fn err(&self, text: &str) {
        match self {
            Sink::Terminal => drop(std::io::stderr().lock().write_all(text.as_bytes())),
            Sink::Caller(caller) => {
                text.as_bytes().chunks(PIECE_BYTES).for_each(|piece| caller.say(Said::Err(piece.to_vec())));
            }
        }
    }

    /// Says something to the caller, if there is one.
    pub(crate) fn say(&self, said: Said) {
        if let Sink::Caller(caller) = self {
            caller.say(said);
        }
    }

    /// The n-th file of the command line: its size and where its bytes are. A caller's file is read by the caller,
    /// with its rights and its view of the disk.
    pub(crate) async fn file<'f>(&'f self, number: usize, path: &'f Path) -> Result<(u64, Given<'f>)> {
        match self {
            Sink::Terminal => {
                let (_, bytes) = opened(path).await.map_err(|error| unreadable(path, error))?;
                Ok((bytes, Given::Path(path.to_owned())))
            }
            Sink::Caller(caller) => {
                let (bytes, pieces) = caller.file(number, path).await?;
                Ok((bytes, Given::Stream(pieces)))
            }
        }
    }

    /// Waits until whoever asked for the verb gives it up: Ctrl-C, or a caller that left.
    pub(crate) async fn given_up(&self) {
        match self {
            Sink::Terminal => drop(tokio::signal::ctrl_c().await),
            Sink::Caller(caller) => caller.gone().await,
        }
    }

    /// Waits until a person insists: the second Ctrl-C. A caller cannot.
    pub(crate) async fn insisted(&self) {
        match self {
            Sink::Terminal => drop(tokio::signal::ctrl_c().await),
            Sink::Caller(_) => std::future::pending().await,
        }
    }
}

/// A file of this disk, open, and its size; what is no file is refused.
pub(crate) async fn opened(path: &Path) -> std::io::Result<(tokio::fs::File, u64)> {
    let file = tokio::fs::File::open(path).await?;
    let about = file.metadata().await?;
    if about.is_file() { Ok((file, about.len())) } else { Err(std::io::Error::other("not a file")) }
}

fn unreadable(path: &Path, reason: impl ToString) -> Error {
    Error::invalid("path", "file-unreadable").with("path", path.display()).with("reason", reason)
}

fn lost() -> Error {
    Error::unavailable("owner-caller-lost")
}

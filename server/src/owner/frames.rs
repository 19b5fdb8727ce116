//! Frames between a verb and the owner of its directory: length, kind, body. Bounded; judges no content.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::cli::{Language, Verb};

/// Bytes of a body at most.
const BODY_BYTES_MAX: u32 = 1 << 20;
/// Bytes of a file sent at once.
pub(super) const PIECE_BYTES: usize = 256 << 10;
/// Version of these frames; another is refused.
pub(super) const FORMAT: u32 = 1;

const WORD: u8 = 0;
const OUT: u8 = 1;
const ERR: u8 = 2;
const PIECE: u8 = 3;

/// One frame.
#[derive(Debug)]
pub(super) enum Frame {
    /// What the two say to each other.
    Word(Word),
    /// For the caller's standard output.
    Out(Bytes),
    /// For the caller's standard error.
    Err(Bytes),
    /// Bytes of a file.
    Piece(Bytes),
}

/// What the two say to each other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// The caller: do this.
    Ask(Box<Ask>),
    /// The caller: the file asked for, of so many bytes, follows.
    File(u64),
    /// The caller: the file asked for cannot be read, and why.
    Unreadable(String),
    /// The caller: the file ends here.
    FileEnd,
    /// The caller: give it up.
    GiveUp,
    /// The owner: send this file of the command line.
    Want(usize),
    /// The owner: something of this many bytes begins.
    Begin(String, u64),
    /// The owner: so many bytes of it are done.
    At(u64),
    /// The owner: it is over.
    End,
    /// The owner: the verb ended with this exit code.
    Done(u8),
}

/// A verb as it is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ask {
    /// Version of the frames.
    pub(super) format: u32,
    /// Language of what is printed.
    pub(super) lang: Language,
    /// Whether to print JSON.
    pub(super) json: bool,
    /// The verb.
    pub(super) verb: Verb,
}

/// The next frame; none where the other side closed between two.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<Frame>> {
    let mut head = [0u8; 5];
    if from.read(&mut head[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..]).await?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length);
    if length > BODY_BYTES_MAX {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a frame is too large"));
    }
    let mut body = vec![0u8; length as usize];
    from.read_exact(&mut body).await?;
    let frame = match kind {
        WORD => Frame::Word(serde_json::from_slice(&body)?),
        OUT => Frame::Out(body.into()),
        ERR => Frame::Err(body.into()),
        PIECE => Frame::Piece(body.into()),
        _ => return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a frame of unknown kind")),
    };
    Ok(Some(frame))
}

/// Writes a frame.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &Frame) -> std::io::Result<()> {
    let word: Vec<u8>;
    let (kind, body): (u8, &[u8]) = match frame {
        Frame::Word(said) => {
            word = serde_json::to_vec(said)?;
            (WORD, &word)
        }
        Frame::Out(bytes) => (OUT, bytes),
        Frame::Err(bytes) => (ERR, bytes),
        Frame::Piece(bytes) => (PIECE, bytes),
    };
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= BODY_BYTES_MAX);
    let length = length.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, "a frame is too large"))?;
    let mut whole = Vec::with_capacity(body.len() + 5);
    whole.push(kind);
    whole.extend_from_slice(&length.to_be_bytes());
    whole.extend_from_slice(body);
    to.write_all(&whole).await
}

//! One process owns a data directory. A verb that finds it owned asks the owner over a Unix socket in the directory and
//! passes on what it says: same output, same exit codes (docs/decisions/0016-owner.md). Knows no verb's meaning.

mod answer;
mod ask;
mod frames;

use std::path::{Path, PathBuf};

use anyhow::Result;
use tokio::net::UnixStream;
use yiwang_kernel::Error;

pub(crate) use answer::Owner;
pub(crate) use ask::find;

/// The socket's name in the data directory.
const SOCKET: &str = "SOCKET";
/// Longest path a Unix socket takes, with the ending of its draft.
const PATH_BYTES_MAX: usize = 100;

/// A directory's socket by a path short enough for the system, as long as this lives.
struct Place {
    socket: PathBuf,
    _folder: Option<std::fs::File>,
}

impl Place {
    fn of(directory: &Path) -> std::io::Result<Place> {
        let socket = directory.join(SOCKET);
        if socket.as_os_str().len() <= PATH_BYTES_MAX {
            return Ok(Place { socket, _folder: None });
        }
        let folder = std::fs::File::open(directory)?;
        let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
        let socket = PathBuf::from(format!("/proc/self/fd/{number}/{SOCKET}"));
        Ok(Place { socket, _folder: Some(folder) })
    }
}

/// Refuses whoever is not the user this process runs as.
fn check_peer(stream: &UnixStream) -> Result<()> {
    let peer = stream.peer_cred().map_err(|source| Error::internal("asking who is at the socket", source))?;
    let own = rustix::process::geteuid().as_raw();
    if peer.uid() == own { Ok(()) } else { Err(Error::forbidden("owner-other-user").into()) }
}

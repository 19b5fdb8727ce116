//! `serve`: binds, says where, serves until asked to stop. An empty directory is set up first.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use yiwang_host::Faces;
use yiwang_kernel::{Actor, Error};

use crate::assemble::City;
use crate::cli::{FaceChoice, Listen, Shared};
use crate::owner::Owner;
use crate::{output, set_up};

/// Jobs that run at once.
const JOBS_MAX: usize = 2;

/// Serves the city of the command line.
pub(crate) async fn serve(shared: &Shared, listen: &Listen) -> Result<()> {
    if !set_up::is_empty(&shared.data) {
        let city = City::open(shared).await?;
        if city.directory.mark.demo {
            refuse_strangers(listen.listen)?;
        }
        return serve_city(shared, city, listen).await;
    }
    let listener = bind(listen).await?;
    match Box::pin(set_up::await_city(shared, listen, &listener)).await? {
        // The one document was printed with the link.
        Some(city) if shared.json => serve_at(shared, city, listen.face, listener, false).await,
        Some(city) => serve_at(shared, city, listen.face, listener, true).await,
        None => Ok(()),
    }
}

/// Serves until Ctrl-C or SIGTERM, then finishes what is under way.
pub(crate) async fn serve_city(shared: &Shared, city: City, listen: &Listen) -> Result<()> {
    let listener = bind(listen).await?;
    serve_at(shared, city, listen.face, listener, true).await
}

async fn serve_at(shared: &Shared, city: City, face: FaceChoice, listener: TcpListener, announced: bool) -> Result<()> {
    if let Err(gap) = yiwang_oversight::ops::require_witnessed(&city.platform).await {
        city.close().await;
        return Err(gap.into());
    }
    let city = Arc::new(city);
    let (stop, stopping) = watch::channel(false);
    let owner = tokio::spawn(Owner::stand(shared)?.serve(shared.clone(), Arc::clone(&city), stopping.clone()));
    if announced {
        announce(shared, &listener)?;
    }
    let faces = match face {
        FaceChoice::Public => Faces::Public,
        FaceChoice::Inside => Faces::Inside,
        FaceChoice::All => Faces::Both,
    };
    // What the outbox announced while nobody served, and an index that was deleted.
    yiwang_catalogue::ops::catch_up(&city.platform, &city.platform.ctx(Actor::System("index"))).await?;
    let runner = yiwang_host::runner(&city.platform, &city.capabilities, JOBS_MAX);
    let ctx = city.platform.ctx(Actor::System("jobs"));
    let jobs = tokio::spawn(async move { runner.serve(&ctx, stopping).await });
    let served = yiwang_host::serve(&city.platform, &city.capabilities, faces, listener, stopped()).await;
    // The receiver may be gone already; then there is nobody to tell.
    stop.send_replace(true);
    drop(tokio::join!(jobs, owner));
    city.close().await;
    served.map_err(Into::into)
}

/// A demo has one-click roles: it is shown to this machine alone unless shared on purpose.
pub(crate) fn refuse_strangers(address: SocketAddr) -> Result<()> {
    if address.ip().is_loopback() { Ok(()) } else { Err(Error::refused("listen-share").into()) }
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stopped() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

async fn bind(listen: &Listen) -> Result<TcpListener> {
    let bound = TcpListener::bind(listen.listen).await;
    Ok(bound
        .map_err(|reason| Error::unavailable("listen-refused").with("address", listen.listen).with("reason", reason))?)
}

/// Says where the city is; by now a verb finds its owner.
fn announce(shared: &Shared, listener: &TcpListener) -> Result<()> {
    let address = listener.local_addr().map_err(|source| Error::internal("asking where we listen", source))?;
    let url = format!("http://{address}");
    output::line(shared, &json!({ "url": url }), &format!("{} {url}", output::say(shared, "打开", "Open")));
    Ok(())
}

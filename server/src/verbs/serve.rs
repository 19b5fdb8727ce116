//! `serve`: binds, says where, serves until asked to stop.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use yiwang_host::Faces;
use yiwang_kernel::{Actor, Error};

use crate::assemble::City;
use crate::cli::{FaceChoice, Listen, Shared};
use crate::output;

/// Jobs that run at once.
const JOBS_MAX: usize = 2;

/// Serves the city of the command line.
pub(crate) async fn serve(shared: &Shared, listen: &Listen) -> Result<()> {
    let city = City::open(shared).await?;
    if city.directory.mark.demo {
        refuse_strangers(listen.listen)?;
    }
    serve_city(shared, city, listen).await
}

/// Serves until Ctrl-C or SIGTERM, then finishes what is under way.
pub(crate) async fn serve_city(shared: &Shared, city: City, listen: &Listen) -> Result<()> {
    let refused = |reason: &dyn std::fmt::Display| {
        Error::unavailable("listen-refused").with("address", listen.listen).with("reason", reason)
    };
    let listener = TcpListener::bind(listen.listen).await.map_err(|error| refused(&error))?;
    let url = format!("http://{}", listener.local_addr().map_err(|error| refused(&error))?);
    output::line(shared, &json!({ "url": url }), &format!("{} {url}", output::say(shared, "打开", "Open")));
    let faces = match listen.face {
        FaceChoice::Public => Faces::Public,
        FaceChoice::Inside => Faces::Inside,
        FaceChoice::All => Faces::Both,
    };
    // What the outbox announced while nobody served, and an index that was deleted.
    yiwang_catalogue::ops::catch_up(&city.platform, &city.platform.ctx(Actor::System("index"))).await?;
    let (stop, stopping) = watch::channel(false);
    let runner = yiwang_host::runner(&city.platform, &city.capabilities, JOBS_MAX);
    let ctx = city.platform.ctx(Actor::System("jobs"));
    let jobs = tokio::spawn(async move { runner.serve(&ctx, stopping).await });
    let served = yiwang_host::serve(&city.platform, &city.capabilities, faces, listener, stopped()).await;
    // The receiver may be gone already; then there is nobody to tell.
    stop.send_replace(true);
    drop(jobs.await);
    city.platform.db.close().await;
    served.map_err(Into::into)
}

/// A demo has one-click roles: it is shown to this machine alone unless shared on purpose.
pub(crate) fn refuse_strangers(address: SocketAddr) -> Result<()> {
    if address.ip().is_loopback() { Ok(()) } else { Err(Error::refused("listen-share").into()) }
}

async fn stopped() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

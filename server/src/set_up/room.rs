//! Where an empty directory waits to become a city: a router of the set-up pages alone, over a throw-away platform, so
//! that forms, languages and refusals are those of the product. On this machine alone; ends when the city is made.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use yiwang_access::Token;
use yiwang_host::{Faces, ListenerExt};
use yiwang_kernel::{Actor, Error, Result as Answered, Text};

use super::{Founded, Wish, found, pages};
use crate::assemble::City;
use crate::city::{Directory, Mark};
use crate::cli::{Listen, Shared};
use crate::output;
use crate::verbs::stopped;

/// A city being set up.
pub(super) struct Room {
    shared: Shared,
    /// The hash of the one-time link.
    link: [u8; 32],
    stage: Mutex<Stage>,
    left: watch::Sender<bool>,
    /// Open while the room takes connections.
    open: watch::Receiver<()>,
}

enum Stage {
    /// Nobody used the link yet.
    Waiting,
    /// The city is made; whoever holds the ticket says where the copy of its keys is kept.
    Made { city: Box<City>, ticket: [u8; 32] },
    /// The city is handed on.
    Left(Option<Box<City>>),
}

/// What is shown once, when the city is made.
pub(super) struct Made {
    /// Sign-in name and activation address of each administrator; none for one with a password.
    pub(super) administrators: Vec<(String, Option<String>)>,
    /// Where the key file lies.
    pub(super) keys: String,
    /// The keys in words an operator can copy.
    pub(super) recovery: String,
    /// What the next step is asked with.
    pub(super) ticket: String,
}

/// Serves the set-up pages until the city is made; none where this process was asked to stop before.
pub(crate) async fn await_city(shared: &Shared, listen: &Listen, listener: &TcpListener) -> Result<Option<City>> {
    if !listen.listen.ip().is_loopback() {
        return Err(Error::refused("listen-set-up").into());
    }
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let aside = Shared {
        data: folder.path().join("room"),
        keys: Some(folder.path().join("keys")),
        store: None,
        lake: None,
        ..shared.clone()
    };
    let mark = Mark::new(Text::new("一网", "Yiwang"), "000000", false, true);
    let mut directory = Directory::create(&aside, mark)?;
    directory.is_passing = true;
    let aside = City::over(directory, &aside).await?;
    let token = Token::new(&aside.platform.ctx(Actor::System("set-up")));
    let (left, mut leaving) = watch::channel(false);
    let (door, open) = watch::channel(());
    let (link, stage) = (token.hash(), Mutex::new(Stage::Waiting));
    let room = Arc::new(Room { shared: shared.clone(), link, stage, left, open });
    announce(shared, listener, &token)?;
    let gone = async move {
        tokio::select! {
            () = stopped() => {}
            _ = leaving.wait_for(|left| *left) => {}
        }
    };
    // The listener is let go before the last answers are given; the door with it.
    let own = listener_again(listener)?.tap_io(move |_| {
        let _held = &door;
    });
    let capabilities = [pages::capability(&room)];
    yiwang_host::serve(&aside.platform, &capabilities, Faces::Both, own, gone).await?;
    aside.close().await;
    let mut stage = room.stage.lock().await;
    match &mut *stage {
        Stage::Left(city) => Ok(city.take().map(|city| *city)),
        Stage::Waiting | Stage::Made { .. } => Ok(None),
    }
}

fn announce(shared: &Shared, listener: &TcpListener, token: &Token) -> Result<()> {
    let url = format!("http://{}", listener.local_addr().context("the address listened on")?);
    let set_up = format!("{url}/set-up?link={}", token.as_str());
    let words = match output::say(shared, "zh", "en") {
        "zh" => format!("{} 里还没有城市。\n首次设置（链接只能用一次）  {set_up}", shared.data.display()),
        _ => format!("There is no city in {} yet.\nSet it up (the link works once)  {set_up}", shared.data.display()),
    };
    output::line(shared, &json!({ "url": url, "set_up": set_up }), &words);
    Ok(())
}

/// A second hold on the same socket, so that no call is lost between the room and the city.
fn listener_again(listener: &TcpListener) -> Result<TcpListener> {
    use std::os::fd::AsFd;
    let again = listener.as_fd().try_clone_to_owned().context("the socket once more")?;
    TcpListener::from_std(std::net::TcpListener::from(again)).context("the socket once more")
}

impl Room {
    /// Refuses a link that is not the one printed, or was used.
    pub(super) async fn check_link(&self, link: &str) -> Answered<()> {
        let hash = Token::parse(link).map(|token| token.hash()).unwrap_or_default();
        if !yiwang_seal::equal(&hash, &self.link) {
            return Err(Error::forbidden("set-up-link"));
        }
        match *self.stage.lock().await {
            Stage::Waiting => Ok(()),
            Stage::Made { .. } | Stage::Left(_) => Err(Error::gone("set-up-link-spent")),
        }
    }

    /// Makes the city, once; a caller that leaves meanwhile stops nothing.
    pub(super) async fn make(self: Arc<Room>, link: &str, wish: Wish) -> Answered<Made> {
        self.check_link(link).await?;
        let made = tokio::spawn(async move { self.make_now(&wish).await }).await;
        made.map_err(|source| Error::internal("making a city", source))?
    }

    async fn make_now(&self, wish: &Wish) -> Answered<Made> {
        let mut stage = self.stage.lock().await;
        if !matches!(*stage, Stage::Waiting) {
            return Err(Error::gone("set-up-link-spent"));
        }
        let Founded { city, administrators } = Box::pin(found(&self.shared, wish)).await.map_err(known)?;
        let token = Token::new(&city.platform.ctx(Actor::System("set-up")));
        let administrators = administrators.into_iter().map(|founder| {
            let path = founder.link.map(|link| crate::verbs::activation(&link));
            (founder.person.name, path)
        });
        let made = Made {
            administrators: administrators.collect(),
            keys: self.shared.keys_path().display().to_string(),
            recovery: city.directory.master.to_text().to_string(),
            ticket: token.as_str().to_owned(),
        };
        *stage = Stage::Made { city: Box::new(city), ticket: token.hash() };
        Ok(made)
    }

    /// Refuses a ticket that is not the one shown with the city.
    pub(super) async fn check_ticket(&self, ticket: &str) -> Answered<()> {
        let hash = Token::parse(ticket).map(|token| token.hash()).unwrap_or_default();
        match &*self.stage.lock().await {
            Stage::Made { ticket, .. } if yiwang_seal::equal(&hash, ticket) => Ok(()),
            Stage::Waiting | Stage::Made { .. } => Err(Error::forbidden("set-up-link")),
            Stage::Left(_) => Err(Error::gone("set-up-link-spent")),
        }
    }

    /// Notes where the copy of the keys is kept, and hands the city on.
    pub(super) async fn keep(&self, ticket: &str, place: &str) -> Answered<()> {
        self.check_ticket(ticket).await?;
        let mut stage = self.stage.lock().await;
        let Stage::Made { city, .. } = &*stage else { return Err(Error::gone("set-up-link-spent")) };
        let platform = &city.platform;
        let ctx = platform.ctx(Actor::System("set-up"));
        platform.settings.change(&platform.db, &ctx, "host.keys_copy", place, "首次设置 set-up").await?;
        if let Stage::Made { city, .. } = std::mem::replace(&mut *stage, Stage::Left(None)) {
            *stage = Stage::Left(Some(city));
        }
        self.left.send_replace(true);
        // Whoever is answered here calls again at once, and the room must not take that call.
        let mut open = self.open.clone();
        while open.changed().await.is_ok() {}
        Ok(())
    }
}

/// The error a page can show; what is none of the product's is logged and stays inside.
fn known(error: anyhow::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(other) => Error::broken(format!("{other:#}")),
    }
}

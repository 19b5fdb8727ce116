//! What every request passes first and every answer last: who, which language, which face; then errors written for the
//! caller, headers, cookies, one line in the log. Reads no body.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use yiwang_access::Token;
use yiwang_kernel::{Actor, Ctx, Error, Face, Id, Lang, Result, Role};
use yiwang_web::{Failure, Fields, MenuEntry, Served, View};

use crate::call::Visit;
use crate::checklist::Checklist;
use crate::guard::{Reached, allows};
use crate::{Faces, MenuItem, Platform, Wants, cookies, problem};

/// What the outer middleware needs: the platform, the faces served, the menu, what the layout may lead to.
pub(crate) struct Surface {
    pub(crate) platform: Arc<Platform>,
    pub(crate) faces: Faces,
    pub(crate) menu: Vec<MenuItem>,
    pub(crate) served: Served,
    pub(crate) checklist: Arc<Checklist>,
}

/// Everything about the request that outlives it.
struct Asked {
    method: Method,
    headers: HeaderMap,
    lang_chosen: Option<Lang>,
    large_chosen: Option<bool>,
    new_visit: Option<Token>,
}

/// Runs the request and finishes its answer.
pub(crate) async fn enter(State(surface): State<Arc<Surface>>, mut request: Request, next: Next) -> Response {
    let mut ctx = surface.platform.ctx(Actor::Stranger);
    ctx.request = Some(Id::new(&ctx));
    let started = ctx.now();
    let session = session_of(&surface.platform, &ctx, request.headers()).await;
    let signed_in = session.as_ref().ok().cloned().flatten();
    let waiting = match &signed_in {
        Some((_, account)) if request.method() == Method::GET => {
            waiting(&surface, &ctx.acting_as(Actor::Account(account.clone()))).await
        }
        _ => Vec::new(),
    };
    let (visit, asked) = meet(&surface, ctx, signed_in, &waiting, &request);
    let answer = match session {
        Ok(_) => {
            request.extensions_mut().insert(visit.clone());
            let ran = AssertUnwindSafe(next.run(request)).catch_unwind().await;
            ran.unwrap_or_else(|_| Failure(Error::broken("a handler panicked")).into_response())
        }
        Err(error) => Failure(error).into_response(),
    };
    let answer = finish(&visit, &asked, answer);
    let route = answer.extensions().get::<Reached>().map_or("-", |reached| reached.0);
    let duration_ms = (visit.ctx.now().micros() - started.micros()) / 1000;
    tracing::info!(
        request = ?visit.ctx.request,
        method = %asked.method,
        route,
        status = answer.status().as_u16(),
        actor = %visit.ctx.actor,
        duration_ms,
        "request"
    );
    answer
}

/// The signed-in account and its token.
type SignedIn = (Token, yiwang_kernel::Account);

async fn session_of(platform: &Platform, ctx: &Ctx, headers: &HeaderMap) -> Result<Option<SignedIn>> {
    let Some(token) = cookies::get(headers, cookies::SESSION).and_then(Token::parse) else { return Ok(None) };
    let session = platform.sessions.find(ctx, &token).await?;
    Ok(session.map(|session| (token, session.account.clone())))
}

/// What waits behind the menu's entries, by their address. A count that fails is left out: the page is worth more.
async fn waiting(surface: &Surface, ctx: &Ctx) -> Vec<(&'static str, u64)> {
    let mut counted = Vec::new();
    for item in &surface.menu {
        let Some(waiting) = &item.waiting else { continue };
        match waiting.count(&surface.platform, ctx).await {
            Ok(count) => counted.push((item.path, count)),
            Err(error) => tracing::warn!(%error, path = item.path, "what waits behind a menu entry was not counted"),
        }
    }
    counted
}

fn meet(
    surface: &Surface,
    mut ctx: Ctx,
    signed_in: Option<SignedIn>,
    waiting: &[(&'static str, u64)],
    request: &Request,
) -> (Visit, Asked) {
    let headers = request.headers();
    let query = Fields::of_query(request.uri().query().unwrap_or_default()).unwrap_or_default();
    let lang_chosen = query.get("lang").and_then(Lang::parse);
    let large_chosen = query.get("large").map(|large| large == "1");
    ctx.lang = lang_chosen.unwrap_or_else(|| language(headers));
    let (session, account) = signed_in.map_or((None, None), |(token, account)| (Some(token), Some(account)));
    if let Some(account) = &account {
        ctx.actor = Actor::Account(account.clone());
    }
    ctx.face = face(surface.faces, &ctx.actor);
    let visit_token = cookies::get(headers, cookies::VISIT).and_then(Token::parse);
    let new_visit = if session.is_none() && visit_token.is_none() { Some(Token::new(&ctx)) } else { None };
    let holder = session.as_ref().or(visit_token.as_ref()).or(new_visit.as_ref());
    let form_token = holder.map(Token::csrf_token).unwrap_or_default();
    let platform = &surface.platform;
    let mut view = View::new(ctx.lang, ctx.face, Arc::clone(&platform.texts), platform.site(), form_token);
    view.served = surface.served;
    view.large = large_chosen.unwrap_or_else(|| cookies::get(headers, cookies::LARGE) == Some("1"));
    view.account = account;
    view.path = request.uri().path().to_owned();
    view.query = request.uri().query().unwrap_or_default().to_owned();
    view.request = ctx.request;
    view.menu = menu(surface, &ctx, waiting, request.uri());
    let wants = wants(headers, &query);
    let checklist = Arc::clone(&surface.checklist);
    let visit = Visit { ctx, view: Arc::new(view), wants, session, address: address(request), checklist };
    let method = request.method().clone();
    (visit, Asked { method, headers: headers.clone(), lang_chosen, large_chosen, new_visit })
}

/// Where the caller is: the peer, or, when that is a proxy on this machine, the nearest address it names.
fn address(request: &Request) -> Option<String> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    if let Some(peer) = peer.filter(|peer| !peer.is_loopback()) {
        return Some(peer.to_string());
    }
    let named = request.headers().get("x-forwarded-for").and_then(|list| list.to_str().ok()).unwrap_or_default();
    let nearest = named.rsplit(',').next().and_then(|address| address.trim().parse::<IpAddr>().ok());
    nearest.or(peer).map(|address| address.to_string())
}

/// Where both faces are served, staff are inside and everybody else outside.
fn face(faces: Faces, actor: &Actor) -> Face {
    let outside = |role: &Role| matches!(role, Role::Resident | Role::Agent);
    match faces {
        Faces::Public => Face::Public,
        Faces::Inside => Face::Inside,
        Faces::Both => match actor.account() {
            Some(account) if !account.roles.iter().all(outside) => Face::Inside,
            _ => Face::Public,
        },
    }
}

/// By cookie, else by the browser's list, else Chinese.
fn language(headers: &HeaderMap) -> Lang {
    if let Some(chosen) = cookies::get(headers, cookies::LANG).and_then(Lang::parse) {
        return chosen;
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|list| list.to_str().ok()).unwrap_or_default();
    let weighed = accepted.split(',').filter_map(|item| {
        let (tag, weight) = item.split_once(";q=").unwrap_or((item, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        Lang::parse(tag.trim()).filter(|_| weight > 0.0).map(|lang| (lang, weight))
    });
    let best = weighed.fold(None, |best: Option<(Lang, f32)>, next| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    });
    best.map_or(Lang::Zh, |(lang, _)| lang)
}

fn wants(headers: &HeaderMap, query: &Fields) -> Wants {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = text(header::ACCEPT);
    let json = |list: &str| list.contains("application/json") || list.contains("application/problem+json");
    let asks = query.get("format") == Some("json") || (json(accepts) && !accepts.contains("text/html"));
    let sends = json(text(header::CONTENT_TYPE)) && !accepts.contains("text/html");
    if asks || sends { Wants::Json } else { Wants::Html }
}

fn menu(surface: &Surface, ctx: &Ctx, waiting: &[(&'static str, u64)], uri: &Uri) -> Vec<MenuEntry> {
    let shown = surface.menu.iter().filter(|item| item.faces.include(ctx.face));
    let allowed = shown.filter(|item| allows(&surface.platform, ctx, item.needs).is_ok());
    let inside = |path: &str| {
        uri.path() == path || (path != "/" && uri.path().strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    };
    let entry = |item: &MenuItem| MenuEntry {
        path: item.path.to_owned(),
        title: item.title.get(ctx.lang).to_owned(),
        current: inside(item.path),
        waiting: waiting.iter().find(|(path, _)| *path == item.path).map_or(0, |(_, count)| *count),
    };
    allowed.map(entry).collect()
}

fn finish(visit: &Visit, asked: &Asked, answer: Response) -> Response {
    let mut answer = problem::written(visit, answer);
    let headers = answer.headers_mut();
    if let Some(lang) = asked.lang_chosen {
        cookies::set(headers, &asked.headers, cookies::LANG, lang.code(), Some(cookies::CHOICE_S));
    }
    if let Some(large) = asked.large_chosen {
        let (value, age) = if large { ("1", cookies::CHOICE_S) } else { ("", 0) };
        cookies::set(headers, &asked.headers, cookies::LARGE, value, Some(age));
    }
    if let Some(token) = asked.new_visit.as_ref().filter(|_| visit.view.holds_form()) {
        cookies::set(headers, &asked.headers, cookies::VISIT, token.as_str(), None);
    }
    if let Some(request) = visit.ctx.request.and_then(|request| HeaderValue::try_from(request.to_string()).ok()) {
        headers.insert("x-request-id", request);
    }
    headers.append(header::VARY, HeaderValue::from_static("accept, accept-language, cookie"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

//! What stands before every handler, in this order: permission, how often strangers may write, forgery check, entry of
//! a privileged act, limits of size and time; and after it, that a decision asked for its entry. Deny by default: a
//! route without permission does not exist as a value.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use http_body_util::Limited;
use yiwang_access::Limit;
use yiwang_kernel::{Actor, Ctx, Error, Id, Result};
use yiwang_ledger::{Common, Entry};
use yiwang_web::Failure;

use crate::call::Visit;
use crate::{Audit, Handler, Method, Needs, Platform, Route, forgery};

/// What one route asks before its handler runs.
#[derive(Clone)]
struct Guard {
    platform: Arc<Platform>,
    method: Method,
    path: &'static str,
    needs: Needs,
    audit: Audit,
    body_bytes_max: usize,
    timeout_s: u64,
}

/// The address of the route as declared, for the request's line.
#[derive(Clone, Copy)]
pub(crate) struct Reached(pub(crate) &'static str);

/// The route's handler behind its guard.
pub(crate) fn guarded(platform: &Arc<Platform>, route: &Route) -> Handler {
    let guard = Guard {
        platform: Arc::clone(platform),
        method: route.method,
        path: route.path,
        needs: route.needs,
        audit: route.audit,
        body_bytes_max: route.body_bytes_max,
        timeout_s: route.timeout_s,
    };
    let layered = route.handler.clone().route_layer(DefaultBodyLimit::disable());
    layered.route_layer(middleware::from_fn_with_state(guard, stand))
}

/// Whether this actor may call what needs this.
pub(crate) fn allows(platform: &Platform, ctx: &Ctx, needs: Needs) -> Result<()> {
    match needs {
        Needs::Open => Ok(()),
        Needs::SignedIn if ctx.actor == Actor::Stranger => Err(Error::Unauthenticated),
        Needs::SignedIn => Ok(()),
        Needs::Permission(permission) => platform.access.check_somewhere(ctx, permission),
    }
}

async fn stand(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = match admit(&guard, request).await {
        Ok((ctx, request)) => {
            let limit = Duration::from_secs(guard.timeout_s);
            let answered = tokio::time::timeout(limit, next.run(request)).await;
            let response = answered.unwrap_or_else(|_| Failure(Error::Timeout).into_response());
            match require_entry(&guard, &ctx, &path, response.status()).await {
                Ok(()) => response,
                Err(error) => Failure(error).into_response(),
            }
        }
        Err(error) => Failure(error).into_response(),
    };
    response.extensions_mut().insert(Reached(guard.path));
    response
}

async fn admit(guard: &Guard, request: Request) -> Result<(Ctx, Request)> {
    let visit = request.extensions().get::<Visit>().cloned();
    let visit = visit.ok_or_else(|| Error::broken("a route stands outside the router"))?;
    allows(&guard.platform, &visit.ctx, guard.needs)?;
    if guard.method != Method::Get && visit.ctx.actor == Actor::Stranger {
        let address = visit.address.as_deref().unwrap_or("unknown");
        guard.platform.limits.take(&visit.ctx, Limit::Write, address)?;
    }
    let request = limited(request, guard.body_bytes_max)?;
    let request =
        if guard.method == Method::Get { request } else { forgery::check(request, visit.session.as_ref()).await? };
    if let Audit::Act(kind) = guard.audit {
        enter_act(&guard.platform, &visit.ctx, kind, request.uri().path()).await?;
    }
    Ok((visit.ctx, request))
}

/// A decision asks for its entry in the transaction that makes it. One that changed nothing in the store, and so wrote
/// no request, is entered as the act it was.
async fn require_entry(guard: &Guard, ctx: &Ctx, path: &str, status: StatusCode) -> Result<()> {
    let Audit::Decision(kind) = guard.audit else { return Ok(()) };
    if ctx.has_decided() || !(status.is_success() || status.is_redirection()) {
        return Ok(());
    }
    enter_act(&guard.platform, ctx, kind, path).await
}

/// The act stands in the ledger before it is tried; if it cannot, nothing happens.
async fn enter_act(platform: &Platform, ctx: &Ctx, kind: &str, path: &str) -> Result<()> {
    let common = Common {
        act: Some(kind.to_owned()),
        resource: Some(path.to_owned()),
        ..Common::of(&ctx.actor, "administration")
    };
    let event = ctx.request.unwrap_or_else(|| Id::new(ctx));
    platform.ledger.append_idempotent(event, Entry::decision(common)).await?;
    Ok(())
}

fn limited(request: Request, bytes_max: usize) -> Result<Request> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced: Option<u64> = length.and_then(|length| length.parse().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(Error::too_large("body-large"));
    }
    Ok(request.map(|body| axum::body::Body::new(Limited::new(body, bytes_max))))
}

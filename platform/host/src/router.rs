//! The router of the faces served: every declared route behind its guard, host's own pages, the headers all answers
//! carry. Refuses capabilities that claim the same address twice.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Path;
use axum::extract::connect_info::Connected;
use axum::response::{IntoResponse, Response};
use axum::serve::{IncomingStream, Listener};
use axum::{Extension, Router, middleware};
use http::{HeaderName, HeaderValue, StatusCode, header};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use yiwang_kernel::{Error, Result};
use yiwang_web::Served;

use crate::checklist::Checklist;
use crate::enter::{Surface, enter};
use crate::guard::guarded;
use crate::own::{self, Declared};
use crate::{Capability, Faces, MenuItem, Method, Platform, Route};

/// Only this site's own files; no script or style inside a page; pages stand in no frame; forms stay here.
const CONTENT_POLICY: &str = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'; object-src 'none'";

/// The router over these capabilities on these faces.
pub fn router(platform: &Arc<Platform>, capabilities: &[Capability], faces: Faces) -> Result<Router> {
    let own = own::capability();
    let all = || std::iter::once(&own).chain(capabilities);
    let served: Vec<&Route> =
        all().flat_map(|capability| &capability.routes).filter(|r| meet(r.faces, faces)).collect();
    let mut known = BTreeSet::new();
    let mut routes = Router::new();
    for route in &served {
        if !known.insert((route.path, route.method.word())) {
            return Err(Error::broken(format!("{} {} is declared twice", route.method.word(), route.path)));
        }
        routes = routes.route(route.path, guarded(platform, route));
    }
    let mut menu: Vec<MenuItem> = all().flat_map(|capability| capability.menu.clone()).collect();
    menu.sort_by_key(|item| item.order);
    let reads = |path: &str| served.iter().any(|route| route.path == path && route.method == Method::Get);
    let surface = Arc::new(Surface {
        platform: Arc::clone(platform),
        faces,
        menu,
        served: Served { search: reads("/search"), sign_in: reads("/sign-in") },
        checklist: Arc::new(Checklist::new(all().flat_map(|capability| capability.steps.clone()).collect())),
    });
    let declared = Arc::new(Declared { routes: served.into_iter().cloned().collect() });
    let pages = routes
        .fallback(|| async { StatusCode::NOT_FOUND })
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .layer(Extension(declared))
        .layer(middleware::from_fn_with_state(surface, enter))
        .with_state(Arc::clone(platform));
    let files = Router::new().route("/assets/{name}", axum::routing::get(asset));
    Ok(dressed(pages.merge(files)))
}

/// Serves until `stop` ends, then lets the listener go and finishes what is under way.
pub async fn serve<L>(
    platform: &Arc<Platform>,
    capabilities: &[Capability],
    faces: Faces,
    listener: L,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()>
where
    L: Listener<Addr = SocketAddr>,
    for<'a> SocketAddr: Connected<IncomingStream<'a, L>>,
{
    let router = router(platform, capabilities, faces)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop).await;
    served.map_err(|source| Error::internal("the server stopped", source))
}

fn meet(route: Faces, served: Faces) -> bool {
    route == Faces::Both || served == Faces::Both || route == served
}

fn dressed(router: Router) -> Router {
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(CompressionLayer::new())
        .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(header::X_FRAME_OPTIONS, "DENY"))
        .layer(always(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(always(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"))
}

async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = yiwang_web::asset(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers =
        [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.bytes).into_response()
}

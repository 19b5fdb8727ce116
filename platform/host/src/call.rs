//! One call of a route as its handler sees it: platform, context, view, path and query. Answers as page or JSON,
//! as the caller asked. Reads no body; that is [`yiwang_web::Fields`] and [`crate::Uploads`].

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use yiwang_access::Token;
use yiwang_gate::Sending;
use yiwang_kernel::{Ctx, Error, Result};
use yiwang_web::{Answer, Export, Failure, Fields, Head, Markup, Rows, View};

use crate::checklist::Checklist;
use crate::{Platform, cookies};

/// The shape the caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// A page.
    Html,
    /// The JSON twin: `Accept: application/json` or `?format=json`.
    Json,
}

/// One call of a route.
pub struct Call {
    /// The handles of the platform.
    pub platform: Arc<Platform>,
    /// Who acts, in which language, when.
    pub ctx: Ctx,
    /// What pages know about the reader.
    pub view: Arc<View>,
    /// The query.
    pub query: Fields,
    /// The shape asked for.
    pub wants: Wants,
    /// The session's token, for signing in anew and signing out; none for strangers.
    pub session: Option<Token>,
    /// Where the caller is, for rate limits; kept nowhere.
    pub address: Option<String>,
    /// The headers of the request.
    pub headers: HeaderMap,
    pub(crate) checklist: Arc<Checklist>,
    path: Vec<(String, String)>,
}

/// What the outer middleware found out about a request; the handlers' [`Call`] is made of it.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) ctx: Ctx,
    pub(crate) view: Arc<View>,
    pub(crate) wants: Wants,
    pub(crate) session: Option<Token>,
    pub(crate) address: Option<String>,
    pub(crate) checklist: Arc<Checklist>,
}

impl Call {
    /// A part of the path by its name in the route.
    pub fn path(&self, name: &str) -> Result<&str> {
        let found = self.path.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| Error::broken(format!("the path has no part {name}")))
    }

    /// The page or its JSON twin, as the caller asked.
    pub fn respond(&self, head: Head, body: &dyn askama::DynTemplate, json: &serde_json::Value) -> Answer {
        self.respond_as(StatusCode::OK, head, body, json)
    }

    /// As [`Call::respond`] with another status: 201 for something made, 422 for a form to mend.
    pub fn respond_as(
        &self,
        status: StatusCode,
        head: Head,
        body: &dyn askama::DynTemplate,
        json: &serde_json::Value,
    ) -> Answer {
        match self.wants {
            Wants::Html => self.page_of(status, head, &Markup::of(body)?),
            Wants::Json => self.json(status, json),
        }
    }

    /// A page of markup made by web's own parts alone.
    pub fn page_of(&self, status: StatusCode, head: Head, body: &Markup) -> Answer {
        let html = yiwang_web::page(&self.view, &head, body)?;
        Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
    }

    /// JSON whatever the caller asked for.
    pub fn json(&self, status: StatusCode, json: &serde_json::Value) -> Answer {
        let mut text = json.to_string();
        text.push('\n');
        Ok((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
    }

    /// After a form: on to a page (303), or for a JSON caller the JSON.
    pub fn done(&self, to: &str, json: &serde_json::Value) -> Answer {
        match self.wants {
            Wants::Html => self.redirect(to),
            Wants::Json => self.json(StatusCode::OK, json),
        }
    }

    /// A list as a file.
    pub fn export(&self, export: Export, rows: Rows) -> Answer {
        let (file, media_type) = (export.file(), export.format.media_type());
        Ok(download(&file, media_type, export.body(rows)))
    }

    /// The answer with the cookie of a new session; `long` for a resident's thirty days, else until the browser ends.
    pub fn with_session(&self, mut answer: Response, token: &Token, long: bool) -> Response {
        let age_s = long.then_some(yiwang_access::PUBLIC_WHOLE_S);
        cookies::set(answer.headers_mut(), &self.headers, cookies::SESSION, token.as_str(), age_s);
        answer
    }

    /// The answer that takes the session's cookie away.
    pub fn without_session(&self, mut answer: Response) -> Response {
        cookies::set(answer.headers_mut(), &self.headers, cookies::SESSION, "", Some(0));
        answer
    }

    /// On to another page of this site (303).
    pub fn redirect(&self, to: &str) -> Answer {
        if !to.starts_with('/') || to.starts_with("//") || to.contains(['\\', '\r', '\n']) {
            return Err(Failure(Error::broken("a redirect leaves the site")));
        }
        Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response())
    }
}

impl FromRequestParts<Arc<Platform>> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Call, Failure> {
        let visit = parts.extensions.get::<Visit>().cloned();
        let Some(visit) = visit else { return Err(Failure(Error::broken("a route stands outside the router"))) };
        let params = RawPathParams::from_request_parts(parts, platform).await;
        let params = params.map_err(|_| Error::malformed("path-format"))?;
        let path = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = Fields::of_query(parts.uri.query().unwrap_or_default())?;
        Ok(Call {
            platform: Arc::clone(platform),
            ctx: visit.ctx,
            view: visit.view,
            query,
            wants: visit.wants,
            session: visit.session,
            address: visit.address,
            headers: parts.headers.clone(),
            checklist: visit.checklist,
            path,
        })
    }
}

/// The body made of a gate's answer, counted and hashed as it leaves, for the closing entry of the read.
pub fn sent(sending: Sending, body: Body) -> Body {
    let bytes = body.into_data_stream().map_err(|error| Error::internal("making a body", error));
    Body::from_stream(sending.over(Box::pin(bytes)))
}

/// A file to keep: its name for every browser (RFC 6266), its type, its body.
pub fn download(file_name: &str, media_type: &str, body: Body) -> Response {
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
    let ascii: String = file_name.chars().map(|character| if plain(character) { character } else { '_' }).collect();
    let name = yiwang_web::encode(file_name);
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{name}");
    let headers = [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, body).into_response()
}

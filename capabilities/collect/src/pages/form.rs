//! The upload: its form, what a sender fills in, and the same over HTTP. A file goes to the sealed store as it comes,
//! never whole into memory.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::StatusCode;
use serde_json::json;
use yiwang_files::Blob;
use yiwang_gate::{COLUMNS_MAX, Mode};
use yiwang_host::{Answer, Call, Failure, Part, Uploads, Wants};
use yiwang_kernel::{Error, Grade, Id, Result};
use yiwang_web::{Field, Fields, Form, Head, Markup, View};

use super::{json_answer, report_json, report_page};
use crate::model::{LoadReport, LoadRequest, Source};
use crate::ops::{self, Running, UPLOAD_BYTES_MAX};
use crate::read;

/// Characters of one field beside the file.
const FIELD_BYTES_MAX: usize = 10_000;
/// How long a browser waits for the report before it is shown the running load.
const WAIT_S: u64 = 20;

#[derive(askama::Template)]
#[template(path = "collect/load.html")]
struct LoadBody<'a> {
    view: &'a View,
    form: Markup,
}

/// 装载数据.
pub(crate) async fn upload_form(call: Call) -> Answer {
    form_page(&call, StatusCode::OK, &call.query, None).await
}

/// Takes the upload of the form; answers with the report, or with the running load when it takes long.
pub(crate) async fn upload(call: Call, mut uploads: Uploads, running: Running) -> Answer {
    let mut given = serde_json::Map::new();
    let loaded = match receive(&call, &mut uploads, &mut given).await {
        Ok((blob, file_name)) => load_for(&call, &given, blob, file_name, &running).await,
        Err(error) => Err(error),
    };
    match loaded {
        Ok(Loaded::Reports(reports)) => finished(&call, &reports).await,
        Ok(Loaded::Running(load)) => call.done(&format!("/collect/loads/{load}"), &json!({ "load": load })),
        Err(error) if call.wants == Wants::Html && error.status() < 500 => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            form_page(&call, status, &Fields::of_json(&given.into())?, Some(error)).await
        }
        Err(error) => Err(Failure(error)),
    }
}

/// `POST /api/collect/loads`: multipart as the form sends it, or the file as the body and the rest in the query.
pub(crate) async fn api_load(call: Call, running: Running, request: Request) -> Answer {
    let kind = call.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut given = serde_json::Map::new();
    let (blob, file_name) = if kind.starts_with("multipart/") {
        let mut uploads = Uploads::from_request(request, &()).await?;
        receive(&call, &mut uploads, &mut given).await?
    } else {
        let file_name = call.query.filled("file_name").unwrap_or("upload.csv").to_owned();
        for (name, value) in call.query.pairs() {
            given.insert(name.clone(), value.clone().into());
        }
        let bytes =
            request.into_body().into_data_stream().map(|read| read.map_err(|_| Error::malformed("body-format")));
        (ops::stage(&call.platform, &call.ctx, bytes.boxed()).await?, file_name)
    };
    let request = request_of(&Fields::of_json(&given.into())?, blob.id, file_name)?;
    let dry_run = request.dry_run;
    let reports = ops::load_among(&call.platform, &call.ctx, request, &running, &|_| ()).await?;
    let status = if dry_run { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json_answer(status, &reports_json(&reports)?))
}

enum Loaded {
    Reports(Vec<LoadReport>),
    Running(Id),
}

async fn load_for(
    call: &Call,
    given: &serde_json::Map<String, serde_json::Value>,
    blob: Blob,
    file_name: String,
    running: &Running,
) -> Result<Loaded> {
    let mut request = request_of(&Fields::of_json(&given.clone().into())?, blob.id, file_name)?;
    let load = *request.load.get_or_insert_with(|| Id::new(&call.ctx));
    let (platform, ctx, running) = (Arc::clone(&call.platform), call.ctx.clone(), running.clone());
    // A task of its own: the load goes on when the browser goes away.
    let mut task = tokio::spawn(async move { ops::load_among(&platform, &ctx, request, &running, &|_| ()).await });
    match tokio::time::timeout(Duration::from_secs(WAIT_S), &mut task).await {
        Ok(ended) => {
            let reports = ended.map_err(|source| Error::internal("a load stopped", source))??;
            Ok(Loaded::Reports(reports))
        }
        Err(_) => Ok(Loaded::Running(load)),
    }
}

async fn finished(call: &Call, reports: &[LoadReport]) -> Answer {
    let Some(first) = reports.first() else { return Err(Failure(Error::broken("a load without a report"))) };
    match call.wants {
        Wants::Json => Ok(json_answer(StatusCode::OK, &reports_json(reports)?)),
        Wants::Html if first.state == crate::model::State::Tried => {
            report_page(call, StatusCode::OK, first, None).await
        }
        Wants::Html => call.redirect(&format!("/collect/loads/{}", first.load)),
    }
}

fn reports_json(reports: &[LoadReport]) -> Result<serde_json::Value> {
    Ok(json!({ "loads": reports.iter().map(report_json).collect::<Result<Vec<_>>>()? }))
}

/// Reads the parts: the file goes to the sealed store as it comes.
async fn receive(
    call: &Call,
    uploads: &mut Uploads,
    given: &mut serde_json::Map<String, serde_json::Value>,
) -> Result<(Blob, String)> {
    let mut received = None;
    while let Some(part) = uploads.next().await? {
        match part.file_name.clone() {
            Some(name) if part.name == "file" && received.is_none() => {
                if name.trim().is_empty() {
                    return Err(Error::invalid("file", "load-file-missing"));
                }
                let blob = ops::stage(&call.platform, &call.ctx, chunks(part)).await?;
                received = Some((blob, name));
            }
            Some(_) => return Err(Error::invalid("file", "load-one-file")),
            None => {
                let name = part.name.clone();
                given.insert(name, part.text(FIELD_BYTES_MAX).await?.into());
            }
        }
    }
    received.ok_or_else(|| Error::invalid("file", "load-file-missing"))
}

fn chunks(part: Part<'_>) -> BoxStream<'_, Result<Bytes>> {
    stream::try_unfold(part, |mut part| async move { Ok(part.chunk().await?.map(|chunk| (chunk, part))) }).boxed()
}

/// What a form, a query or a command line asks for.
fn request_of(given: &Fields, blob: Id, file_name: String) -> Result<LoadRequest> {
    let text = |name: &str| given.filled(name).map(str::to_owned);
    let load = given.filled("load").map(str::parse::<Id>).transpose();
    Ok(LoadRequest {
        load: load.map_err(|_| Error::invalid("load", "id-format"))?,
        source: Source::Blob(blob),
        file_name,
        department: text("department"),
        resource: text("resource"),
        mode: given.filled("mode").map_or(Ok(Mode::Append), Mode::parse)?,
        key: given
            .filled("key")
            .map(|key| key.split([',', '，']).map(|name| name.trim().to_owned()).collect())
            .unwrap_or_default(),
        grade: given.number("grade")?.map(Grade::new).transpose()?,
        dry_run: given.ticked("dry_run"),
    })
}

async fn form_page(call: &Call, status: StatusCode, given: &Fields, error: Option<Error>) -> Answer {
    let view = &call.view;
    let size = format!("{} GiB", UPLOAD_BYTES_MAX >> 30);
    let columns = view.n(COLUMNS_MAX);
    let hint = [("formats", read::FORMATS.into()), ("limit", size.clone().into()), ("columns", columns.into())];
    let choice = |value: &str, id: &str| (value.to_owned(), view.t(id));
    let modes = [Mode::Append, Mode::Replace, Mode::Upsert];
    let modes = modes.map(|mode| choice(mode.word(), &format!("collect-load-mode-{}", mode.word()))).to_vec();
    let mut grades = vec![choice("", "collect-load-grade-proposed")];
    grades.extend((1..=4).map(|grade| choice(&grade.to_string(), &format!("collect-load-grade-{grade}"))));
    let departments = ops::departments(&call.platform, &call.ctx).await?;
    let departments = departments.into_iter().map(|(code, name)| (code, view.text(&name).to_owned())).collect();
    let own = call.ctx.actor.department().unwrap_or_default();
    let resource = Field::text("resource", view.t("collect-load-resource")).hint(view.t("collect-load-resource-hint"));
    let mut form = Form::post("/collect/load", view.t("collect-load-press"))
        .field(Field::select("department", view.t("collect-load-department"), departments).value(own))
        .field(resource)
        .field(Field::radio("mode", view.t("collect-load-mode"), modes).value(Mode::Append.word()))
        .field(Field::text("key", view.t("collect-load-key")).hint(view.t("collect-load-key-hint")))
        .field(Field::select("grade", view.t("collect-load-grade"), grades))
        .field(Field::tick("dry_run", view.t("collect-load-dry-run")))
        .field(
            Field::file("file", view.t("collect-load-file"), read::ENDINGS)
                .hint(view.with_args("collect-load-file-hint", &hint))
                .required(),
        )
        .filled(given);
    if let Some(error) = error {
        form = form.error(error);
    }
    let body = LoadBody { view, form: form.render(view)? };
    let json = json!({
        "formats": read::FORMATS,
        "bytes_max": UPLOAD_BYTES_MAX,
        "columns_max": COLUMNS_MAX,
        "modes": ["append", "replace", "upsert"],
    });
    call.respond_as(status, Head::new(view.t("collect-load-title")), &body, &json)
}

//! The router in process, over real databases, files and ledger: who gets in, what errors say, what headers stand.

mod faces;
mod forgery;
mod pages;
mod refusals;
mod relay;
mod settings;
mod tidying;
mod world;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{Request, header};

/// A request under construction: `GET` of this address by a browser.
fn browse(path: &str) -> http::request::Builder {
    Request::builder().uri(path).header(header::HOST, "city.example").header(header::ACCEPT, "text/html")
}

/// The same by a program.
fn call(path: &str) -> http::request::Builder {
    Request::builder().uri(path).header(header::HOST, "city.example").header(header::ACCEPT, "application/json")
}

async fn text(answer: Response<Body>) -> String {
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("a whole body");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

async fn json(answer: Response<Body>) -> serde_json::Value {
    serde_json::from_str(&text(answer).await).expect("JSON")
}

fn header_of<'a>(answer: &'a Response<Body>, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

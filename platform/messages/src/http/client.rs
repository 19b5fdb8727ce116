//! One request at a time over a connection of its own: resolve, check, connect, ask, read at most so much.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::{Host, Url};
use yiwang_kernel::{Error, Result};

use super::Allowed;

/// Redirects a caller may ask to follow.
pub const REDIRECTS_MAX: u8 = 3;
/// Bytes of an answer at most, whatever the caller asks for.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 16;
/// How long one address may take to answer before the next is tried.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Characters of an address.
const URL_CHARS_MAX: usize = 2_000;

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    tls: Arc<ClientConfig>,
}

/// What is asked.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address, `https://...`; `http://` only to addresses the operator listed.
    pub url: String,
    /// Headers besides `host`; all are left out when a redirect leads to another host.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// How far a request may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Redirects followed, at most [`REDIRECTS_MAX`]; beyond them the redirect itself is the answer.
    pub redirects: u8,
    /// Bytes of the answer's body, at most [`BODY_BYTES_MAX`].
    pub body_bytes: usize,
    /// From the first look-up to the last byte, redirects included.
    pub time: Duration,
}

/// What came back.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Client {
    /// A client that trusts the usual authorities and those in `trusted`: certificates in PEM of a city's own.
    pub fn new(trusted: &str) -> Result<Client> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let wrong = || Error::invalid("trusted", "http-certificate");
        for certificate in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
            roots.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|source| Error::internal("setting TLS up", source))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Client { tls: Arc::new(config) })
    }

    /// Asks, within these limits, and gives the answer whatever its status.
    pub async fn send(&self, allowed: &Allowed, request: Request, limits: Limits) -> Result<Reply> {
        let answered = tokio::time::timeout(limits.time, self.follow(allowed, request, limits)).await;
        answered.unwrap_or(Err(Error::Timeout))
    }

    async fn follow(&self, allowed: &Allowed, mut request: Request, limits: Limits) -> Result<Reply> {
        let mut url = parse(&request.url)?;
        let mut left = limits.redirects.min(REDIRECTS_MAX);
        loop {
            let reply = self.ask(allowed, &url, &request, limits.body_bytes.min(BODY_BYTES_MAX)).await?;
            let Some(to) = redirected(&url, &reply) else { return Ok(reply) };
            if left == 0 {
                return Ok(reply);
            }
            left -= 1;
            let to = parse(to?.as_str())?;
            if to.origin() != url.origin() {
                request.headers.clear();
            }
            let keeps = matches!(reply.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
            if !keeps && request.method != Method::HEAD {
                request.method = Method::GET;
                request.body = Bytes::new();
                request.headers.remove(header::CONTENT_TYPE);
            }
            url = to;
        }
    }

    /// One hop: every address of the name is checked, and one of those checked is connected to.
    async fn ask(&self, allowed: &Allowed, url: &Url, request: &Request, body_bytes: usize) -> Result<Reply> {
        let unreachable = || Error::unavailable("http-unreachable");
        let addresses = resolve(url).await?;
        if !addresses.iter().all(|address| allowed.permits(*address)) {
            return Err(Error::refused("http-address-refused"));
        }
        let secure = url.scheme() == "https";
        if !secure && !addresses.iter().all(|address| allowed.lists(*address)) {
            return Err(Error::refused("http-plain"));
        }
        let stream = connect(&addresses).await.ok_or_else(unreachable)?;
        if !secure {
            return exchange(stream, url, request, body_bytes).await;
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| wrong_url())?,
            Some(Host::Ipv4(ip)) => ServerName::from(std::net::IpAddr::from(ip)),
            Some(Host::Ipv6(ip)) => ServerName::from(std::net::IpAddr::from(ip)),
            None => return Err(wrong_url()),
        };
        let connected = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let stream = connected.map_err(|_| Error::unavailable("http-tls"))?;
        exchange(stream, url, request, body_bytes).await
    }
}

/// The address, refused when it is not plainly one of HTTP.
pub(crate) fn parse(url: &str) -> Result<Url> {
    if url.len() > URL_CHARS_MAX {
        return Err(wrong_url());
    }
    let url = Url::parse(url).map_err(|_| wrong_url())?;
    let named = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && named { Ok(url) } else { Err(wrong_url()) }
}

fn wrong_url() -> Error {
    Error::invalid("url", "http-url")
}

async fn resolve(url: &Url) -> Result<Vec<SocketAddr>> {
    let port = url.port_or_known_default().ok_or_else(wrong_url)?;
    let addresses: Vec<SocketAddr> = match url.host().ok_or_else(wrong_url)? {
        Host::Ipv4(ip) => vec![(ip, port).into()],
        Host::Ipv6(ip) => vec![(ip, port).into()],
        Host::Domain(name) => {
            let found = tokio::net::lookup_host((name, port)).await;
            found.map_err(|_| Error::unavailable("http-unreachable"))?.take(ADDRESSES_MAX).collect()
        }
    };
    if addresses.is_empty() { Err(Error::unavailable("http-unreachable")) } else { Ok(addresses) }
}

async fn connect(addresses: &[SocketAddr]) -> Option<TcpStream> {
    for address in addresses {
        if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT_TIME, TcpStream::connect(address)).await {
            return Some(stream);
        }
    }
    None
}

async fn exchange<S>(stream: S, url: &Url, request: &Request, body_bytes: usize) -> Result<Reply>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_: hyper::Error| Error::unavailable("http-broken");
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // The set ends the connection's task when it is dropped, however this returns.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(written(url, request)?).await.map_err(broken)?;
    let (head, body) = answer.into_parts();
    let collected = Limited::new(body, body_bytes).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Error::too_large("http-large") } else { Error::unavailable("http-broken") }
    })?;
    Ok(Reply { status: head.status, headers: head.headers, body: collected.to_bytes() })
}

/// The request as it goes over the wire: the path alone, the host beside it.
fn written(url: &Url, request: &Request) -> Result<http::Request<Full<Bytes>>> {
    let wrong = |_: http::Error| wrong_url();
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = host_of(url).ok_or_else(wrong_url)?;
    let mut built = http::Request::builder().method(&request.method).uri(path);
    if let Some(headers) = built.headers_mut() {
        headers.clone_from(&request.headers);
        headers.insert(header::HOST, HeaderValue::try_from(host).map_err(|_| wrong_url())?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static("yiwang"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    built.body(Full::new(request.body.clone())).map_err(wrong)
}

/// Host and port, the port only where it is not the scheme's own.
pub(crate) fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn redirected(from: &Url, reply: &Reply) -> Option<Result<Url>> {
    let follows = [301, 302, 303, 307, 308].contains(&reply.status.as_u16());
    let to = reply.headers.get(header::LOCATION).filter(|_| follows)?;
    Some(to.to_str().ok().and_then(|to| from.join(to).ok()).ok_or_else(wrong_url))
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Client(..)")
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Request({})", self.method)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

//! The client against a real listener: what it refuses, follows and limits.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use yiwang_kernel::Result;

use super::peers::{AUTHORITY, Peer, body, header};
use crate::http::{Allowed, Client, Limits, Reply, Request};

const LIMITS: Limits = Limits { redirects: 3, body_bytes: 1_000, time: Duration::from_secs(20) };

async fn get(list: &str, url: &str, limits: Limits) -> Result<Reply> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer secret"));
    let request = Request { method: Method::GET, url: url.to_owned(), headers, body: Bytes::new() };
    let client = Client::new("").expect("a client");
    client.send(&Allowed::parse(list).expect("a list"), request, limits).await
}

async fn refusal(list: &str, url: &str) -> &'static str {
    get(list, url, LIMITS).await.expect_err(url).code()
}

#[tokio::test]
async fn a_listed_address_is_asked_and_its_answer_read_whole() {
    let peer = Peer::http(&["HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello"]).await;
    let reply = get(&peer.entry(), &peer.url("/a?b=c"), LIMITS).await.expect("an answer");
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"hello"[..]));
    assert_eq!(reply.headers["x-a"], "b");
    let got = peer.got().remove(0);
    assert!(got.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{got}");
    assert_eq!(header(&got, "host"), peer.entry());
    assert_eq!(body(&got), "");
}

#[tokio::test]
async fn nothing_is_sent_to_this_machine_unless_listed_however_it_is_written() {
    let peer = Peer::http(&[]).await;
    let port = peer.port;
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0", "127.1"] {
        assert_eq!(refusal("", &format!("http://{host}:{port}/")).await, "http-address-refused", "{host}");
        assert_eq!(refusal("", &format!("https://{host}:{port}/")).await, "http-address-refused", "{host}");
    }
    for inside in ["10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "[fc00::1]", "[fe80::1]"] {
        assert_eq!(refusal("", &format!("https://{inside}/")).await, "http-address-refused", "{inside}");
    }
    assert_eq!(peer.got(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_plain_address_of_http_is_refused() {
    for wrong in ["ftp://1.1.1.1/", "file:///etc/passwd", "https://user:word@1.1.1.1/", "//1.1.1.1/", "", "gopher:x"] {
        assert_eq!(refusal("", wrong).await, "http-url", "{wrong}");
    }
    assert_eq!(refusal("", "http://1.1.1.1/").await, "http-plain", "plain http to a public address");
}

#[tokio::test]
async fn redirects_are_followed_so_far_and_each_is_checked_anew() {
    let target = Peer::http(&["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere"]).await;
    let other = format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", target.url("/there"));
    let own = "HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n";

    let peer = Peer::http(&[&other, &other, own, own]).await;
    let both = format!("{} {}", peer.entry(), target.entry());
    let reply = get(&both, &peer.url("/"), LIMITS).await.expect("follows");
    assert_eq!(&reply.body[..], b"here");
    let got = target.got().remove(0);
    assert_eq!(header(&got, "authorization"), "", "another host is told no secret");

    let refused = get(&peer.entry(), &peer.url("/"), LIMITS).await.expect_err("leads to an address not listed");
    assert_eq!(refused.code(), "http-address-refused");
    assert_eq!(target.got().len(), 1);

    let reply = get(&peer.entry(), &peer.url("/"), Limits { redirects: 1, ..LIMITS }).await.expect("an answer");
    assert_eq!(reply.status.as_u16(), 302, "the second redirect is the answer");
    assert_eq!(peer.got().len(), 4);
}

#[tokio::test]
async fn size_and_time_are_limited() {
    let large = format!("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n{}", "a".repeat(1_001));
    let endless =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", "64\r\n".to_owned() + &"a".repeat(100));
    let peer = Peer::http(&[&large, &endless, "silence", "nonsense\r\n\r\n"]).await;
    let ask = |limits: Limits| {
        let (entry, url) = (peer.entry(), peer.url("/"));
        async move { get(&entry, &url, limits).await.expect_err("fails").code() }
    };
    assert_eq!(ask(LIMITS).await, "http-large");
    assert_eq!(ask(LIMITS).await, "http-broken", "the answer breaks off");
    assert_eq!(ask(Limits { time: Duration::from_millis(50), ..LIMITS }).await, "timeout");
    assert_eq!(ask(LIMITS).await, "http-broken");
    assert_eq!(refusal("127.0.0.1:1", "http://127.0.0.1:1/").await, "http-unreachable");
}

#[tokio::test]
async fn a_server_is_spoken_to_when_its_certificate_is_trusted_and_names_it() {
    let peer = Peer::https().await;
    let both = format!("127.0.0.1:{0} [::1]:{0}", peer.port);
    let ask = async |trusted: &str, host: &str| {
        let url = format!("https://{host}:{}/", peer.port);
        let request = Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() };
        let client = Client::new(trusted).expect("a client");
        let allowed = Allowed::parse(&both).expect("a list");
        client.send(&allowed, request, LIMITS).await.map_err(|error| error.code())
    };
    assert_eq!(ask("", "localhost").await.expect_err("unknown authority"), "http-tls");
    assert_eq!(ask(AUTHORITY, "127.0.0.1").await.expect_err("another name"), "http-tls");
    assert_eq!(peer.got(), Vec::<String>::new());
    assert_eq!(ask(AUTHORITY, "localhost").await.expect("trusted").status.as_u16(), 204);
    assert_eq!(peer.got().len(), 1);
    let plain = Peer::http(&[]).await;
    let url = format!("https://127.0.0.1:{}/", plain.port);
    assert_eq!(refusal(&plain.entry(), &url).await, "http-tls");
    let nonsense = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----";
    assert_eq!(Client::new(nonsense).expect_err("no certificate").code(), "http-certificate");
}

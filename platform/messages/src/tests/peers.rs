//! The other side, over real TCP: a mail server and a web server that do as told and remember what they got.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The authority that signed the certificate of [`Peer::https`], which is for `localhost`. Used nowhere else.
pub(super) const AUTHORITY: &str = include_str!("tls/ca.pem");

/// A server of this test on a port of its own.
pub(super) struct Peer {
    pub(super) port: u16,
    got: Arc<Mutex<Vec<String>>>,
}

type Script = Arc<Mutex<VecDeque<String>>>;

impl Peer {
    /// A mail server. Each entry of the script answers one mail; when it is used up, mails are taken.
    pub(super) async fn smtp(answers: &[&str]) -> Peer {
        Peer::serving(answers, |stream, script, got| async move { mail(stream, &script, &got).await }).await
    }

    /// A web server. Each entry of the script is a whole answer; when it is used up, it is `204`.
    pub(super) async fn http(answers: &[&str]) -> Peer {
        Peer::serving(answers, |stream, script, got| async move { web(stream, &script, &got).await }).await
    }

    /// A web server behind TLS.
    pub(super) async fn https() -> Peer {
        let acceptor = TlsAcceptor::from(Arc::new(tls()));
        Peer::serving(&[], move |stream, script, got| {
            let acceptor = acceptor.clone();
            async move { web(acceptor.accept(stream).await.ok()?, &script, &got).await }
        })
        .await
    }

    /// Everything it got, in order: whole mails, or requests with head and body.
    pub(super) fn got(&self) -> Vec<String> {
        self.got.lock().expect("nobody panicked").clone()
    }

    /// Its address for the client.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Its entry in a list of allowed addresses.
    pub(super) fn entry(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    async fn serving<F, Served>(answers: &[&str], serve: F) -> Peer
    where
        F: Fn(TcpStream, Script, Arc<Mutex<Vec<String>>>) -> Served + Send + 'static,
        Served: Future<Output = Option<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let script: Script = Arc::new(Mutex::new(answers.iter().map(|answer| (*answer).to_owned()).collect()));
        let got = Arc::new(Mutex::new(Vec::new()));
        let peer = Peer { port, got: Arc::clone(&got) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&got)));
            }
        });
        peer
    }
}

fn tls() -> rustls::ServerConfig {
    let chain = CertificateDer::pem_slice_iter(include_bytes!("tls/cert.pem")).map(|part| part.expect("PEM")).collect();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).expect("PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config.expect("versions").with_no_client_auth().with_single_cert(chain, key).expect("a certificate")
}

fn next(script: &Script) -> Option<String> {
    script.lock().expect("nobody panicked").pop_front()
}

/// One session of RFC 5321, as far as a sender of one mail goes.
async fn mail(mut stream: TcpStream, script: &Script, got: &Mutex<Vec<String>>) -> Option<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 peer\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250 peer".to_owned(),
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = Vec::new();
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    mail.push(line);
                }
                got.lock().expect("nobody panicked").push(mail.join("\n"));
                next(script).unwrap_or_else(|| "250 taken".to_owned())
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}

/// One request of HTTP/1.1 with a body of stated length.
async fn web<S>(stream: S, script: &Script, got: &Mutex<Vec<String>>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0u8; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    got.lock().expect("nobody panicked").push(head + &String::from_utf8_lossy(&body));
    let answer = next(script).unwrap_or_else(|| "HTTP/1.1 204 No Content\r\n\r\n".to_owned());
    if answer == "silence" {
        // Says nothing until the caller goes away.
        stream.read_u8().await.ok()?;
        return None;
    }
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

/// The value of a header in a request or mail, by its lower-case name.
pub(super) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.lines().take_while(|line| !line.is_empty());
    let found = lines.find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
    found.and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value.trim())
}

/// What stands below the head of a request or mail.
pub(super) fn body(text: &str) -> &str {
    let ends = |mark: &str| text.find(mark).map(|at| at + mark.len());
    ends("\r\n\r\n").or_else(|| ends("\n\n")).map_or("", |at| &text[at..])
}

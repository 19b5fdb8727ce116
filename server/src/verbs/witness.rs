//! `witness`: another body looks at a city's ledger over HTTP, checks that it goes on from the head seen last, signs
//! the new head and hands it in. Holds a key, the log's key and the last head, a file each; trusts no city.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use yiwang_kernel::Error;
use yiwang_ledger::{Hash, Head, WitnessKey, consistent, parse_key};
use yiwang_messages::http::{Allowed, Client, Limits, Reply, Request};
use yiwang_seal::{VerifyingKey, unhex};

use crate::city::{replace_durable, sources, write_durable};
use crate::cli::{Shared, Witness};
use crate::output;

/// The person who runs this typed the address; what comes from it is checked by signatures.
const ANYWHERE: &str = "0.0.0.0/0, ::/0";
const LIMITS: Limits = Limits { redirects: 0, body_bytes: 1 << 20, time: Duration::from_secs(30) };
const FILE_BYTES_MAX: u64 = 1 << 16;
/// Nodes of a proof at most.
const PATH_MAX: usize = 128;

/// What was seen last.
struct Seen {
    /// The log's verifier key.
    verifier: String,
    /// The head, as a signed note.
    note: String,
}

/// Looks, checks, signs, hands in. The head is kept before it is handed in.
pub(crate) async fn witness(shared: &Shared, options: &Witness) -> Result<()> {
    let (key, made) = own_key(options)?;
    if made {
        let verifier = key.witness().verifier();
        let document = json!({ "verifier": verifier, "key": options.key });
        output::result(shared, &document, || {
            let words = output::say(
                shared,
                "已生成见证密钥。请安全管理员在 /ledger/witnesses 登记：",
                "The key is made. The security administrator registers it at /ledger/witnesses:",
            );
            format!("{words}\n{verifier}")
        });
        return Ok(());
    }
    let beside = |ending: &str| PathBuf::from(format!("{}.{ending}", options.key.display()));
    let (place, log) = (beside("head"), beside("log"));
    let seen = if options.new_log { None } else { Seen::read(&place, &log)? };
    let old = match &seen {
        Some(seen) => Some(open(&seen.note, &parse_key(&seen.verifier)?)?),
        None => None,
    };
    let url = options.url.trim_end_matches('/');
    let client = Client::new("")?;
    let size = old.as_ref().map_or(0, |head| head.size);
    let told = ask(&client, Method::GET, &format!("{url}/ledger/consistency?old={size}"), None).await?;
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let (verifier, note) = (text("verifier"), text("head"));
    if seen.as_ref().is_some_and(|seen| seen.verifier != verifier) {
        return Err(Error::conflict("witness-other-log").with("verifier", &verifier).into());
    }
    let head = open(&note, &parse_key(&verifier)?)?;
    require_growth(old.as_ref(), &head, &path(&told)?)?;
    let cosigned = key.cosign(&note, sources().0.now())?;
    if seen.is_none() {
        replace_durable(&log, format!("{verifier}\n").as_bytes())?;
    }
    replace_durable(&place, cosigned.as_bytes())?;
    let body = json!({ "note": cosigned }).to_string();
    ask(&client, Method::POST, &format!("{url}/ledger/witnessed"), Some(body)).await?;
    let document = json!({ "size": head.size, "since": size, "witness": key.witness().name(), "kept": place });
    output::result(shared, &document, || match output::say(shared, "zh", "en") {
        "zh" => format!("已会签 {} 条的账本头（上次 {size} 条），留存于 {}", head.size, place.display()),
        _ => format!("Signed the head of {} entries (last time {size}), kept in {}", head.size, place.display()),
    });
    Ok(())
}

/// The key in the file; made where there is none.
fn own_key(options: &Witness) -> Result<(WitnessKey, bool)> {
    if let Some(text) = read(&options.key)? {
        return Ok((WitnessKey::parse(&text)?, false));
    }
    let name = options.name.as_deref().ok_or_else(|| Error::invalid("name", "witness-name-missing"))?;
    let key = WitnessKey::generate(name)?;
    write_durable(&options.key, key.to_text().as_bytes(), 0o600)?;
    Ok((key, true))
}

/// Refuses a log that is not the one seen last, grown.
fn require_growth(old: Option<&Head>, new: &Head, path: &[Hash]) -> Result<()> {
    let Some(old) = old else { return Ok(()) };
    if new.size < old.size {
        return Err(Error::conflict("witness-shrunk").with("before", old.size).with("now", new.size).into());
    }
    if !consistent(old.size, &old.root, new.size, &new.root, path) {
        return Err(Error::conflict("witness-rewritten").with("before", old.size).with("now", new.size).into());
    }
    Ok(())
}

fn open(note: &str, key: &VerifyingKey) -> Result<Head> {
    Head::open(note, key).ok_or_else(|| Error::invalid("head", "ledger-head").into())
}

fn path(told: &Value) -> Result<Vec<Hash>> {
    let wrong = || Error::invalid("path", "ledger-proof");
    let nodes = told["path"].as_array().filter(|nodes| nodes.len() <= PATH_MAX).ok_or_else(wrong)?;
    let node = |node: &Value| unhex(node.as_str()?)?.try_into().ok();
    Ok(nodes.iter().map(node).collect::<Option<Vec<Hash>>>().ok_or_else(wrong)?)
}

/// The JSON answered; what the city refuses is told in its words.
async fn ask(client: &Client, method: Method, url: &str, body: Option<String>) -> Result<Value> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let request = Request { method, url: url.to_owned(), headers, body: body.unwrap_or_default().into() };
    let reply: Reply = client.send(&Allowed::parse(ANYWHERE)?, request, LIMITS).await?;
    let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if reply.status.is_success() {
        return Ok(told);
    }
    let words = told["title"].as_str().unwrap_or_default();
    Err(Error::refused("witness-refused").with("status", reply.status.as_u16()).with("words", words).into())
}

impl Seen {
    fn read(head: &Path, log: &Path) -> Result<Option<Seen>> {
        let (Some(note), Some(verifier)) = (read(head)?, read(log)?) else { return Ok(None) };
        Ok(Some(Seen { verifier: verifier.trim_end().to_owned(), note }))
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    let unreadable = |error: std::io::Error| {
        Error::invalid("key", "file-unreadable").with("path", path.display()).with("reason", error)
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error).into()),
    };
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

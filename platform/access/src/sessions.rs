//! Sessions: a random 256-bit token in the reader's cookie, only its hash in the store. A session carries its account
//! as it was at sign-in; whoever changes an account's rights ends its sessions. Checks no password.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use yiwang_kernel::{Account, Ctx, Error, Face, Id, Instant, Result, Role};
use yiwang_store::{Db, Tx};

use crate::store;

/// A staff session ends after so many seconds without a request.
pub const IDLE_S: i64 = 12 * 3600;
/// A staff session ends after so many seconds even in use.
pub const INSIDE_WHOLE_S: i64 = 7 * 24 * 3600;
/// A resident's session on the public face ends after so many seconds.
pub const PUBLIC_WHOLE_S: i64 = 30 * 24 * 3600;
/// Sessions one account holds at most; the oldest is ended for a new one.
pub const SESSIONS_PER_ACCOUNT_MAX: usize = 20;

/// A found session is believed so many seconds without asking the store: how long another node's revocation may take.
const BELIEVED_S: i64 = 30;
/// Clocks of several machines differ by less than this.
const AHEAD_S_MAX: i64 = 3600;
/// A session's last use is written at most every so many seconds.
const SEEN_EVERY_S: i64 = 300;
const CACHED_MAX: usize = 10_000;

/// The secret in the reader's cookie: 64 hexadecimal digits. Has no `Debug`, so that no log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A fresh token.
    pub fn new(ctx: &Ctx) -> Token {
        let mut random = [0u8; 32];
        ctx.fill_random(&mut random);
        Token(yiwang_seal::hex(&random))
    }

    /// The token in this cookie value, if it can be one.
    pub fn parse(text: &str) -> Option<Token> {
        let fits = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Token(text.to_owned()))
    }

    /// The cookie value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The forgery token of the forms shown to the holder of this cookie; says nothing about the token itself.
    pub fn csrf_token(&self) -> String {
        yiwang_seal::hex(&yiwang_seal::hmac_sha256(self.0.as_bytes(), b"yiwang form"))
    }

    /// Refuses a form whose forgery token was not made for this cookie.
    pub fn csrf_check(&self, given: &str) -> Result<()> {
        if yiwang_seal::equal(self.csrf_token().as_bytes(), given.as_bytes()) {
            return Ok(());
        }
        Err(Error::forbidden("form-expired"))
    }

    /// By what a token is kept in a table.
    pub fn hash(&self) -> [u8; 32] {
        yiwang_seal::sha256(self.0.as_bytes())
    }
}

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names it in lists; of no use to sign in with.
    pub id: Id,
    /// Who is signed in, as at sign-in.
    pub account: Account,
    /// Whether it is a resident's long session.
    pub long: bool,
    /// Since when.
    pub started: Instant,
    /// Last use, to five minutes.
    pub seen: Instant,
    /// When it ends unless used.
    pub ends: Instant,
    /// When it ends even in use.
    pub latest: Instant,
}

/// Starts, finds and ends sessions.
pub struct Sessions {
    db: Db,
    cache: Mutex<HashMap<[u8; 32], Believed>>,
    endings: AtomicU64,
}

struct Believed {
    session: Arc<Session>,
    checked: Instant,
}

impl Sessions {
    /// Over this store, whose migrations have run.
    pub fn new(db: Db) -> Sessions {
        Sessions { db, cache: Mutex::new(HashMap::new()), endings: AtomicU64::new(0) }
    }

    /// Starts a session with a new token, ending the one the reader came with (a token never survives a sign-in).
    /// `until` ends it earlier than usual: when roles of the account are lent for a time.
    pub async fn start(
        &self,
        ctx: &Ctx,
        account: &Account,
        replaces: Option<&Token>,
        until: Option<Instant>,
    ) -> Result<(Token, Session)> {
        let token = Token::new(ctx);
        let now = ctx.now();
        let public = |role: &Role| matches!(role, Role::Resident | Role::Agent);
        let long = ctx.face == Face::Public && !account.roles.is_empty() && account.roles.iter().all(public);
        let usual = now.plus_s(if long { PUBLIC_WHOLE_S } else { INSIDE_WHOLE_S });
        let latest = until.map_or(usual, |until| until.min(usual));
        let ends = if long { latest } else { now.plus_s(IDLE_S).min(latest) };
        let account = account.clone();
        let session = Session { id: Id::new(ctx), account, long, started: now, seen: now, ends, latest };
        let (hash, replaced) = (token.hash(), replaces.map(Token::hash));
        let written = &session;
        self.db
            .tx(|tx| {
                Box::pin(async move {
                    if let Some(replaced) = replaced {
                        store::delete(tx, &replaced).await?;
                    }
                    store::make_room(tx, written.account.id, now, SESSIONS_PER_ACCOUNT_MAX - 1).await?;
                    store::insert(tx, &hash, written).await
                })
            })
            .await?;
        self.forget(|hash, _| replaced.is_some_and(|replaced| *hash == replaced));
        Ok((token, session))
    }

    /// The live session of this token. Cheap: the store is asked again after half a minute.
    pub async fn find(&self, ctx: &Ctx, token: &Token) -> Result<Option<Arc<Session>>> {
        let (hash, now) = (token.hash(), ctx.now());
        if let Some(session) = self.believed(&hash, now) {
            return Ok(Some(session));
        }
        let endings = self.endings.load(Ordering::Acquire);
        let Some(mut session) = store::find(&self.db, &hash).await? else {
            return Ok(None);
        };
        // A session from hours ahead was begun while the clock was wrong: it would outlive every limit.
        if session.ends <= now || session.started > now.plus_s(AHEAD_S_MAX) {
            return Ok(None);
        }
        if session.seen.plus_s(SEEN_EVERY_S) <= now {
            session.seen = now;
            session.ends = if session.long { session.latest } else { now.plus_s(IDLE_S).min(session.latest) };
            if !store::touch(&self.db, &hash, session.seen, session.ends).await? {
                return Ok(None);
            }
        }
        let session = Arc::new(session);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if self.endings.load(Ordering::Acquire) == endings {
            if cache.len() >= CACHED_MAX {
                cache.clear();
            }
            cache.insert(hash, Believed { session: session.clone(), checked: now });
        }
        Ok(Some(session))
    }

    /// Ends the session of this token.
    pub async fn end(&self, token: &Token) -> Result<()> {
        let hash = token.hash();
        self.db.tx(|tx| Box::pin(async move { store::delete(tx, &hash).await })).await?;
        self.forget(|known, _| *known == hash);
        Ok(())
    }

    /// Ends one session of an account by its id in the list; whether there was one.
    pub async fn end_one(&self, account: Id, session: Id) -> Result<bool> {
        let ended = self.db.tx(|tx| Box::pin(async move { store::delete_one(tx, account, session).await })).await?;
        self.forget(|_, known| known.id == session);
        Ok(ended)
    }

    /// Ends all sessions of an account within the transaction that changes its rights; how many. After the commit,
    /// [`Sessions::forget_account`] makes it true on this node at once.
    pub async fn end_all(&self, tx: &mut Tx<'_>, account: Id) -> Result<u64> {
        store::delete_all(tx, account).await
    }

    /// Forgets what this node believes of an account's sessions.
    pub fn forget_account(&self, account: Id) {
        self.forget(|_, known| known.account.id == account);
    }

    /// The account's live sessions, newest first.
    pub async fn list(&self, ctx: &Ctx, account: Id) -> Result<Vec<Session>> {
        store::list(&self.db, account, ctx.now(), SESSIONS_PER_ACCOUNT_MAX).await
    }

    /// Deletes sessions that ended by themselves; how many.
    pub async fn sweep(&self, ctx: &Ctx) -> Result<u64> {
        store::sweep(&self.db, ctx.now()).await
    }

    fn believed(&self, hash: &[u8; 32], now: Instant) -> Option<Arc<Session>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cache.get(hash)?;
        let fresh = now >= known.checked && now < known.checked.plus_s(BELIEVED_S) && now < known.session.ends;
        fresh.then(|| known.session.clone())
    }

    fn forget(&self, which: impl Fn(&[u8; 32], &Session) -> bool) {
        self.endings.fetch_add(1, Ordering::AcqRel);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|hash, known| !which(hash, &known.session));
    }
}

//! The index on disk and its one writer: upsert, withdraw, rebuild; a thread commits what was written within a
//! fraction of a second. Knows how to begin anew when the files are of another format or damaged.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tantivy::schema::Value;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};
use tokio::sync::watch;
use yiwang_kernel::{Error, Result};

use crate::document::Document;
use crate::find::{Finder, Hits, Query};
use crate::schema::{self, FORMAT, Fields};
use crate::tombstones::Tombstones;

/// Bytes the writer gathers before it cuts a segment.
const WRITER_BYTES: usize = 20_000_000;
/// How long the committer lets writes gather.
const GATHER: Duration = Duration::from_millis(150);
/// How long a writer waits at most to see its own write.
const OWN_WRITE_WAIT: Duration = Duration::from_secs(1);

/// The search index. Cheap to clone; the last clone dropped commits and closes it.
#[derive(Clone)]
pub struct Search {
    handle: Arc<Handle>,
}

/// Owns the committer thread; dropping it ends the thread.
struct Handle {
    shared: Arc<Shared>,
    committer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

struct Shared {
    fields: Fields,
    reader: IndexReader,
    state: Mutex<State>,
    written: Condvar,
    tombstones: RwLock<Tombstones>,
    committed: watch::Sender<u64>,
    fresh: bool,
}

struct State {
    writer: IndexWriter,
    /// Number of the last write.
    operation: u64,
    /// Versions written since this process opened the index.
    versions: HashMap<String, i64>,
    /// Somebody waits for a commit: do not let writes gather.
    hurry: bool,
    closing: bool,
}

impl Search {
    /// Opens the index in this folder, or begins an empty one where there is none that can be read.
    pub fn open(dir: &Path) -> Result<Search> {
        let (index, fields, fresh) = open_or_begin(dir)?;
        let writer =
            index.writer_with_num_threads(1, WRITER_BYTES).map_err(|error| failed("open for writing", error))?;
        let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        let reader = builder.try_into().map_err(|error: tantivy::TantivyError| failed("open for reading", error))?;
        let tombstones = Tombstones::open(dir)?;
        let mut state = State { writer, operation: 0, versions: HashMap::new(), hurry: false, closing: false };
        for id in tombstones.ids() {
            state.writer.delete_term(Term::from_field_text(fields.id, id));
            state.operation += 1;
        }
        let shared = Arc::new(Shared {
            fields,
            reader,
            state: Mutex::new(state),
            written: Condvar::new(),
            tombstones: RwLock::new(tombstones),
            committed: watch::Sender::new(0),
            fresh,
        });
        let theirs = Arc::clone(&shared);
        let committer = std::thread::Builder::new()
            .name("search-commit".to_owned())
            .spawn(move || theirs.keep_committing())
            .map_err(|error| Error::internal("start the search committer", error))?;
        Ok(Search { handle: Arc::new(Handle { shared, committer: Mutex::new(Some(committer)) }) })
    }

    /// Whether the index began empty at opening, so that each owner has to [`Search::rebuild`] its kinds.
    pub fn is_fresh(&self) -> bool {
        self.handle.shared.fresh
    }

    /// Adds the document or replaces the older version; found within a fraction of a second.
    pub fn upsert(&self, document: &Document) -> Result<()> {
        let shared = &self.handle.shared;
        let id = schema::id(document.kind, &document.key);
        let row = shared.fields.row(document);
        let mut state = shared.lock();
        if shared.known_version(&state, &id)?.is_some_and(|known| known > document.version) {
            return Ok(());
        }
        state.writer.delete_term(Term::from_field_text(shared.fields.id, &id));
        state.writer.add_document(row).map_err(|error| failed("write a document", error))?;
        state.versions.insert(id, document.version);
        shared.count_write(&mut state);
        Ok(())
    }

    /// Takes the thing out: no query that begins after this returns finds it. `version` is the store's version that
    /// withdrew it; older versions arriving late stay out.
    pub fn withdraw(&self, kind: &str, key: &str, version: i64) -> Result<()> {
        let shared = &self.handle.shared;
        let id = schema::id(kind, key);
        let mut state = shared.lock();
        if shared.known_version(&state, &id)?.is_some_and(|known| known > version) {
            return Ok(());
        }
        let operation = state.operation + 1;
        shared.tombstones.write().unwrap_or_else(PoisonError::into_inner).add(&id, operation)?;
        state.writer.delete_term(Term::from_field_text(shared.fields.id, &id));
        state.versions.insert(id, version);
        shared.count_write(&mut state);
        Ok(())
    }

    /// Replaces all documents of one kind at once and commits.
    pub fn rebuild(&self, kind: &'static str, documents: &mut dyn Iterator<Item = Document>) -> Result<u64> {
        let shared = &self.handle.shared;
        let mut count = 0;
        {
            let mut state = shared.lock();
            state.writer.delete_term(Term::from_field_text(shared.fields.kind, kind));
            for document in documents {
                let id = schema::id(document.kind, &document.key);
                let row = shared.fields.row(&document);
                state.writer.add_document(row).map_err(|error| failed("write a document", error))?;
                state.versions.insert(id, document.version);
                count += 1;
            }
            shared.count_write(&mut state);
        }
        self.commit_now()?;
        Ok(count)
    }

    /// Makes everything written so far visible and durable.
    pub fn commit_now(&self) -> Result<()> {
        self.handle.shared.commit()
    }

    /// Waits until what was written before is visible, at most a second (then goes on all the same).
    pub async fn visible(&self) {
        let operation = self.handle.shared.hurry();
        let mut committed = self.handle.shared.committed.subscribe();
        let seen = committed.wait_for(|done| *done >= operation);
        if tokio::time::timeout(OWN_WRITE_WAIT, seen).await.is_err() {
            tracing::warn!("a write to the search index is not visible after a second");
        }
    }

    /// Answers a query; a few milliseconds of computing, no waiting.
    pub fn find(&self, query: &Query) -> Result<Hits> {
        let shared = &self.handle.shared;
        // The withdrawn list is read before the searcher: a commit in between only hides something for this query.
        let withdrawn = shared.tombstones.read().unwrap_or_else(PoisonError::into_inner);
        let withdrawn: Vec<String> = withdrawn.ids().map(str::to_owned).collect();
        Finder { fields: &shared.fields, searcher: shared.reader.searcher(), withdrawn }.find(query)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a commit at once; the number of the last write.
    fn hurry(&self) -> u64 {
        let mut state = self.lock();
        state.hurry = true;
        self.written.notify_one();
        state.operation
    }

    fn count_write(&self, state: &mut State) {
        state.operation += 1;
        self.written.notify_one();
    }

    /// The version last written, in this process or, if it did not touch the thing, in the committed index.
    fn known_version(&self, state: &State, id: &str) -> Result<Option<i64>> {
        if let Some(version) = state.versions.get(id) {
            return Ok(Some(*version));
        }
        let searcher = self.reader.searcher();
        let term = Term::from_field_text(self.fields.id, id);
        let query = tantivy::query::TermQuery::new(term, tantivy::schema::IndexRecordOption::Basic);
        let top = tantivy::collector::TopDocs::with_limit(1).order_by_score();
        let found = searcher.search(&query, &top).map_err(|error| failed("look up a version", error))?;
        let Some((_, address)) = found.first() else { return Ok(None) };
        let row: TantivyDocument = searcher.doc(*address).map_err(|error| failed("read a version", error))?;
        Ok(row.get_first(self.fields.version).and_then(|value| value.as_i64()))
    }

    fn commit(&self) -> Result<()> {
        let mut state = self.lock();
        let operation = state.operation;
        state.hurry = false;
        if *self.committed.borrow() == operation {
            return Ok(());
        }
        state.writer.commit().map_err(|error| failed("commit", error))?;
        self.reader.reload().map_err(|error| failed("reload", error))?;
        self.tombstones.write().unwrap_or_else(PoisonError::into_inner).committed(operation)?;
        self.committed.send_replace(operation);
        Ok(())
    }

    fn keep_committing(&self) {
        loop {
            let mut state = self.lock();
            while !state.closing && state.operation == *self.committed.borrow() {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if !state.closing {
                let gathered = self.written.wait_timeout_while(state, GATHER, |state| !state.closing && !state.hurry);
                state = gathered.unwrap_or_else(PoisonError::into_inner).0;
            }
            let closing = state.closing;
            drop(state);
            if let Err(error) = self.commit() {
                tracing::error!(%error, "the search index could not be committed");
            }
            if closing {
                return;
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.written.notify_all();
        let committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if committer.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the search committer ended badly");
        }
    }
}

/// The index in this folder; where the format differs or the files cannot be read, an empty one in their place.
fn open_or_begin(dir: &Path) -> Result<(Index, Fields, bool)> {
    let (schema, fields) = schema::schema();
    let format = dir.join("FORMAT");
    if std::fs::read_to_string(&format).is_ok_and(|written| written == FORMAT) {
        match Index::open_in_dir(dir) {
            Ok(index) if index.schema() == schema => return Ok((index, fields, false)),
            Ok(_) => tracing::warn!("the search index has another schema and is built anew"),
            Err(error) => tracing::warn!(%error, "the search index cannot be read and is built anew"),
        }
    }
    let begin = || -> std::io::Result<()> {
        if dir.exists() {
            std::fs::remove_dir_all(dir)?;
        }
        std::fs::create_dir_all(dir)
    };
    begin().map_err(|error| Error::internal("clear the search index", error))?;
    let index = Index::create_in_dir(dir, schema).map_err(|error| failed("create", error))?;
    std::fs::write(&format, FORMAT).map_err(|error| Error::internal("write the search index's format", error))?;
    Ok((index, fields, true))
}

fn failed(what: &str, error: tantivy::TantivyError) -> Error {
    Error::internal(format!("search index: {what}"), error)
}

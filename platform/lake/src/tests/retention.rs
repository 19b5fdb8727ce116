//! What is not kept is gone: versions, the files only they used, their sidecars, files of loads that died.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use yiwang_gate::{At, Cleaned, Keep, Lookup, Mode, RowsQuery, Why};
use yiwang_kernel::{Error, Id, Instant};

use super::world::{PURPOSE, RESOURCE, World, all, people, spec, worlds};

/// Longer than a file out of use stays.
const LATER_S: i64 = 2 * 3_600;

fn keep(versions_max: usize) -> Keep {
    Keep { versions_max, since: Instant::from_micros(0), at_once: false }
}

/// The files below a tree of the world.
fn files(world: &World, tree: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![world.directory.path().join(tree)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}

async fn clean(world: &World, keep: &Keep) -> Cleaned {
    world.gate.clean(&world.ctx, RESOURCE, keep).await.expect("cleaned")
}

#[tokio::test]
async fn versions_past_what_is_kept_go_with_their_files_and_the_kept_ones_stay_whole() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..12_000)).await;
        world.load(Mode::Replace, &people(0..13_000)).await;
        world.load(Mode::Append, &people(20_000..20_005)).await;
        world.load(Mode::Upsert, &people(0..5)).await;
        assert_eq!(files(&world, "lake").len(), 3, "two of rows, one of removed places");
        let cleaned = clean(&world, &keep(2)).await;
        assert_eq!(cleaned, Cleaned { versions: 2, files: 0 }, "{}: readers have an hour", world.store.name);
        world.clock.advance_s(LATER_S);
        assert_eq!(clean(&world, &keep(2)).await, Cleaned { versions: 0, files: 1 }, "{}", world.store.name);
        assert_eq!(files(&world, "lake").len(), 2);
        assert_eq!(world.count_of(all()).await, 13_005);
        assert_eq!(world.count_of(RowsQuery { at: At::Version(3), ..all() }).await, 13_005);
        let gone = world.rows(RowsQuery { at: At::Version(1), ..all() }).await;
        assert!(matches!(gone, Err(Error::NotFound(_))), "{}", world.store.name);
        let table = world.gate.table(RESOURCE).await.expect("asked").expect("a table");
        assert_eq!(table.versions.iter().map(|version| version.number).collect::<Vec<_>>(), [4, 3]);
    }
}

#[tokio::test]
async fn versions_older_than_the_term_go_but_never_the_newest() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10)).await;
        world.load(Mode::Replace, &people(0..20)).await;
        let since = world.ctx.now().plus_s(24 * 3_600);
        let cleaned = clean(&world, &Keep { versions_max: 20, since, at_once: false }).await;
        assert_eq!(cleaned.versions, 1, "{}", world.store.name);
        assert_eq!(world.count_of(all()).await, 20);
    }
}

#[tokio::test]
async fn what_must_go_at_once_leaves_no_file_and_no_sidecar() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..12_000)).await;
        let lookup = Lookup {
            resource: RESOURCE.into(),
            fields: Vec::new(),
            keys: vec![vec!["c000007".into()]],
            at: At::Latest,
        };
        let found = world.gate.lookup(&world.ctx, &Why::purpose(PURPOSE), &lookup).await.expect("found");
        assert_eq!(super::world::lines(found).await.expect("rows").len(), 1);
        assert_eq!(files(&world, "derived").len(), 1, "the key index of the file");
        world.load(Mode::Replace, &people(0..0)).await;
        let cleaned = clean(&world, &Keep { versions_max: 1, since: world.ctx.now(), at_once: true }).await;
        assert_eq!(cleaned, Cleaned { versions: 1, files: 1 }, "{}", world.store.name);
        assert!(files(&world, "lake").is_empty(), "{}", world.store.name);
        assert!(files(&world, "derived").is_empty(), "{}", world.store.name);
        assert_eq!(world.count_of(all()).await, 0);
        world.load(Mode::Append, &people(0..3)).await;
        assert_eq!(world.count_of(all()).await, 3, "the resource can be filled again");
    }
}

#[tokio::test]
async fn an_undone_version_keeps_the_file_that_two_versions_share() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..12_000)).await;
        world.load(Mode::Replace, &people(0..13_000)).await;
        let (gate, ctx) = (&world.gate, &world.ctx);
        let undone = world.store.tx(|tx| Box::pin(async move { gate.undo(tx, ctx, RESOURCE, 1).await })).await;
        assert_eq!(undone.expect("undone").rows, 12_000);
        clean(&world, &keep(1)).await;
        world.clock.advance_s(LATER_S);
        clean(&world, &keep(1)).await;
        assert_eq!(world.count_of(all()).await, 12_000, "{}", world.store.name);
        assert_eq!(files(&world, "lake").len(), 1);
    }
}

#[tokio::test]
async fn files_of_given_up_and_of_dead_loads_are_swept() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..12_000)).await;
        let begin = async |mode| {
            let batch = people(50_000..62_000);
            let wanted = spec(Id::new(&world.ctx), mode, batch.schema());
            let mut loading = world.gate.load(&world.ctx, wanted).await.expect("begun");
            loading.write(batch).await.expect("written");
            loading.finish().await.expect("finished")
        };
        let (held, given_up) = (begin(Mode::Append).await, begin(Mode::Append).await);
        let (gate, ctx, staged) = (&world.gate, &world.ctx, &given_up);
        world.store.tx(|tx| Box::pin(async move { gate.discard(tx, ctx, staged).await })).await.expect("discarded");
        let dead = world.directory.path().join("lake/main").join(RESOURCE).join("dead.parquet");
        std::fs::write(&dead, b"cut off").expect("a file");
        assert_eq!(files(&world, "lake").len(), 4, "{}", world.store.name);
        world.clock.advance_s(LATER_S);
        assert_eq!(world.gate.sweep(&world.ctx).await.expect("swept"), 1, "the load given up");
        let month = Duration::from_secs(30 * 24 * 3_600);
        let now = u64::try_from(world.ctx.now().micros()).expect("after 1970");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_micros(now) - month;
        for file in files(&world, "lake") {
            let file = std::fs::File::options().write(true).open(file).expect("a file");
            file.set_modified(long_ago).expect("an older time");
        }
        assert_eq!(world.gate.sweep(&world.ctx).await.expect("swept"), 1, "the dead load");
        assert!(!dead.exists());
        assert_eq!(world.count_of(all()).await, 12_000, "what is named stays, {}", world.store.name);
        assert_eq!(world.count_of(RowsQuery { at: At::Staged(held.load), ..all() }).await, 12_000);
    }
}

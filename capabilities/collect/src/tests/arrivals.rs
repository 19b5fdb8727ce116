//! Files dropped into `in/`: taken whole and once, held until somebody decides, refused with a note beside them.

use std::path::PathBuf;

use yiwang_gate::{Query, RowsQuery, Why};

use super::city::{City, cities};
use crate::ops::{self, Arrivals, PURPOSE_OWN, Running};
use crate::{LoadFilter, LoadLine, State};

const ROWS: &str = "编号,名称\n007,东门\n008,西门\n";

struct Inbox<'c> {
    city: &'c City,
    running: Running,
    arrivals: Arrivals,
    folder: PathBuf,
}

impl<'c> Inbox<'c> {
    fn new(city: &'c City) -> Inbox<'c> {
        let folder = city.platform.data_dir.join("in").join("C001");
        std::fs::create_dir_all(&folder).expect("a folder");
        Inbox { city, running: Running::default(), arrivals: Arrivals::default(), folder }
    }

    fn drop_in(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    async fn round(&self) -> usize {
        let ctx = self.city.system();
        ops::receive(&self.city.platform, &ctx, &self.running, &self.arrivals).await.expect("a round")
    }

    async fn loads(&self) -> Vec<LoadLine> {
        let page = yiwang_kernel::PageRequest::default();
        let steward = self.city.steward("C001");
        let listed = ops::list(&self.city.platform, &steward, &LoadFilter::default(), &page).await;
        listed.expect("a list").rows
    }
}

#[tokio::test]
async fn a_file_that_stands_still_becomes_a_held_load_and_leaves_the_folder() {
    for city in cities().await {
        let inbox = Inbox::new(&city);
        let path = inbox.drop_in("停车场.csv", ROWS.as_bytes());
        assert_eq!(inbox.round().await, 0, "{}: seen once is not enough", city.name);
        assert_eq!(inbox.round().await, 1);
        assert!(!path.exists(), "{}", city.name);
        let loads = inbox.loads().await;
        let report = &loads[0].report;
        assert_eq!((report.state, report.rows_loaded), (State::Held, 2), "{}", city.name);
        assert_eq!((report.verdict.as_deref(), report.department.as_str()), (Some("arrival"), "C001"));
        let query = Query::Rows(RowsQuery::all(&report.resource));
        let steward = city.steward("C001");
        let unseen = city.platform.gate.read(&steward, &Why::purpose(PURPOSE_OWN), &query).await;
        assert!(unseen.is_err(), "nobody sees the rows yet");
        ops::accept_held(&city.platform, &steward, loads[0].id).await.expect("accepted");
        let read = city.platform.gate.read(&steward, &Why::purpose(PURPOSE_OWN), &query).await.expect("rows");
        assert_eq!(read.total, Some(2));
        assert_eq!(inbox.round().await, 0);
    }
}

#[tokio::test]
async fn half_a_file_is_never_taken() {
    for city in cities().await {
        let inbox = Inbox::new(&city);
        inbox.drop_in("growing.csv", b"code,name\n1,");
        inbox.drop_in("later.csv.part", ROWS.as_bytes());
        inbox.drop_in("empty.csv", b"");
        inbox.round().await;
        inbox.drop_in("growing.csv", ROWS.as_bytes());
        assert_eq!(inbox.round().await, 0, "{}", city.name);
        std::fs::rename(inbox.folder.join("later.csv.part"), inbox.folder.join("later.csv")).expect("renamed");
        assert_eq!(inbox.round().await, 1, "{}: the one that grew stands still now", city.name);
        assert_eq!(inbox.round().await, 1);
        let mut sources: Vec<String> = inbox.loads().await.into_iter().map(|line| line.report.source).collect();
        sources.sort();
        assert_eq!(sources, ["growing.csv", "later.csv"], "{}", city.name);
    }
}

#[tokio::test]
async fn garbage_stays_with_a_note_and_is_looked_at_again_when_it_changes() {
    for city in cities().await {
        let inbox = Inbox::new(&city);
        let path = inbox.drop_in("broken.parquet", b"PAR1 and nothing more PAR1");
        inbox.round().await;
        assert_eq!(inbox.round().await, 1);
        let note = std::fs::read_to_string(inbox.folder.join("broken.parquet.note.txt")).expect("a note");
        assert!(note.contains("parquet") && note.contains("export it again"), "{}: {note}", city.name);
        assert!(path.exists() && inbox.loads().await.is_empty());
        inbox.round().await;
        assert_eq!(inbox.round().await, 0, "{}: it is not tried again", city.name);
    }
}

#[tokio::test]
async fn links_and_strange_folders_are_left_alone() {
    for city in cities().await {
        let inbox = Inbox::new(&city);
        let secret = city.file("secret.csv", ROWS);
        std::os::unix::fs::symlink(&secret, inbox.folder.join("link.csv")).expect("a link");
        let strange = city.platform.data_dir.join("in").join("nobody");
        std::fs::create_dir_all(&strange).expect("a folder");
        std::fs::write(strange.join("x.csv"), ROWS).expect("a file");
        inbox.round().await;
        assert_eq!(inbox.round().await, 0, "{}", city.name);
        assert!(strange.join("x.csv").exists() && inbox.loads().await.is_empty());
    }
}

#[tokio::test]
async fn a_code_in_the_name_says_which_resource_and_how() {
    for city in cities().await {
        let first = city.load(&city.request("a.csv", ROWS)).await.expect("loaded");
        let inbox = Inbox::new(&city);
        inbox.drop_in(&format!("{}.replace.csv", first.resource), "编号,名称\n009,南门\n".as_bytes());
        inbox.round().await;
        assert_eq!(inbox.round().await, 1);
        let held = inbox.loads().await.into_iter().find(|line| line.report.state == State::Held).expect("a held load");
        assert_eq!(held.report.resource, first.resource, "{}", city.name);
        let steward = city.steward("C001");
        let report = ops::accept_held(&city.platform, &steward, held.id).await.expect("accepted");
        assert_eq!(report.version, Some(2));
        let table = city.platform.gate.table(&first.resource).await.expect("a table").expect("known");
        assert_eq!(table.rows, 1, "{}", city.name);
    }
}

//! Uploads onto a disk that fails: cut off by a power loss that takes what was not synced, full, or read only. Whatever
//! was acknowledged is there and whole after it, nothing else shows, and the error names the way out.

use std::io::ErrorKind;
use std::sync::Arc;

use http::Request;
use yiwang_catalogue::ops as catalogue;
use yiwang_files::testing::Fault;
use yiwang_gate::{Query, RowsQuery, Why};
use yiwang_kernel::PageRequest;
use yiwang_store::testing::sqlite;
use yiwang_testkit::{Plan, Reply};

use super::city::{City, capabilities};
use crate::LoadFilter;
use crate::model::State;
use crate::ops::{self, PURPOSE_OWN};

/// Rows of an upload: enough for a file of their own in the lake.
const ROWS: usize = 12_000;
/// Uploads of one trial at most.
const UPLOADS_MAX: usize = 30;

fn trials() -> u64 {
    std::env::var("YIWANG_LOOPS").ok().and_then(|loops| loops.parse().ok()).unwrap_or(10)
}

fn plan() -> Plan {
    Plan { capabilities: capabilities(), lake: true, demo: false }
}

/// A city on a disk that fails after so many steps, saying this.
struct Trial {
    city: City,
    fault: Arc<Fault>,
}

impl Trial {
    async fn new(seed: u64, steps: u64, says: ErrorKind) -> Trial {
        let (city, fault) = yiwang_testkit::City::failing(sqlite().await, plan(), seed, steps, says).await;
        Trial { city: City::found(city).await, fault }
    }

    /// Uploads by form until one is refused; how many were acknowledged, and the refusal.
    async fn upload_until_refused(&self) -> (usize, Reply) {
        for count in 0..UPLOADS_MAX {
            let reply = upload(&self.city, &format!("{count}.csv")).await;
            if reply.status != 303 {
                return (count, reply);
            }
        }
        panic!("the medium never failed");
    }
}

async fn upload(city: &City, name: &str) -> Reply {
    let (cookie, token) = city.session(&city.steward("C001")).await;
    let rows = (0..ROWS).fold("编号,名称\n".to_owned(), |text, row| text + &format!("A{row:05},第{row}处\n"));
    let part = |name: &str, file: &str, content: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
    };
    let body = part("csrf", "", &token) + &part("file", &format!("; filename=\"{name}\""), &rows) + "--cut--\r\n";
    let request = Request::post("/collect/load")
        .header(http::header::COOKIE, cookie)
        .header(http::header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
    city.ask(request, body).await
}

/// What stands in the list of loads as loaded is whole; what does not has no table. How many are whole.
async fn whole(city: &City) -> usize {
    let (platform, steward) = (&city.platform, &city.steward("C001"));
    ops::settle_cut_off(platform, &ops::Running::default()).await.expect("settled");
    let page = PageRequest { rows: Some(200), after: None };
    let loads = ops::list(platform, steward, &LoadFilter::default(), &page).await.expect("the loads").rows;
    let mut count = 0;
    for line in loads {
        let (resource, state) = (&line.report.resource, line.report.state);
        if state != State::Loaded {
            assert_eq!(state, State::Cancelled, "{resource}");
            assert!(platform.gate.table(resource).await.expect("asked").is_none(), "{resource} is half visible");
            assert!(catalogue::entry(platform, steward, resource).await.is_err(), "{resource} has an entry");
            continue;
        }
        let (why, query) = (Why::purpose(PURPOSE_OWN), Query::Rows(RowsQuery::all(resource)));
        let answer = platform.gate.read(steward, &why, &query).await;
        let batches = answer.expect("granted").collect().await.expect("whole files");
        assert_eq!(batches.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), ROWS, "{resource}");
        let raw = line.raw.expect("the raw file of a load is kept");
        let bytes = platform.files.read(raw, 1 << 24).await.expect("the raw file is whole");
        assert_eq!(bytes.len() as u64, line.report.size_bytes);
        platform.gate.rebuild_derived(resource).await.expect("its indexes can be built anew");
        count += 1;
    }
    count
}

#[tokio::test]
async fn an_acknowledged_upload_outlives_a_power_loss_and_nothing_else_shows() {
    let mut cut_off = 0;
    for seed in 0..trials() {
        let trial = Trial::new(seed, 3 + seed * 37 % 190, ErrorKind::Other).await;
        let (acknowledged, _) = trial.upload_until_refused().await;
        trial.fault.lose_power().expect("loses power");
        let city = City::over(trial.city.into_inner().again(plan()).await);
        let found = whole(&city).await;
        // The one in flight may have been published before its answer was.
        assert!(found == acknowledged || found == acknowledged + 1, "seed {seed}: {found} of {acknowledged}");
        cut_off += usize::from(acknowledged > 0);
        assert_eq!(upload(&city, "after.csv").await.status, 303, "seed {seed}");
        assert_eq!(whole(&city).await, found + 1, "seed {seed}: the city goes on");
    }
    assert!(cut_off > 0, "some power went after an upload");
}

#[tokio::test]
async fn a_full_or_read_only_disk_refuses_an_upload_with_the_way_out_and_keeps_the_others() {
    for (says, words) in [(ErrorKind::StorageFull, "磁盘满了"), (ErrorKind::ReadOnlyFilesystem, "不能写入")] {
        for steps in [4, 9, 60, 71] {
            let trial = Trial::new(steps, steps, says).await;
            let (acknowledged, refusal) = trial.upload_until_refused().await;
            assert_eq!(refusal.status, 503, "{steps} {says}: {}", refusal.text);
            assert!(refusal.text.contains(words), "{steps} {says}: {}", refusal.text);
            let city = City::over(trial.city.into_inner().again(plan()).await);
            assert_eq!(whole(&city).await, acknowledged, "{steps} {says}: what was refused is not there");
            assert_eq!(upload(&city, "after.csv").await.status, 303, "there is room again");
        }
    }
}

//! What was acknowledged outlives the process: a child inserts, says so, and is killed in the middle.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::stores;
use crate::Db;

const URL_OF_CHILD: &str = "YIWANG_TEST_CHILD_STORE";
const ACKNOWLEDGED_BEFORE_KILL: usize = 40;

/// The child's work when this test is run by its parent; nothing to do otherwise.
#[test]
fn the_child_inserts_until_it_is_killed() {
    let Ok(url) = std::env::var(URL_OF_CHILD) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let db = Db::open(&url).await.expect("opens");
        let insert = async |worker: u32| {
            for number in 0u32.. {
                let name = format!("{worker}-{number}");
                let row = [name.as_str().into(), vec![1u8].into()];
                db.execute("INSERT INTO things_parts (name, thing) VALUES ($1, $2)", &row).await.expect("inserts");
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged {name}").and_then(|()| out.flush()).expect("the parent reads");
            }
        };
        futures::join!(insert(1), insert(2), insert(3));
    });
}

#[tokio::test]
async fn acknowledged_rows_outlive_a_kill() {
    for db in stores().await {
        db.execute("INSERT INTO things (id) VALUES ($1)", &[vec![1u8].into()]).await.expect("inserts");
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "tests::kill::the_child_inserts_until_it_is_killed", "--nocapture"])
            .env(URL_OF_CHILD, &db.url)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut name = || loop {
            let line = lines.next()?.ok()?;
            if let Some((_, name)) = line.split_once("acknowledged ") {
                return Some(name.to_owned());
            }
        };
        let mut acknowledged: Vec<String> = std::iter::from_fn(&mut name).take(ACKNOWLEDGED_BEFORE_KILL).collect();
        assert_eq!(acknowledged.len(), ACKNOWLEDGED_BEFORE_KILL, "{}: the child ended by itself", db.name);
        child.kill().expect("kills");
        child.wait().expect("is gone");
        acknowledged.extend(std::iter::from_fn(&mut name));
        let again = Db::open(&db.url).await.expect("opens after the kill");
        for name in acknowledged {
            let row = again.query_one("SELECT name FROM things_parts WHERE name = $1", &[name.as_str().into()]).await;
            assert!(row.expect("reads").is_some(), "{}: {name} was acknowledged", db.name);
        }
        again.execute("DELETE FROM things_parts", &[]).await.expect("and it can be written");
    }
}

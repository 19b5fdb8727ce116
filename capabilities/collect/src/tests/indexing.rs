//! After a large load a job builds its indexes; a small one needs none.

use yiwang_host::runner;

use super::city::cities;

#[tokio::test]
async fn the_indexes_of_a_large_load_are_built_by_a_job_and_those_of_a_small_one_need_none() {
    for city in cities().await {
        let text = |rows: u32| -> String {
            let rows: String =
                (0..rows).map(|row| format!("K{row:06},{}\n", row.wrapping_mul(2_654_435_761) % 9_973)).collect();
            format!("编号,数量\n{rows}")
        };
        let small = city.load(&city.request("小表.csv", &text(40))).await.expect("loaded");
        let large = city.load(&city.request("大表.csv", &text(101_000))).await.expect("loaded");
        let quickly = async |resource: &str| {
            city.platform.gate.table(resource).await.expect("a table").expect("known").sorts_quickly
        };
        assert!(quickly(&small.resource).await, "{}", city.name);
        assert!(!quickly(&large.resource).await, "{}", city.name);
        let jobs = runner(&city.platform, &[crate::capability()], 1);
        jobs.run_due(&city.system()).await.expect("the jobs run");
        assert!(quickly(&large.resource).await, "{}", city.name);
        assert_eq!(jobs.run_due(&city.system()).await.expect("nothing is due"), 0);
    }
}

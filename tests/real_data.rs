//! Real tables nobody here wrote, loaded with no flags into the row counts their own notes give. Reads `../shared/data`
//! beside the repository, which is not part of it: `cargo xtask check` runs this where that folder is, and says so
//! where it is not.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::city::yiwang;

/// File and rows, by the notes that come with each set.
const SETS: [(&str, u64); 20] = [
    ("beijing-air-12-stations/PRSA_Data_Aotizhongxin_20130301-20170228.csv.zst", 35_064),
    ("cap-alerts/cap-feed-register.csv", 261),
    ("citizen-messages/messages-labelled.xlsx", 495),
    ("ckan-tokyo/package_show.jsonl.zst", 5077),
    ("cn-boundaries/guangdong-counties.geojson", 124),
    ("cn-boundaries/shenzhen-districts.geojson", 9),
    ("cn-city-air-2017-04-11/20170411_O3_hourly_city_obs.txt.zst", 34_776),
    ("cn-city-air-2017-04-11/20170411_daily_city_obs.txt", 1449),
    ("cn-code-lists/GB-2260.csv", 6564),
    ("cn-code-lists/ISO-4217-CN.csv", 178),
    ("cn-divisions/streets.csv", 41_352),
    ("cn-divisions/villages-national.csv.zst", 620_573),
    ("gps-traces/beijing-taxi-demo.xlsx", 3016),
    ("hk-schools/schools-2022-04-01.csv", 3634),
    ("nyc-311/nyc-311-animals-2017-2021.csv.zst", 5895),
    ("penalties-ma-environment/enforcement-actions.csv.zst", 4348),
    ("record-linkage/febrl-dataset4a.csv", 5000),
    ("record-linkage/historical_figures_with_errors_50k.parquet", 50_578),
    ("shenzhen-ev-weather/weather_airport.csv", 4344),
    ("shenzhen-metro/stations.csv", 215),
];

#[test]
fn real_tables_load_with_no_flags_into_all_their_rows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    assert_eq!(yiwang(&data, &["init", "--name", "测试市", "--region", "449900"]).0, 0);
    let paths: Vec<PathBuf> = SETS.iter().map(|(path, _)| root.join(path)).collect();
    let mut words = vec!["--json", "load"];
    words.extend(paths.iter().map(|path| path.to_str().expect("UTF-8")));
    let (code, text) = yiwang(&data, &words);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(code, 0, "{text}");
    for (path, rows) in SETS {
        let name = path.rsplit('/').next().expect("a file name");
        let loads = report["loads"].as_array().expect("reports").iter();
        let load = loads.filter(|load| load["source"].as_str().is_some_and(|source| source.starts_with(name)));
        let loaded: u64 = load.map(|load| load["rows_loaded"].as_u64().expect("a count")).sum();
        assert_eq!(loaded, rows, "{path}");
    }
}

//! Tiles read back as the specification says.

use super::reader::read;
use crate::{Drawn, Layer, Value, encode};

#[test]
fn a_tile_reads_back_with_geometries_and_attributes() {
    let mut rows = Layer::new("rows");
    let drawn = Drawn {
        points: vec![[25, 17], [-3, 4_100]],
        lines: vec![vec![[2, 2], [2, 10], [10, 10]], vec![[1, 1], [3, 5]]],
        areas: vec![vec![vec![[0, 0], [10, 0], [10, 10], [0, 10]], vec![[2, 2], [2, 4], [4, 4], [4, 2]]]],
    };
    let attributes = [
        ("name", Value::Text("东门停车场".to_owned())),
        ("spaces", Value::Int(-120)),
        ("share", Value::Float(0.25)),
        ("open", Value::Bool(true)),
    ];
    rows.add(&drawn, &attributes);
    let mut counts = Layer::new("counts");
    let one = Drawn { points: vec![[1, 1]], ..Drawn::default() };
    counts.add(&one, &[("count", Value::Int(i64::MAX))]);
    counts.add(&one, &[("count", Value::Int(7))]);
    let tile = read(&encode(&[rows, counts]));
    let names: Vec<&str> = tile.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["rows", "counts"]);
    let kinds: Vec<u64> = tile[0].features.iter().map(|feature| feature.kind).collect();
    assert_eq!(kinds, [1, 2, 3], "a feature has one kind of geometry");
    let told = |parts: &[Vec<[i32; 2]>]| -> Vec<Vec<[i64; 2]>> {
        parts.iter().map(|part| part.iter().map(|point| point.map(i64::from)).collect()).collect()
    };
    assert_eq!(tile[0].features[0].parts, told(&[vec![[25, 17]], vec![[-3, 4_100]]]));
    assert_eq!(tile[0].features[1].parts, told(&drawn.lines));
    assert_eq!(tile[0].features[2].parts, told(&drawn.areas[0]));
    let expected = [("name", "东门停车场"), ("spaces", "-120"), ("share", "0.25"), ("open", "true")];
    for feature in &tile[0].features {
        let given: Vec<(&str, &str)> =
            feature.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(given, expected);
    }
    let counted: Vec<&str> = tile[1].features.iter().map(|feature| feature.attributes[0].1.as_str()).collect();
    assert_eq!(counted, [i64::MAX.to_string().as_str(), "7"]);
}

#[test]
fn nothing_takes_no_bytes() {
    let mut rows = Layer::new("rows");
    rows.add(&Drawn::default(), &[("name", Value::Text("x".to_owned()))]);
    assert!(rows.is_empty() && encode(&[rows, Layer::new("counts")]).is_empty());
}

//! Maps of open resources over HTTP: the outline on the page, the tiles behind it, and that neither says more than the
//! rows do.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Request;
use yiwang_catalogue::ops as catalogue;
use yiwang_gate::Mask;

use super::city::{City, cities};
use super::reader::{Layer, read};
use crate::place::{Place, System};

const PLACES: &str = "编号,名称,联系电话,经度,纬度\r\n001,东门停车场,13800138000,113.621,22.941\r\n\
    002,西门停车场,13900139000,113.48,22.92\r\n003,南门停车场,13700137000,113.552,22.8405\r\n004,未定,13600136000,,\r\n";

fn masks(field: &str) -> BTreeMap<String, Mask> {
    BTreeMap::from([(field.to_owned(), Mask::Null)])
}

/// Car parks with their places, open but for the telephone numbers.
async fn opened(city: &City) -> String {
    city.open("停车场.csv", PLACES, masks("lianxidianhua")).await
}

async fn tile(city: &City, code: &str, numbers: &str) -> Vec<Layer> {
    let reply = city.get(&format!("/catalogue/{code}/tiles/{numbers}")).await;
    assert_eq!(reply.status, 200, "{}: {}", city.name, reply.text);
    assert_eq!(reply.headers["content-type"], "application/vnd.mapbox-vector-tile");
    read(&reply.bytes)
}

fn names(layers: &[Layer]) -> Vec<String> {
    let named = layers.iter().flat_map(|layer| &layer.features).flat_map(|feature| &feature.attributes);
    named.filter(|(key, _)| key == "mingcheng").map(|(_, value)| value.clone()).collect()
}

#[tokio::test]
async fn a_page_shows_an_outline_with_a_list_and_its_tiles_hold_the_same_rows() {
    for city in cities().await {
        let code = opened(&city).await;
        let page = city.get(&format!("/catalogue/{code}?lang=en")).await.text;
        for part in ["<svg class=\"outline\"", "role=\"img\"", "class=\"dot\"", "113.480°E", "North-west", "as given"]
        {
            assert!(page.contains(part), "{}: no {part} in {page}", city.name);
        }
        let map = city.get(&format!("/catalogue/{code}?format=json")).await.json()["map"].clone();
        assert_eq!((map["placed"].as_u64(), map["unplaced"].as_u64()), (Some(3), Some(1)), "{map}");
        assert_eq!(map["bounds"], serde_json::json!([113.48, 22.8405, 113.621, 22.941]));
        let whole = tile(&city, &code, "0/0/0.mvt").await;
        assert_eq!(names(&whole), ["东门停车场", "西门停车场", "南门停车场"], "{}", city.name);
        assert!(whole[0].features.iter().all(|feature| feature.kind == 1 && feature.parts.len() == 1));
        // By hand: the tile of 113.621, 22.941 at zoom 12 and the one east of it.
        assert_eq!(names(&tile(&city, &code, "12/3340/1779").await), ["东门停车场"]);
        assert!(tile(&city, &code, "12/3341/1779").await.is_empty());
    }
}

#[tokio::test]
async fn the_list_beside_the_map_agrees_with_the_table_it_leads_to() {
    let city = &cities().await[0];
    let code = opened(city).await;
    let page = city.get(&format!("/catalogue/{code}")).await.text;
    let links: Vec<String> = page
        .split("<td class=\"number\"><a href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|link| link.replace("&#38;", "&").replace("&amp;", "&"))
        .collect();
    assert_eq!(links.len(), 3, "each car park in a field of its own: {links:?}");
    for link in links {
        assert_eq!(city.get(&format!("{link}&format=json")).await.json()["total"], 1, "{link}");
    }
}

#[tokio::test]
async fn what_is_masked_is_in_no_tile_and_without_coordinates_there_is_no_map() {
    for city in cities().await {
        let code = opened(&city).await;
        let reply = city.get(&format!("/catalogue/{code}/tiles/0/0/0")).await;
        assert!(!reply.text.contains("13800138000") && !reply.text.contains("lianxidianhua"), "{}", city.name);
        let hidden = city.open("位置.csv", PLACES, masks("weidu")).await;
        let page = city.get(&format!("/catalogue/{hidden}")).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("class=\"outline\"") && !page.text.contains("113.621"), "{}", page.text);
        assert!(city.get(&format!("/catalogue/{hidden}?format=json")).await.json()["map"].is_null());
        for path in ["tiles", "tiles/0/0/0.mvt"] {
            assert_eq!(city.get(&format!("/catalogue/{hidden}/{path}")).await.status, 409, "{path}");
        }
    }
}

#[tokio::test]
async fn a_tile_is_told_unchanged_until_a_new_version_and_gone_with_a_take_down() {
    for city in cities().await {
        let code = opened(&city).await;
        let path = format!("/catalogue/{code}/tiles/0/0/0.mvt");
        let first = city.get(&path).await;
        let tag = first.headers["etag"].to_str().expect("text").to_owned();
        assert_eq!(first.headers["cache-control"], "public, no-cache");
        let ask = || Request::get(path.as_str()).header("if-none-match", format!("\"other\", {tag}"));
        let unchanged = city.ask(ask(), Body::empty()).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.bytes.len()), (304, 0), "{}", city.name);
        city.append(&code, "编号,名称,联系电话,经度,纬度\r\n005,北门停车场,13500135000,113.57,23.02\r\n").await;
        let newer = city.ask(ask(), Body::empty()).await;
        assert_eq!(newer.status, 200, "{}", city.name);
        assert_ne!(newer.headers["etag"].to_str().expect("text"), tag);
        assert_eq!(names(&read(&newer.bytes)).len(), 4);
        assert_eq!(names(&tile(&city, &code, "0/0/0?version=1").await).len(), 3, "an older version as it was");
        assert_eq!(city.get(&format!("{path}?version=9")).await.status, 404);
        catalogue::take_down(&city.platform, &city.steward("C001"), &code, "涉及个人信息").await.expect("taken down");
        assert_eq!(city.ask(ask(), Body::empty()).await.status, 410, "{}", city.name);
        for gone in [format!("{path}?version=1"), format!("/catalogue/{code}/tiles")] {
            assert_eq!(city.get(&gone).await.status, 410, "{gone}");
        }
    }
}

#[tokio::test]
async fn where_a_tile_would_hold_too_many_rows_it_holds_their_counts() {
    for city in cities().await {
        let mut text = "编号,经度,纬度\r\n".to_owned();
        for row in 0..2_500 {
            let (lon, lat) = (113.4 + f64::from(row % 50) / 200.0, 22.8 + f64::from(row / 50) / 200.0);
            text.push_str(&format!("K{row:05},{lon:.6},{lat:.6}\r\n"));
        }
        let code = city.open("部件.csv", &text, BTreeMap::new()).await;
        let whole = tile(&city, &code, "0/0/0").await;
        assert_eq!(whole.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(), ["counts"], "{}", city.name);
        let count = |layers: &[Layer]| -> u64 {
            let features = layers.iter().flat_map(|layer| &layer.features);
            features.map(|feature| feature.attributes[0].1.parse::<u64>().expect("a count")).sum()
        };
        assert_eq!(count(&whole), 2_500);
        // At zoom 8 the rows lie in one tile or two; together they are all.
        let mut all = 0;
        for x in 207..=209 {
            for y in 110..=112 {
                all += count(&tile(&city, &code, &format!("8/{x}/{y}")).await);
            }
        }
        assert_eq!(all, 2_500, "each row is counted in one tile");
        city.append(&code, "编号,经度,纬度\r\nK99999,120.15,30.25\r\n").await;
        let far = tile(&city, &code, "8/213/105").await;
        assert_eq!((far[0].name.as_str(), count(&far)), ("counts", 1), "one zoom shows all its rows in one manner");
        let near = tile(&city, &code, "14/13355/7123").await;
        assert!(near.iter().all(|layer| layer.name == "rows"), "{near:?}");
        let page = city.get(&format!("/catalogue/{code}")).await.text;
        assert!(page.contains("class=\"heap heap-") && page.contains("2,501"), "{page}");
        let bands = city.get(&format!("/catalogue/{code}?format=json")).await.json()["map"]["bands"].clone();
        let rows: u64 = bands.as_array().expect("bands").iter().filter_map(|band| band["rows"].as_u64()).sum();
        assert_eq!(rows, 2_501);
    }
}

#[tokio::test]
async fn shapes_of_geojson_are_outlines_and_tiles() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"mingcheng":"东区"},"geometry":{"type":"Polygon","coordinates":
            [[[113.5,22.8],[113.7,22.8],[113.7,23.0],[113.5,23.0],[113.5,22.8]]]}},
        {"type":"Feature","properties":{"mingcheng":"大道"},"geometry":{"type":"LineString","coordinates":
            [[113.4,22.7],[113.6,22.9],[113.9,22.9]]}}]}"#;
    for city in cities().await {
        let code = city.open("区界.geojson", text, BTreeMap::new()).await;
        let page = city.get(&format!("/catalogue/{code}")).await.text;
        assert!(page.contains("class=\"area\"") && page.contains("class=\"line\""), "{page}");
        let whole = tile(&city, &code, "8/208/111").await;
        let kinds: Vec<u64> = whole.iter().flat_map(|layer| &layer.features).map(|feature| feature.kind).collect();
        assert_eq!((kinds, names(&whole)), (vec![3, 2], vec!["东区".to_owned(), "大道".to_owned()]), "{}", city.name);
        let reply = city.get(&format!("/catalogue/{code}/tiles/8/208/111")).await;
        assert!(!reply.text.contains("coordinates"), "the geometry is drawn, not told");
    }
}

#[tokio::test]
async fn map_programs_are_told_where_the_tiles_are() {
    let city = &cities().await[0];
    let code = opened(city).await;
    let told = city.get(&format!("/catalogue/{code}/tiles")).await.json();
    assert_eq!((told["tilejson"].as_str(), told["maxzoom"].as_u64()), (Some("3.0.0"), Some(16)), "{told}");
    let template = told["tiles"][0].as_str().expect("an address");
    let path = template.split_once("/catalogue/").expect("a path of ours").1;
    let path = format!("/catalogue/{path}").replace("{z}", "0").replace("{x}", "0").replace("{y}", "0");
    assert_eq!(city.get(&path).await.status, 200, "{path}");
    assert_eq!(told["vector_layers"][0]["fields"]["mingcheng"], "String", "{told}");
    assert!(told["vector_layers"][0]["fields"].get("lianxidianhua").is_none());
}

#[tokio::test]
async fn addresses_that_are_no_tile_say_what_one_is() {
    let city = &cities().await[0];
    let code = opened(city).await;
    let closed = city.load("未开放.csv", PLACES).await.resource;
    let of = |code: &str, numbers: &str| format!("/catalogue/{code}/tiles/{numbers}");
    let cases = [
        (of(&code, "17/0/0.mvt"), 422, "z"),
        (of(&code, "-1/0/0"), 422, "z"),
        (of(&code, "3/8/0"), 422, "x"),
        (of(&code, "3/0/8.mvt"), 422, "y"),
        (of(&code, "3/0/0.png"), 422, "y"),
        (of(&code, "a/b/c"), 422, "z"),
        (of(&code, "0/0/0?version=x"), 422, "version"),
        (of(&closed, "0/0/0"), 404, ""),
        (of("999999-000001", "0/0/0"), 404, ""),
    ];
    for (path, status, field) in cases {
        let reply = city.ask(Request::get(&path).header("accept", "application/json"), Body::empty()).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
        assert!(reply.text.contains(&format!("\"{field}\"")) || field.is_empty(), "{path}: {}", reply.text);
    }
}

#[test]
fn places_are_found_by_name_or_title_and_their_system_is_never_guessed() {
    let columns = |titles: [&'static str; 2]| Place::find(titles.map(|title| ("c", title)).into_iter());
    assert!(columns(["经度（GCJ-02）", "纬度（GCJ-02）"]).is_some());
    assert!(columns(["经度", "宽度"]).is_none());
    let cases = [
        ("经度（GCJ-02）", System::Gcj02),
        ("坐标为国家2000坐标系", System::Cgcs2000),
        ("Longitude (WGS 84)", System::Wgs84),
        ("BD-09 经度", System::Bd09),
        ("经度", System::AsGiven),
    ];
    for (words, system) in cases {
        assert_eq!(System::told(["名称", words].into_iter()), system, "{words}");
    }
}

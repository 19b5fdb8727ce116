//! The map of an open resource in a real browser: the outline where scripts or WebGL are off, the moving map over it
//! where they are on, within the page's own rules.

use serde_json::{Value, json};

use crate::browser::{Browser, DESKTOP_WIDTH, PHONE_WIDTH};
use crate::city::City;

/// WebGL drawn by the processor: there is no graphics card where tests run.
const DRAWING: [&str; 2] = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const NO_DRAWING: [&str; 1] = ["--disable-3d-apis"];

/// Ends when the moving map is drawn.
const MOVING: &str = "
    const done = arguments[arguments.length - 1], figure = document.querySelector('figure.map');
    const look = () => figure.classList.contains('moving') && done(true);
    new MutationObserver(look).observe(figure, { attributes: true });
    look();";

/// Clicks where the outline has its first dot; ends with what the page then says of its row.
const FIRST_DOT: &str = "
    const done = arguments[arguments.length - 1], canvas = document.querySelector('.maplibregl-canvas');
    canvas.scrollIntoView({ block: 'center' });
    const svg = document.querySelector('svg.outline'), box = svg.getBoundingClientRect();
    const dot = svg.querySelector('.dot').getAttribute('d').match(/M(-?[0-9]+) (-?[0-9]+)/);
    const scale = box.width / svg.viewBox.baseVal.width;
    const at = { bubbles: true, clientX: box.left + dot[1] * scale, clientY: box.top + dot[2] * scale };
    const chosen = document.querySelector('.chosen');
    const look = () => {
        const link = chosen.querySelector('a');
        if (!chosen.hidden && link) done({ words: chosen.innerText, link: link.href });
    };
    new MutationObserver(look).observe(chosen, { childList: true, attributes: true });
    for (const type of ['mousedown', 'mouseup', 'click']) canvas.dispatchEvent(new MouseEvent(type, at));";

/// Whether the outline is what one sees.
const OUTLINE_SHOWS: &str = "
    const svg = document.querySelector('svg.outline');
    return getComputedStyle(svg).visibility === 'visible' && svg.getBoundingClientRect().width > 200;";

/// The page of the car parks.
fn car_parks(city: &City) -> String {
    let found = city.json("/api/resources?q=停车场基本信息");
    let code = found["rows"][0]["code"].as_str().unwrap_or_else(|| panic!("no car parks: {found}"));
    format!("/catalogue/{code}")
}

#[test]
fn the_map_moves_within_the_rules_of_the_page_and_shows_the_row_of_a_dot() {
    let city = City::demo();
    let page = city.address(&car_parks(&city));
    for width in [PHONE_WIDTH, DESKTOP_WIDTH] {
        let browser = Browser::with(width, true, &DRAWING);
        for query in ["lang=zh", "lang=en", "large=1"] {
            browser.open(&format!("{page}?{query}"));
            assert_eq!(browser.run_async(MOVING), true, "{width} {query}");
            assert_eq!(browser.faults(), json!([]), "{width} {query}");
            let found = browser.run_async(FIRST_DOT);
            let link = found["link"].as_str().unwrap_or_else(|| panic!("no way to the row: {found}"));
            let path = link.strip_prefix(&city.url).expect("an address of this city");
            let row = &city.json(path)["rows"];
            let number = row[0]["lot_no"].as_str().expect("a row");
            assert_eq!(row.as_array().map(Vec::len), Some(1), "{link}");
            assert!(found["words"].as_str().is_some_and(|words| words.contains(number)), "{found}");
            assert_eq!(browser.faults(), json!([]), "{width} {query} with a row shown");
            let wide = browser.run("return document.documentElement.scrollWidth;");
            assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{width} {query}: {wide}");
            let complaints = browser.console();
            let refused: Vec<&String> = complaints.iter().filter(|line| line.contains("Security Policy")).collect();
            assert!(refused.is_empty(), "{width} {query}: {refused:?}");
        }
    }
}

#[test]
fn the_outline_stays_where_scripts_or_drawing_are_off() {
    let city = City::demo();
    let page = city.address(&car_parks(&city));
    let browser = Browser::with(PHONE_WIDTH, true, &NO_DRAWING);
    browser.open(&page);
    assert_eq!(browser.run(OUTLINE_SHOWS), true, "without WebGL");
    assert_eq!(browser.run("return document.querySelector('canvas');"), Value::Null);
    let without = Browser::with(PHONE_WIDTH, false, &DRAWING);
    without.open(&page);
    // The driver's own scripts run where the page's do not.
    assert_eq!(without.run(OUTLINE_SHOWS), true, "without scripts");
    assert_eq!(without.run("return document.querySelector('figure.map .stage');"), Value::Null);
}

#[test]
fn every_resource_of_the_demo_with_coordinates_has_a_map_of_all_its_rows() {
    let city = City::demo();
    let listed = city.json("/api/resources?rows=200");
    let mut maps = 0;
    for resource in listed["rows"].as_array().expect("rows") {
        let code = resource["code"].as_str().expect("a code");
        let told = city.json(&format!("/catalogue/{code}"));
        let has = |name: &str| told["fields"].as_array().is_some_and(|fields| fields.iter().any(|f| f["name"] == name));
        assert_eq!(has("lon") && has("lat"), !told["map"].is_null(), "{code}");
        if !told["map"].is_null() {
            maps += 1;
            let placed =
                told["map"]["placed"].as_u64().expect("a number") + told["map"]["unplaced"].as_u64().unwrap_or(0);
            assert_eq!(Some(placed), told["rows"].as_u64(), "{code}");
        }
    }
    assert!(maps >= 5, "{maps} maps");
}

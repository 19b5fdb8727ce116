//! The map of a resource: its outline as SVG with the list beside it, what a script needs to put a moving map in its
//! place, the tiles behind that map and their description. Draws nothing that did not come through the gate.

use std::fmt::Write as _;

use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde_json::json;
use yiwang_gate::At;
use yiwang_host::{Answer, Call};
use yiwang_kernel::{Error, Result};
use yiwang_tiles::{Bounds, Frame, MEDIA_TYPE, Point, ZOOM_MAX};
use yiwang_web::{Arg, MapFiles, Markup, View, encode, escape, map_files};

use super::Shared;
use super::home::origin;
use crate::maps::{self, COUNTS, Outline, ROWS, attributes};
use crate::model;
use crate::ops;
use crate::place::Place;
use crate::resource::Resource;

/// Lines of the graticule each way, at most.
const LINES_MAX: f64 = 4.0;
/// Distances between them, in degrees, with the decimals they are written with.
const STEPS: [(f64, usize); 15] = [
    (0.001, 3),
    (0.002, 3),
    (0.005, 3),
    (0.01, 2),
    (0.02, 2),
    (0.05, 2),
    (0.1, 1),
    (0.2, 1),
    (0.5, 1),
    (1.0, 0),
    (2.0, 0),
    (5.0, 0),
    (10.0, 0),
    (30.0, 0),
    (90.0, 0),
];
/// Sizes of the dots that stand for many rows.
const SIZES: usize = 6;
/// What the moving map says, by the name its library has for it.
const WORDS: [(&str, &str); 6] = [
    ("Map.Title", "portal-map-moving"),
    ("NavigationControl.ZoomIn", "portal-map-in"),
    ("NavigationControl.ZoomOut", "portal-map-out"),
    ("CooperativeGesturesHandler.WindowsHelpText", "portal-map-wheel"),
    ("CooperativeGesturesHandler.MacHelpText", "portal-map-wheel-mac"),
    ("CooperativeGesturesHandler.MobileHelpText", "portal-map-fingers"),
];

#[derive(askama::Template)]
#[template(path = "portal/map.html")]
struct MapBody<'a> {
    view: &'a View,
    title: String,
    words: String,
    about: Vec<String>,
    svg: Markup,
    bands: Vec<(String, String, String)>,
    files: Option<MapFiles>,
    settings: String,
}

/// The part of a resource's page that shows where its rows are.
pub(super) fn section(view: &View, resource: &Resource, place: &Place, outline: &Outline) -> Result<Markup> {
    let title = view.with("portal-map-of", "title", view.text(&resource.entry.content.title));
    let version = resource.table.as_ref().map_or(0, |table| table.version);
    let source = [
        ("department", Arg::from(view.text(&resource.department).to_owned())),
        ("version", Arg::from(view.n(version))),
    ];
    let mut about = vec![view.t(resource.system(place).text_id())];
    if outline.unplaced > 0 {
        about.push(view.with("portal-map-unplaced", "n", view.n(outline.unplaced)));
    }
    if let Some(most) = outline.heaps.iter().map(|heap| heap.count).max() {
        about.push(view.with("portal-map-heaps", "n", view.n(most)));
    }
    about.push(view.with_args("portal-map-source", &source));
    let band = |band: &maps::Band| {
        let conditions: Vec<String> =
            band.conditions.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let leads = band.rows > 0 && !conditions.is_empty();
        let to = format!("/catalogue/{}/data?{}", resource.entry.code, conditions.join("&"));
        let words = view.t(&format!("portal-map-band-{}{}", band.row, band.column));
        (if leads { to } else { String::new() }, words, view.n(band.rows))
    };
    Markup::of(&MapBody {
        view,
        title,
        words: words(view, outline),
        about,
        svg: svg(outline),
        bands: outline.bands.iter().map(band).collect(),
        files: map_files(),
        settings: settings(view, resource, place, outline, version),
    })
}

/// The outline as JSON.
pub(super) fn map_json(resource: &Resource, place: &Place, outline: &Outline) -> serde_json::Value {
    let bands = outline.bands.iter().map(|band| json!({ "row": band.row, "column": band.column, "rows": band.rows }));
    json!({
        "bounds": corners(outline.bounds),
        "placed": outline.placed,
        "unplaced": outline.unplaced,
        "system": resource.system(place).word(),
        "columns": place.columns(),
        "bands": bands.collect::<Vec<_>>(),
        "tiles": format!("/catalogue/{}/tiles", resource.entry.code),
    })
}

/// One tile: 304 where the reader has it, as long as the resource is open.
pub(crate) async fn tile(call: Call, shared: Shared) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    resource.require_open()?;
    let tile = model::tile(call.path("z")?, call.path("x")?, call.path("y")?)?;
    let (asked, newest) = (model::version(&call.query)?, resource.table.as_ref().map_or(0, |table| table.version));
    let version = if let At::Version(version) = asked { version } else { newest };
    let tag = maps::tag(&resource, version);
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE.to_owned()),
        (header::ETAG, tag.clone()),
        // Asked for anew each time: what was taken down must not be shown from a cache.
        (header::CACHE_CONTROL, "public, no-cache".to_owned()),
    ];
    let kept = resource.table.as_ref().is_some_and(|table| table.versions.iter().any(|known| known.number == version));
    if kept && maps::mapped(&resource).is_some() && has(&call, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let bytes = shared.maps.tile(&call.platform, &call.ctx, &resource, version, tile).await?;
    Ok((headers, bytes).into_response())
}

/// The tiles' description, TileJSON 3.0.0, which map programs take.
pub(crate) async fn tiles(call: Call, shared: Shared) -> Answer {
    let resource = ops::resource(&call.platform, &call.ctx, call.path("code")?).await?;
    resource.require_open()?;
    let version = resource.table.as_ref().map_or(0, |table| table.version);
    let outline = shared.maps.outline(&call.platform, &call.ctx, &resource, version).await?;
    let outline = outline.ok_or_else(|| Error::refused("map-no-place"))?;
    let (view, code) = (&call.view, &resource.entry.code);
    let kind = |word: &str| match word {
        "bool" => "Boolean",
        "integer" | "float" => "Number",
        _ => "String",
    };
    let fields = attributes(&resource).into_iter().map(|field| (field.name.clone(), kind(&field.r#type).into()));
    let fields: serde_json::Map<String, serde_json::Value> = fields.collect();
    let json = json!({
        "tilejson": "3.0.0",
        "name": view.text(&resource.entry.content.title),
        "description": view.text(&resource.entry.content.summary),
        "version": format!("{version}.0.0"),
        // Programs show this as HTML.
        "attribution": escape(view.text(&resource.department)),
        "scheme": "xyz",
        "tiles": [format!("{}/catalogue/{code}/tiles/{{z}}/{{x}}/{{y}}.mvt?version={version}", origin(&call)?)],
        "minzoom": 0,
        "maxzoom": ZOOM_MAX,
        "bounds": corners(outline.bounds),
        "vector_layers": [
            { "id": ROWS, "fields": fields },
            { "id": COUNTS, "fields": { "count": "Number" } },
        ],
    });
    call.json(StatusCode::OK, &json)
}

/// Whether the caller names this tag among those it has.
fn has(call: &Call, tag: &str) -> bool {
    let given = call.headers.get(header::IF_NONE_MATCH).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    given.split(',').any(|one| plain(one) == plain(tag))
}

fn corners(bounds: Bounds) -> [f64; 4] {
    [bounds.west, bounds.south, bounds.east, bounds.north]
}

/// From where to where, and how many rows.
fn words(view: &View, outline: &Outline) -> String {
    let bounds = outline.bounds;
    let longitude = |value: f64| {
        view.with(
            if value < 0.0 { "portal-map-west" } else { "portal-map-east" },
            "degrees",
            format!("{:.3}", value.abs()),
        )
    };
    let latitude = |value: f64| {
        view.with(
            if value < 0.0 { "portal-map-south" } else { "portal-map-north" },
            "degrees",
            format!("{:.3}", value.abs()),
        )
    };
    let args = [
        ("rows", Arg::from(view.n(outline.placed))),
        ("west", Arg::from(longitude(bounds.west))),
        ("east", Arg::from(longitude(bounds.east))),
        ("south", Arg::from(latitude(bounds.south))),
        ("north", Arg::from(latitude(bounds.north))),
    ];
    view.with_args("portal-map-words", &args)
}

/// What the script is told, as JSON in an attribute.
fn settings(view: &View, resource: &Resource, place: &Place, outline: &Outline, version: u64) -> String {
    let code = &resource.entry.code;
    let key = resource.table.as_ref().map(|table| table.key.clone()).unwrap_or_default();
    let carried = attributes(resource);
    let there = |name: &str| carried.iter().any(|field| field.name == name);
    let key = match place {
        _ if !key.is_empty() && key.iter().all(|name| there(name)) => key,
        Place::Point { longitude, latitude } if there(longitude) && there(latitude) => {
            vec![longitude.clone(), latitude.clone()]
        }
        _ => Vec::new(),
    };
    let titles = carried.iter().map(|field| (field.name.clone(), view.text(&field.title).into()));
    let titles: serde_json::Map<String, serde_json::Value> = titles.collect();
    let library = WORDS.map(|(name, id)| (name.to_owned(), view.t(id).into()));
    let library: serde_json::Map<String, serde_json::Value> = library.into_iter().collect();
    let settings = json!({
        "tiles": format!("/catalogue/{code}/tiles/{{z}}/{{x}}/{{y}}.mvt?version={version}"),
        "zoom": ZOOM_MAX,
        "bounds": corners(outline.frame.bounds()),
        "rows": format!("/catalogue/{code}/data"),
        "key": key,
        "titles": titles,
        "library": library,
        "words": {
            "row": view.t("portal-map-row"),
            "yes": view.t("portal-map-yes"),
            "no": view.t("portal-map-no"),
            "count": view.t("portal-map-count"),
        },
    });
    settings.to_string()
}

/// The picture. Colours and sizes come from the style sheet by class; every number in it is ours.
fn svg(outline: &Outline) -> Markup {
    let [width, height] = outline.frame.size();
    let mut out = format!(
        "<svg class=\"outline\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"map-title map-words\" focusable=\"false\">"
    );
    graticule(&mut out, &outline.frame);
    let drawn = &outline.drawn;
    let areas: String = drawn.areas.iter().flatten().map(|ring| path(ring) + "z").collect();
    let lines: String = drawn.lines.iter().map(|line| path(line)).collect();
    // A dot is a line without length and with round ends: ten bytes where a circle takes forty.
    let dots = drawn.points.iter().map(|[x, y]| format!("M{x} {y}h0"));
    for (class, path) in [("area", areas), ("line", lines), ("dot", dots.collect::<String>())] {
        draw(&mut out, class, &path);
    }
    let most = outline.heaps.iter().map(|heap| heap.count).max().unwrap_or(1);
    for size in 1..=SIZES {
        let of_size = outline.heaps.iter().filter(|heap| self::size(heap.count, most) == size);
        let path: String = of_size.map(|heap| format!("M{} {}h0", heap.at[0], heap.at[1])).collect();
        draw(&mut out, &format!("heap heap-{size}"), &path);
    }
    out.push_str("</svg>");
    Markup::trusted(out)
}

fn draw(out: &mut String, class: &str, path: &str) {
    if !path.is_empty() {
        let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"></path>");
    }
}

/// 1 to [`SIZES`]: the area of a dot grows with its rows.
fn size(count: u64, most: u64) -> usize {
    let share = (count as f64 / most.max(1) as f64).sqrt();
    ((share * SIZES as f64).ceil() as usize).clamp(1, SIZES)
}

/// Each point from the one before.
fn path(points: &[[i32; 2]]) -> String {
    let mut out = String::new();
    let mut before: Option<[i32; 2]> = None;
    for [x, y] in points {
        let _ = match before {
            None => write!(out, "M{x} {y}"),
            Some([from_x, from_y]) => write!(out, "l{} {}", x - from_x, y - from_y),
        };
        before = Some([*x, *y]);
    }
    out
}

/// Lines of even degrees with their names.
fn graticule(out: &mut String, frame: &Frame) {
    let (bounds, [width, height]) = (frame.bounds(), frame.size());
    let middle = bounds.middle();
    let (mut lines, mut names) = (String::new(), String::new());
    for (degrees, words) in even(bounds.west, bounds.east, "E", "W") {
        let x = frame.at(Point { lon: degrees, lat: middle.lat })[0];
        let _ = write!(lines, "M{x:.1} 0V{height}");
        let _ = write!(names, "<text x=\"{:.1}\" y=\"{:.1}\">{words}</text>", x + 2.0, height - 4.0);
    }
    for (degrees, words) in even(bounds.south, bounds.north, "N", "S") {
        let y = frame.at(Point { lon: middle.lon, lat: degrees })[1];
        let _ = write!(lines, "M0 {y:.1}H{width}");
        let _ = write!(names, "<text x=\"3\" y=\"{:.1}\">{words}</text>", y - 2.0);
    }
    draw(out, "grid", &lines);
    out.push_str(&names);
}

/// The even degrees between two, as few as can be read, with their names.
fn even(least: f64, greatest: f64, plus: &str, minus: &str) -> Vec<(f64, String)> {
    let wanted = (greatest - least) / LINES_MAX;
    let (step, decimals) = STEPS.into_iter().find(|(step, _)| *step >= wanted).unwrap_or(STEPS[STEPS.len() - 1]);
    let (first, last) = ((least / step).ceil() as i64, (greatest / step).floor() as i64);
    let named = |n: i64| {
        let degrees = n as f64 * step;
        let half = if degrees < 0.0 { minus } else { plus };
        (degrees, format!("{:.decimals$}°{half}", degrees.abs()))
    };
    (first..=last).map(named).collect()
}

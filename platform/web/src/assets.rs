//! The style sheet and the scripts, embedded, under names that change with their content, so that browsers may keep
//! them for ever. `build.rs` writes the list; serves nothing.

/// A file pages refer to.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name below `/assets/`, with the hash of its content.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

/// A front-end library that is part of the product.
#[derive(Debug, Clone, Copy)]
pub struct Library {
    /// Its npm name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its licence, as its package names it.
    pub licence: &'static str,
    /// The licence's words.
    pub text: &'static str,
}

struct Embedded {
    stem: &'static str,
    ending: &'static str,
    name: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every embedded file.
pub fn assets() -> impl Iterator<Item = Asset> {
    EMBEDDED.iter().map(|embedded| Asset {
        name: embedded.name,
        media_type: match embedded.ending {
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "text/javascript; charset=utf-8",
        },
        bytes: embedded.bytes,
    })
}

/// The file of this name below `/assets/`.
pub fn asset(name: &str) -> Option<Asset> {
    assets().find(|asset| asset.name == name)
}

/// The libraries in this build; empty when it was made without npm.
pub fn libraries() -> &'static [Library] {
    LIBRARIES
}

/// Where the files of a map that moves are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapFiles {
    /// Our own script, a module, which fetches the others.
    pub script: String,
    /// The library it imports.
    pub library: String,
    /// The library's worker.
    pub worker: String,
    /// The library's style sheet.
    pub style: String,
}

/// The files of a map that moves, for pages that hold a map and no others; none when this build was made without npm.
pub fn map_files() -> Option<MapFiles> {
    Some(MapFiles {
        script: address("map", "js")?,
        library: address("maplibre-gl", "mjs")?,
        worker: address("maplibre-gl-worker", "mjs")?,
        style: address("maplibre-gl", "css")?,
    })
}

/// Where the file of this stem and ending is; none when this build has no such file.
pub(crate) fn address(stem: &str, ending: &str) -> Option<String> {
    let found = EMBEDDED.iter().find(|embedded| embedded.stem == stem && embedded.ending == ending);
    found.map(|embedded| format!("/assets/{}", embedded.name))
}

//! Brings the front-end libraries named in package-lock.json into OUT_DIR with npm and writes the module that embeds
//! them and the style sheet, named by content. Without npm the build goes on and pages run script-free.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// Packages and which of their files pages fetch, under which stem.
const LIBRARIES: &[(&str, &[(&str, &str)])] = &[
    ("htmx.org", &[("htmx", "dist/htmx.min.js")]),
    (
        "maplibre-gl",
        &[
            ("maplibre-gl", "dist/maplibre-gl.mjs"),
            ("maplibre-gl-worker", "dist/maplibre-gl-worker.mjs"),
            ("maplibre-gl", "dist/maplibre-gl.css"),
        ],
    ),
];
const PACKAGE_FILES: &[&str] = &["package.json", "package-lock.json", ".npmrc"];

fn main() -> io::Result<()> {
    for name in PACKAGE_FILES.iter().chain(&["build.rs", "assets"]) {
        println!("cargo::rerun-if-changed={name}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?);
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo sets this"))?);
    let mut module = String::from("const EMBEDDED: &[Embedded] = &[\n");
    embed(&mut module, "yiwang", "css", &here.join("assets/yiwang.css"))?;
    embed(&mut module, "icon", "svg", &here.join("assets/icon.svg"))?;
    let mut libraries = String::from("const LIBRARIES: &[Library] = &[\n");
    match fetch(&here, &out.join("npm")) {
        Ok(modules) => {
            for (package, files) in LIBRARIES {
                for (stem, file) in *files {
                    let ending = file.rsplit('.').next().unwrap_or_default();
                    embed(&mut module, stem, ending, &modules.join(package).join(file))?;
                }
            }
            embed(&mut module, "map", "js", &here.join("assets/map.js"))?;
            for package in packages(&fs::read_to_string(here.join("package-lock.json"))?) {
                libraries.push_str(&library(&modules, &package)?);
            }
        }
        Err(why) => println!("cargo::warning=pages are built without scripts: {why}"),
    }
    module.push_str("];\n");
    libraries.push_str("];\n");
    fs::write(out.join("embedded.rs"), module + &libraries)
}

/// The packages of a lock file: those named and those bundled into them; type declarations are in no file.
fn packages(lock: &str) -> Vec<String> {
    let named = lock.lines().filter_map(|line| line.trim().strip_prefix("\"node_modules/")?.strip_suffix("\": {"));
    named.filter(|name| !name.starts_with("@types/")).map(str::to_owned).collect()
}

/// One line of the module: a package with the words of its licence, which one of them keeps in its README.
fn library(modules: &Path, package: &str) -> io::Result<String> {
    let root = modules.join(package);
    let manifest = fs::read_to_string(root.join("package.json"))?;
    let version = field(&manifest, "version").unwrap_or_default();
    let spdx = field(&manifest, "license").unwrap_or_default();
    let mut texts: Vec<PathBuf> = fs::read_dir(&root)?.filter_map(|file| Some(file.ok()?.path())).collect();
    let named = |path: &Path, start: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().starts_with(start))
    };
    texts.retain(|path| named(path, "licen") || named(path, "readme"));
    texts.sort_by_key(|path| (named(path, "readme"), path.clone()));
    let text = texts.first().ok_or_else(|| io::Error::other(format!("{package} comes without a licence")))?;
    Ok(format!(
        "Library {{ name: {package:?}, version: {version:?}, licence: {spdx:?}, text: include_str!({text:?}) }},\n"
    ))
}

/// Installs the locked packages into `npm` and gives its node_modules.
fn fetch(here: &Path, npm: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(npm).map_err(|error| error.to_string())?;
    for name in PACKAGE_FILES {
        fs::copy(here.join(name), npm.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let done = Command::new("npm").args(arguments).current_dir(npm).output();
    let done = done.map_err(|error| format!("npm did not start ({error})"))?;
    if !done.status.success() {
        return Err(format!("npm ci failed: {}", String::from_utf8_lossy(&done.stderr).replace('\n', " ")));
    }
    Ok(npm.join("node_modules"))
}

/// One line of the module: the file under `<stem>.<hash of content>.<ending>`.
fn embed(module: &mut String, stem: &str, ending: &str, file: &Path) -> io::Result<()> {
    let bytes = fs::read(file)?;
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let name = format!("{stem}.{hash:016x}.{ending}");
    writeln!(
        module,
        "Embedded {{ stem: {stem:?}, ending: {ending:?}, name: {name:?}, bytes: include_bytes!({file:?}) }},"
    )
    .map_err(io::Error::other)
}

/// The text of a top-level string field of a package manifest.
fn field(manifest: &str, name: &str) -> Option<String> {
    let start = manifest.find(&format!("\"{name}\""))?;
    let rest = manifest[start..].split_once(':')?.1;
    rest.split('"').nth(1).map(str::to_owned)
}

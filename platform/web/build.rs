//! Brings the front-end libraries named in package-lock.json into OUT_DIR with npm and writes the module that embeds
//! them and the style sheet, named by content. Without npm the build goes on and pages run script-free.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// Package, file inside it, licence file.
const LIBRARIES: &[(&str, &str, &str)] = &[("htmx.org", "dist/htmx.min.js", "LICENSE")];
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
            for (package, file, licence) in LIBRARIES {
                let root = modules.join(package);
                let stem = package.split('.').next().unwrap_or(package);
                embed(&mut module, stem, "js", &root.join(file))?;
                let manifest = fs::read_to_string(root.join("package.json"))?;
                let version = field(&manifest, "version").unwrap_or_default();
                let spdx = field(&manifest, "license").unwrap_or_default();
                let text = root.join(licence);
                writeln!(
                    libraries,
                    "Library {{ name: {package:?}, version: {version:?}, licence: {spdx:?}, \
                     text: include_str!({text:?}) }},"
                )
                .map_err(io::Error::other)?;
            }
        }
        Err(why) => println!("cargo::warning=pages are built without scripts: {why}"),
    }
    module.push_str("];\n");
    libraries.push_str("];\n");
    fs::write(out.join("embedded.rs"), module + &libraries)
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

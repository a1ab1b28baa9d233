// SPDX-License-Identifier: Apache-2.0
//! Compiles the C library, or finds an installed one. In both cases it also compiles a list of the
//! offsets that C sees, made from `src/types.rs`, and has C compare the constants of
//! `src/constants.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The parts of the library, as in the repository's `src/CMakeLists.txt`.
const PARTS: &[&str] = &[
    "api",
    "base",
    "handle",
    "os",
    "region",
    "archive",
    "archive/check",
    "archive/encode",
    "mmap_sync",
    "table",
];

fn main() {
    let include = if cfg!(feature = "system") { find_installed() } else { compile() };
    compile_layout(&include);
    for path in ["build.rs", "src/types.rs", "src/constants.rs"] {
        println!("cargo:rerun-if-changed={path}");
    }
}

/// The library that pkg-config knows; the directories of its headers.
#[cfg(feature = "system")]
fn find_installed() -> Vec<PathBuf> {
    let found = pkg_config::Config::new().atleast_version("0.1").probe("mmsync");
    found.unwrap_or_else(|error| panic!("no installed mmsync: {error}")).include_paths
}

#[cfg(not(feature = "system"))]
fn find_installed() -> Vec<PathBuf> {
    unreachable!()
}

fn compile() -> Vec<PathBuf> {
    let top = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("c");
    let include = top.join("include");
    let mut build = start(std::slice::from_ref(&include));
    build.include(top.join("src"));
    if let Some(directory) = env::var_os("XXHASH_INCLUDE_DIR") {
        build.include(directory);
    }
    if wants_probes() {
        build.define("MMS__HAVE_SDT", None);
    }
    println!("cargo:rerun-if-env-changed=XXHASH_INCLUDE_DIR");
    println!("cargo:rerun-if-env-changed=MMSYNC_PROBES");
    for part in PARTS {
        let sources = sources_in(&top.join("src").join(part));
        build.files(sources.iter().filter(|path| path.extension().is_some_and(|e| e == "c")));
        println!("cargo:rerun-if-changed={}", top.join("src").join(part).display());
    }
    println!("cargo:rerun-if-changed={}", include.display());
    if let Err(error) = build.try_compile("mmsync") {
        panic!(
            "compiling the C library: {error}\nIt needs a C11 compiler and the header xxhash.h \
             (Debian: libxxhash-dev; elsewhere set XXHASH_INCLUDE_DIR)."
        );
    }
    println!("cargo:rustc-link-lib=pthread");
    println!("cargo:include={}", include.display());
    vec![include]
}

/// Probes for tracers: where `sys/sdt.h` is, unless MMSYNC_PROBES is OFF, as for CMake.
fn wants_probes() -> bool {
    if env::var_os("MMSYNC_PROBES").is_some_and(|value| value == "OFF") {
        return false;
    }
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("probes.c");
    fs::write(&path, "#include <sys/sdt.h>\n").unwrap();
    start(&[]).cargo_warnings(false).file(path).try_expand().is_ok()
}

fn sources_in(directory: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Optimised even in debug builds: the library has tests of its own.
fn start(include: &[PathBuf]) -> cc::Build {
    let mut build = cc::Build::new();
    build.std("c11").opt_level(2).define("_GNU_SOURCE", None).define("_FILE_OFFSET_BITS", "64");
    build.flag_if_supported("-fvisibility=hidden").includes(include);
    build
}

fn compile_layout(include: &[PathBuf]) {
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("layout.c");
    fs::write(&path, layout_source()).unwrap();
    start(include).file(&path).compile("mmsync_layout");
}

fn layout_source() -> String {
    let mut text = String::from(
        "#include <limits.h>\n#include <stddef.h>\n#include <mmsync.h>\n#include <mmsync/fast.h>\n\
         #include <mmsync/history.h>\n#include <mmsync/mmap_sync.h>\n#include <mmsync/table.h>\n",
    );
    for line in fs::read_to_string("src/constants.rs").unwrap().lines() {
        if let Some((name, value)) = constant(line) {
            writeln!(text, "_Static_assert({name} == {value}, \"{name}\");").unwrap();
        }
    }
    text.push_str("const unsigned mmsync_sys_layout[] = {\n");
    let mut name = String::new();
    let types = fs::read_to_string("src/types.rs").unwrap();
    for line in types.lines().filter(|line| !line.contains('$')) {
        if let Some(rest) = line.trim().strip_prefix("pub struct ") {
            name = c_name(rest.trim_end_matches(" {"));
            writeln!(text, "    sizeof({name}),").unwrap();
        } else if let Some((field, _)) =
            line.trim().strip_prefix("pub ").and_then(|r| r.split_once(": "))
        {
            writeln!(text, "    offsetof({name}, {field}),").unwrap();
        }
    }
    text.push_str("    UINT_MAX};\n");
    text
}

/// `pub const NAME: type = VALUE;`
fn constant(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
    Some((name, rest.split_once(" = ")?.1.trim_end_matches(';')))
}

/// Structs that are not part of the API have no typedef.
fn c_name(name: &str) -> String {
    if name.starts_with("mms__") {
        format!("struct {name}")
    } else {
        name.to_string()
    }
}

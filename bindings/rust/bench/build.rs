// SPDX-License-Identifier: Apache-2.0
//! The rows in C: c/rows.c and what `mmsc` makes of the schema, against the library that mmsync-sys
//! compiles.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const SCHEMA: &str = "../../../bench/contestants/hello.rs";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let mmsc = mmsc(&out);
    let made = Command::new(&mmsc).args(["-o".as_ref(), out.as_os_str(), SCHEMA.as_ref()]).status();
    assert!(made.is_ok_and(|status| status.success()), "{} {SCHEMA} failed", mmsc.display());
    let mut build = cc::Build::new();
    build.std("gnu11").opt_level(2).include("../../../include").include(&out);
    build.file("c/rows.c").file(out.join("hello.c")).compile("rows");
    for path in ["build.rs", "c/rows.c", SCHEMA, "../../../include", "../../../src/schema"] {
        println!("cargo:rerun-if-changed={path}");
    }
}

/// Compiled here, as it needs nothing but C.
fn mmsc(out: &Path) -> PathBuf {
    let program = out.join("mmsc");
    let mut command = cc::Build::new().get_compiler().to_command();
    command.args(["-std=c11", "-D_GNU_SOURCE", "-I../../../include", "-I../../../src", "-o"]);
    command.arg(&program);
    for directory in ["schema", "schema/emit", "schema/parse"] {
        command.args(sources_in(&Path::new("../../../src").join(directory)));
    }
    assert!(command.status().is_ok_and(|status| status.success()), "compiling mmsc failed");
    program
}

fn sources_in(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|e| e == "c"))
}

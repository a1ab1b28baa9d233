// SPDX-License-Identifier: Apache-2.0
//! Tells the contestant which version of its peer cargo has resolved.

fn main() {
    let peer = std::env::var("CARGO_PKG_NAME").unwrap().replace("bench-", "");
    let peer = if peer.starts_with("mmsync-") { "mmsync" } else { &peer };
    let lock = std::fs::read_to_string("Cargo.lock").expect("Cargo.lock");
    let name = format!("name = \"{peer}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.split('"').nth(1)).unwrap_or("unknown");
    println!("cargo:rustc-env=PEER_VERSION={version}");
    println!("cargo:rerun-if-changed=Cargo.lock");
}

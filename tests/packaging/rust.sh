#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Rust crates build without warnings, pass their own tests, and document all that is public. The
# programs of their README run, in a project made as it says. In a sanitized build the tests alone run.
. "$(dirname "$0")/cargo.sh"

# The C sources are compiled as the rest of this build is.
export CC="${C_LAUNCHER:+$C_LAUNCHER }$CC"
export RUSTDOCFLAGS='-D warnings'
# The C library sanitized, below Rust as it is: what the safe layer does wrong with memory or
# handles is C's to notice. Rust's linker wants the runtimes by name, and they must be loaded first.
if [ -n "$SANITIZE" ]; then
    host=$(rustc -vV | sed -n 's/^host: //p')
    variable=${host//-/_}
    export CFLAGS="-fsanitize=$SANITIZE -fno-sanitize-recover=all -g"
    export RUSTFLAGS='-Clink-arg=-lasan -Clink-arg=-lubsan -Clinker=gcc'
    export "CARGO_TARGET_${variable^^}_RUNNER=env LD_PRELOAD=$(gcc -print-file-name=libasan.so)"
    quietly test --workspace --target "$host" --lib --tests
    grep -h '^test result' "$tmp/log"
    exit
fi
quietly test --workspace
grep -h '^test result' "$tmp/log"

# blocks LANGUAGE: the fenced blocks of the README, each followed by a line with a form feed
blocks() {
    awk -v start="\`\`\`$1" '
        $0 == "```" && inside { inside = 0; print "\f" }
        inside { print }
        $0 == start { inside = 1 }' "$workspace/mmsync/README.md"
}

# What somebody has who follows the README, with the regions in $tmp.
project=$tmp/project
mkdir -p "$project/src/bin"
{
    printf '[package]\nname = "project"\nversion = "0.1.0"\nedition = "2021"\n'
    blocks toml | awk -v RS='\f' 'NR == 1' | sed "s|…/mmsync/bindings/rust|$workspace|"
} >"$project/Cargo.toml"
blocks rust,no_run | sed -E "s/((open|history)\(\")/\1${tmp//\//\\/}\//" | awk -v RS='\f' -v to="$project/src/bin/" '
    NR == 1 { print > to "writer.rs" }
    NR == 2 { print > to "reader.rs" }
    NR > 2 { print > to "others.rs" }'
others=$(sed -n 's/^fn \(.*\)() -> .*/    \1()?;/p' "$project/src/bin/others.rs")
[ -n "$others" ] || fail "the README has no functions"
printf 'fn main() -> mmsync::Result<()> {\n%s\n    Ok(())\n}\n' "$others" >>"$project/src/bin/others.rs"
cp Cargo.lock "$project"
cd "$project"
quietly build
programs=$CARGO_TARGET_DIR/debug
expect 1 '*prices*' "$programs/reader"
expect 0 'generation 1' "$programs/writer"
exec 3< <("$programs/reader" 2>&1)
read -r line <&3
kill "$!" # it waits for a newer value
wait "$!" || :
[ "$line" = 'version 1: 1 names' ] || fail "the README's reader prints $line"
expect 0 '*changed at*4096..8192*3: 4 bytes*' "$programs/others"
cd "$workspace"

# A program has the probes that the library was compiled with.
if echo '#include <sys/sdt.h>' | $CC -E - >/dev/null 2>&1 && command -v readelf >/dev/null; then
    quietly build -p mmsync --example hello_writer
    readelf --notes "$CARGO_TARGET_DIR/debug/examples/hello_writer" | grep -A 2 stapsdt | grep 'Provider: mmsync' >/dev/null ||
        fail "hello_writer has no probes"
fi
quietly doc --workspace --no-deps
if cargo fmt --version >/dev/null 2>&1; then
    run cargo fmt --all --check
fi
if cargo clippy --version >/dev/null 2>&1; then
    quietly clippy --workspace --all-targets -- -D warnings
fi

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Rust crates build without warnings, pass their own tests, and document all that is public. In
# a sanitized build the tests alone run.
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

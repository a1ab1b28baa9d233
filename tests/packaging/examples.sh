#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every example runs and does what it says.
. "$(dirname "$0")/common.sh"
bin=$BUILD_DIR/bin
region=$tmp/hello

expect 2 'usage: *' "$bin/hello_writer"
expect 2 'usage: *' "$bin/hello_reader"
expect 1 "hello_reader: *$region*" "$bin/hello_reader" "$region"
expect 0 'generation 1: Hello, world' "$bin/hello_writer" "$region"
expect 0 'generation 1: Hello, world' "$bin/hello_reader" "$region"
expect 0 'generation 2: Good morning' "$bin/hello_writer" "$region" 'Good morning'
expect 0 'generation 2: Good morning' "$bin/hello_reader" "$region"
expect 0 'generation 2: Good morning' "$bin/hello_reader" "$region"
printf 'not a region\n' >"$tmp/file"
expect 1 "hello_writer: *$tmp/file*" "$bin/hello_writer" "$tmp/file"
expect 1 "hello_reader: *$tmp/file*" "$bin/hello_reader" "$tmp/file"

for example in "$MMSYNC_SOURCE_DIR"/examples/*.c; do
    grep -qF "$(basename "$example" .c)" "$0" || fail "this script does not run $example"
done

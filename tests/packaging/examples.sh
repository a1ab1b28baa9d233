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

expect 2 'usage: *' "$bin/event_loop"
expect 1 "event_loop: *$tmp/nothing*" "$bin/event_loop" 1 "$region" "$tmp/nothing"
expect 0 "$region: generation 2" "$bin/event_loop" 1 "$region"
mkfifo "$tmp/lines"
"$bin/event_loop" 2 "$region" >"$tmp/lines" &
{
    read -r line && [ "$line" = "$region: generation 2" ] || fail "not the value that is there: $line"
    expect 0 'generation 3: Good evening' "$bin/hello_writer" "$region" 'Good evening'
    read -r line && [ "$line" = "$region: generation 3" ] || fail "not the next one: $line"
} <"$tmp/lines"
wait $! || fail "event_loop failed"

printf 'not a region\n' >"$tmp/file"
expect 1 "hello_writer: *$tmp/file*" "$bin/hello_writer" "$tmp/file"
expect 1 "hello_reader: *$tmp/file*" "$bin/hello_reader" "$tmp/file"

if [ -x "$bin/hello_cxx" ]; then
    expect 2 'usage: *' "$bin/hello_cxx"
    expect 1 "hello_cxx: *$tmp/nothing*" "$bin/hello_cxx" read "$tmp/nothing"
    expect 0 'generation 4: Good night' "$bin/hello_cxx" write "$region" 'Good night'
    expect 0 'generation 4: Good night' "$bin/hello_cxx" read "$region"
    expect 1 "hello_cxx: *$tmp/file*" "$bin/hello_cxx" write "$tmp/file"
else
    echo "skipped: hello_cxx, as there is no C++ compiler"
fi

for example in "$MMSYNC_SOURCE_DIR"/examples/*.{c,cc}; do
    name=$(basename "$example")
    grep -qF "${name%.c*}" "$0" || fail "this script does not run $example"
done

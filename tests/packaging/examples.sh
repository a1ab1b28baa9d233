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
expect 2 'usage: *' "$bin/event_loop" many "$region"
expect 1 'event_loop: standard output: No space left on device' \
    bash -c '"$@" >/dev/full' event_loop "$bin/event_loop" 1 "$region"
expect 0 "$region: generation 2" "$bin/event_loop" 1 "$region"
expect_line() { # LINE: the next one of standard input
    local line=
    read -r line || fail "no line, but wanted '$1'"
    [ "$line" = "$1" ] || fail "wanted the line '$1', got '$line'"
}
mkfifo "$tmp/lines"
"$bin/event_loop" 2 "$region" >"$tmp/lines" &
{
    expect_line "$region: generation 2"
    expect 0 'generation 3: Good evening' "$bin/hello_writer" "$region" 'Good evening'
    expect_line "$region: generation 3"
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

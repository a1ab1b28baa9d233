#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mistakes with mmsync.hpp that do not compile: copies, views of a reader that nobody keeps, results
# that are dropped; and, where clang looks, bytes that outlive their view and views their reader.
. "$(dirname "$0")/common.sh"
[ -n "$CXX$CLANGXX" ] || { echo "skipped: no C++ compiler"; exit 77; }

# try COMPILER CODE: the messages that it gives, or "ok"
try() {
    printf '#include <mmsync.hpp>\n#include <filesystem>\n%s\n' "$2" >"$tmp/code.cc"
    "$1" -std=c++17 -Wall -Wextra -Werror -I"$MMSYNC_SOURCE_DIR/include" -fsyntax-only "$tmp/code.cc" 2>&1 && echo ok
}

# refused COMPILER MESSAGE CODE: an extended regular expression for the message
refused() {
    local said
    said=$(try "$1" "$3") && fail "this compiles: $3"
    grep -qE "error: .*($2)" <<<"$said" || fail "another error: $said"
}

common() {
    local said
    said=$(try "$1" 'std::size_t f(mmsync::reader &reader) { auto view = reader.read(); return view.size(); }
        std::string g(mmsync::reader &reader) { return std::string(reader.read().text()); }
        mmsync::region h(const std::filesystem::path &path) { return mmsync::region(path); }
        mmsync::view i(mmsync::view view) { return view; }') || fail "$said"
    refused "$1" deleted 'mmsync::view f(const mmsync::view &view) { return view; }'
    refused "$1" deleted 'mmsync::reader f(const mmsync::reader &reader) { return reader; }'
    refused "$1" deleted 'mmsync::writer f(const mmsync::writer &writer) { return writer; }'
    refused "$1" deleted 'mmsync::table_view f(const mmsync::table_view &keys) { return keys; }'
    refused "$1" 'deleted' 'auto f(mmsync::region &region) { return mmsync::reader(region).read(); }'
    refused "$1" 'deleted' 'auto f(mmsync::region &region) { return mmsync::reader(region).read_table(); }'
    refused "$1" 'nodiscard' 'void f(mmsync::reader &reader) { reader.read(); }'
    refused "$1" 'nodiscard' 'void f(mmsync::writer &writer) { writer.update(); }'
    refused "$1" 'no matching|cannot convert' 'void f(mmsync::writer &writer) { writer.write(7); }'
    refused "$1" 'plain values' 'void f(mmsync::view &view) { view.as<std::string>(); }'
    refused "$1" 'incomplete|undefined template' 'struct plain { int a; }; void f(mmsync::reader &reader) { (void)reader.read<plain>(); }'
}

lifetimes() {
    refused "$1" 'stack memory' 'mmsync::view f(mmsync::region &region) { mmsync::reader reader(region); return reader.read(); }'
    refused "$1" 'stack memory' 'std::string_view f(mmsync::reader &reader) { auto view = reader.read(); return view.text(); }'
    refused "$1" 'will be destroyed' 'void f(mmsync::reader &reader, std::string_view &out)
        { std::string_view text = reader.read().text(); out = text; }'
    refused "$1" 'will be destroyed' 'void f(mmsync::reader &reader, const std::byte *&out)
        { auto value = reader.read_table().get("key"); out = value->data(); }'
}

common "${CXX:-$CLANGXX}"
if [ -n "$CLANGXX" ]; then
    lifetimes "$CLANGXX"
else
    echo "skipped: what clang++ says, as it is not installed"
fi

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `--target package` makes a tar file that works wherever it is unpacked: the tool, and programs that
# are compiled against it.
. "$(dirname "$0")/common.sh"
cpack=$(dirname "$CMAKE")/cpack
[ -x "$cpack" ] || cpack=$(command -v cpack) || { echo "skipped: no cpack"; exit 77; }
[ -x "$BUILD_DIR/bin/mmsync" ] || { echo "skipped: the tool, which this build has not"; exit 77; }

# What the target does, without building what is not installed.
expect 0 '*mmsync-*.tar.gz generated*' "$cpack" --config "$BUILD_DIR/CPackConfig.cmake" -B "$tmp/made"
files=("$tmp/made"/mmsync-*.tar.gz)
name=mmsync-$(version)-linux-$(uname -m)
[ "${files[*]##*/}" = "$name.tar.gz" ] || fail "not the one file $name.tar.gz: ${files[*]}"
mkdir "$tmp/a place"
tar --extract --file "${files[0]}" --directory "$tmp/a place"
[ "$(ls "$tmp/a place")" = "$name" ] || fail "the tar file has not $name alone: $(ls "$tmp/a place")"
cd "$tmp/a place/$name"

expect 0 "*$(version)*" bin/mmsync --version
printf 'hello' >"$tmp/value"
expect 0 '*generation=1 *' bin/mmsync write "$tmp/region" "$tmp/value"
expect 0 hello bin/mmsync read "$tmp/region"
rm -r "$tmp/region"
expect 0 "mmsc $(version)" bin/mmsc --version
! grep -rIlF -e "$BUILD_DIR" -e "$tmp/made" . || fail "these files name the build directory"
! "$READELF" --sections --wide bin/mmsync | grep -F .debug_info || fail "the tool is not stripped"

command -v pkg-config >/dev/null || { echo "skipped: programs, without pkg-config"; exit 0; }
lib=$(realpath "$(lib_dir .)")
words=()
eval "words=($(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs mmsync))"
run "$CC" -o "$tmp/consumer" "$here/consumer/consumer.c" "${words[@]}"
LD_LIBRARY_PATH=$lib expect 0 ok "$tmp/consumer" "$tmp/region"

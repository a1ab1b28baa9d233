#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# debian/ makes a source package, its list of symbols is what the library exports, and each
# installed file is in exactly one package. `script/fresh package` does the rest.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"

command -v dpkg-source >/dev/null || {
    echo "skipped: dpkg-source is not installed"
    exit 77
}
git rev-parse --is-inside-work-tree >"$tmp/log" 2>&1 || {
    echo "skipped: this is no git work tree: $(<"$tmp/log")"
    exit 77
}

run script/package source "$tmp/source"
tar --list --file "$tmp/source/mmsync_$(version).orig.tar.xz" >"$tmp/listed"
grep -qx "mmsync-$(version)/include/mmsync.h" "$tmp/listed" || fail "the source package has no include/mmsync.h"
! grep -m 1 "mmsync-$(version)/\(debian\|build\)/" "$tmp/listed" || fail "the upstream part has more than sources"

# ---- The symbols ----

"$NM" --dynamic --defined-only --with-symbol-versions "$BUILD_DIR/src/libmmsync.so" |
    awk '{ sub(/@@/, "@", $3); print $2 == "A" ? $3 "@" $3 : $3 }' | sed 's/^\([^@]*@[^@]*\)@.*/\1/' |
    LC_ALL=C sort -u >"$tmp/exported"
script/package symbols | sed -n 's/^ \([^ ]*\) [0-9.]*$/\1/p' >"$tmp/symbols"
[ -s "$tmp/symbols" ] || fail "script/package symbols prints none"
diff -u "$tmp/exported" "$tmp/symbols" || fail "script/package symbols prints (+) what the library does not export (-)"

# ---- The files ----

install_into "$tmp/root/usr"
lib=$(lib_dir "$tmp/root")
(cd "$tmp/root" && find . ! -type d | sed "s,^\./,,; s,^${lib#"$tmp/root/"}/\(libmmsync\|cmake/\|pkgconfig/\),usr/lib/triplet/\1,") >"$tmp/files"
[ -x "$tmp/root/usr/bin/mmsync" ] || { echo "skipped: the files, as this build has not the tool"; exit 0; }
mapfile -t patterns < <(cat debian/*.install debian/not-installed | sed 's/ .*//')
used=()
while IFS= read -r file; do
    found=0
    for i in "${!patterns[@]}"; do
        # shellcheck disable=SC2053 # a pattern
        if [[ $file == ${patterns[i]} || $file == ${patterns[i]}/* ]]; then
            found=$((found + 1)) used[i]=1
        fi
    done
    [ $found -eq 1 ] || fail "$file is in $found of debian/*.install and debian/not-installed"
done <"$tmp/files"
for i in "${!patterns[@]}"; do
    [ -n "${used[i]-}" ] || [ "${patterns[i]}" = usr/lib/python3 ] || fail "debian: nothing installs ${patterns[i]}"
done
printf '%s files, each in one package\n' "$(wc -l <"$tmp/files")"

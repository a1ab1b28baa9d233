#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `cmake --install` puts everything where it belongs, and the installed tool runs.
. "$(dirname "$0")/common.sh"
install_into "$tmp/first place"
mv "$tmp/first place" "$tmp/prefix"
cd "$tmp/prefix"
lib=$(lib_dir .)

present() {
    for file in "$@"; do
        [ -s "$file" ] || fail "$file is missing or empty; there is: $(find . -type f | tr '\n' ' ')"
    done
}

present "$lib"/libmmsync.{a,so} "$lib/pkgconfig/mmsync.pc" "$lib"/cmake/mmsync/mmsync{Config,ConfigVersion,Targets}.cmake
present "$lib"/cmake/mmsync/MmscGenerate.cmake share/man/man1/mmsc.1 share/man/man3/mms_read.3
expect 0 "mmsc $(version)" bin/mmsc --version
present share/doc/mmsync/{LICENSE,README.md,CHANGELOG.md}
(cd "$MMSYNC_SOURCE_DIR/include" && find . -name '*.h' -o -name '*.hpp') | while read -r header; do
    cmp "include/$header" "$MMSYNC_SOURCE_DIR/include/$header" || fail "include/$header"
done
[ "$PROBES" = FALSE ] || present share/mmsync/bpftrace/{slow_publishes,slow_wakes,scans,slow_reads}.bt
! grep -rIlF "$MMSYNC_SOURCE_DIR" "$lib/pkgconfig" "$lib/cmake" || fail "these files name the source directory"

[ -x bin/mmsync ] || { echo "skipped: the tool, which this build has not"; exit 0; }
present share/mmsync/mmsync.rules.yml share/man/man1/mmsync.1 share/bash-completion/completions/mmsync
present share/mmsync/systemd/{sysusers,tmpfiles}.conf lib/systemd/system/mmsync-{exporter.service,recover@.service,publish@.{service,path}}
present share/mmsync/grafana/mmsync.json
present share/zsh/site-functions/_mmsync share/fish/vendor_completions.d/mmsync.fish
run bash -n share/bash-completion/completions/mmsync
expect 0 "*$(version)*" bin/mmsync --version
if [ -x libexec/mmsync/relay ]; then
    present lib/systemd/system/mmsync-{push,follow}@.service
    expect 1 '*no NATS server answers*' bin/mmsync push "$tmp/region" 127.0.0.1:1
else
    echo "skipped: mmsync push and follow, which this build has not"
fi
printf 'installed' >"$tmp/value"
expect 0 '*' bin/mmsync write "$tmp/region" "$tmp/value"
expect 0 'installed' bin/mmsync read "$tmp/region"

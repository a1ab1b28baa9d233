#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page on operations tells what to do about every error code, each of which a test gets, and describes every metric.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"
page=docs/operations.md

# rows: CODE TAB what users see TAB what happened TAB what to do
rows=$(sed -n '/^## Troubleshooting/,$s/^| \(`[A-Z].*\) |$/\1/p' "$page" | awk -F ' \\| ' -v OFS='\t' '{
    count = split(substr($1, 2), seen, "; `")
    for (i = 1; i <= count; i++) { split(seen[i], part, "`: "); print part[1], part[2], $2, $3 }
}')

# Each code is there, with its words.
codes=$(sed -nE 's/^ +X\(([A-Z_]+), -[0-9]+, .*/MMS_E_\1/p' include/mmsync/error.h)
[ "$(wc -w <<<"$codes")" -gt 20 ] || fail "no codes found in include/mmsync/error.h"
for code in $codes; do
    text=$(sed -nE "s/^ +X\(${code#MMS_E_}, -[0-9]+, \"(.*)\"\).*/\1/p" include/mmsync/error.h)
    cut -f1,2 <<<"$rows" | grep -xF "$code"$'\t'"$text" >/dev/null || fail "$page has no row for $code: $text"
done

# Each row says what happened and what to do, and a test gets there.
while IFS=$'\t' read -r code _ happened advice; do
    [[ -n $happened && -n $advice ]] || fail "the row of $code in $page says not what happened, or not what to do"
    [[ $code == MMS_E_* ]] || code=-$code
    grep -rqE -- "check_code\(.*[ (,]$code\b" tests/unit tests/fault || fail "no test in tests/unit or tests/fault gets $code"
done <<<"$rows"

metrics=$(grep -ohE '"mmsync_[a-z_]+"' src/cli/exporter/metrics.c | tr -d '"' | sort -u)
[ "$(wc -w <<<"$metrics")" -gt 10 ] || fail "no metrics found in src/cli/exporter/metrics.c"
for metric in $metrics; do
    [ "$metric" = mmsync_exporter_info ] || grep -qE "^\|.*\`$metric\`.* \|" "$page" || fail "$page does not describe $metric"
done
used=$(grep -ohE '\bmmsync_[a-z_]+' share/prometheus/mmsync.rules.yml share/grafana/mmsync.json | sort -u)
for metric in $used; do
    grep -qx "$metric" <<<"$metrics" || fail "the alerts or the dashboard use $metric, which there is not"
done
if command -v python3 >/dev/null; then
    run python3 -m json.tool share/grafana/mmsync.json /dev/null
fi
# As it is, a generation above 2^32 would be 4.294967299e+09.
expect 1 '' grep -nE '\{\{ *\$value *\}\}' share/prometheus/mmsync.rules.yml
if command -v promtool >/dev/null; then
    run promtool check rules share/prometheus/mmsync.rules.yml
fi

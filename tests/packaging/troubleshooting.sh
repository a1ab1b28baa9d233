#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page on operations tells what to do about every error code, and describes every metric.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"
page=docs/operations.md

codes=$(sed -nE 's/^ +X\(([A-Z_]+), -[0-9]+, .*/MMS_E_\1/p' include/mmsync/error.h)
[ "$(wc -w <<<"$codes")" -gt 20 ] || fail "no codes found in include/mmsync/error.h"
for code in $codes; do
    grep -qE "^\| \`$code\` \| ." "$page" || fail "$page has no row for $code"
done

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
if command -v promtool >/dev/null; then
    run promtool check rules share/prometheus/mmsync.rules.yml
fi

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each public function has a manual page, which says what its header says and is well-formed.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"

run script/man3 --check
command -v mandoc >/dev/null || { echo "skipped: mandoc, which would look at their form"; exit 0; }
cd man
found=$(mandoc -T lint -W warning man3/*.3 2>&1 | grep -v 'outdated mandoc.db\|.so is fragile' | head -n 20) || true
[ -z "$found" ] || fail "$found"

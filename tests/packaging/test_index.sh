#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/README.md repeats what every test says about itself, and a test that says nothing is
# reported.
. "$(dirname "$0")/common.sh"

command -v python3 >/dev/null || {
    echo "skipped: python3 is not installed"
    exit 77
}
cp -R "$MMSYNC_SOURCE_DIR/tests" "$tmp/tests"
mkdir "$tmp/script"
cp "$MMSYNC_SOURCE_DIR/script/test-index" "$tmp/script"

expect 0 '' "$MMSYNC_SOURCE_DIR/script/test-index" --check
printf '#!/bin/bash\n# Nothing in particular.\n' >"$tmp/tests/cli/extra.sh"
expect 1 '*tests/README.md is out of date*' "$tmp/script/test-index" --check
expect 0 '' "$tmp/script/test-index"
expect 0 '' "$tmp/script/test-index" --check
printf '#!/bin/bash\ntrue\n' >"$tmp/tests/cli/silent.sh"
expect 1 '*tests/cli/silent.sh does not say what it tests*' "$tmp/script/test-index" --check

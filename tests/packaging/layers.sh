#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Includes point one way: programs use the public headers, the core nothing above it, and public headers nothing private.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"

# forbid PATTERN DIRECTORY...: no file there may include what matches; a directory that does not exist is no harm
forbid() {
    local found
    found=$(grep -rnE --include='*.[ch]' --include='*.cc' "^ *# *include +[\"<]($1)" "${@:2}" 2>/dev/null) || true
    [ -z "$found" ] || fail "not allowed here:"$'\n'"$found"
}

[ -d src/core ] || fail "no sources in $PWD"
forbid '(\.\./)*(src/|core/)|mmsync/(pin|atomic|fast)\.h' src/cli examples
forbid '(\.\./)*(src/)?(cli|archive|schema|compat)/' src/core
forbid '(\.\./)*(src/)?(core|cli)/' include

# SPDX-License-Identifier: Apache-2.0
# ctest: long
# shellcheck shell=bash
# The models in Promela, with small bounds; skipped where `spin` is not installed.
set -uo pipefail
"$MMSYNC_SOURCE_DIR/script/model" --short spin

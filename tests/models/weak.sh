# SPDX-License-Identifier: Apache-2.0
# ctest: long
# shellcheck shell=bash
# The models on weak memory, with small bounds.
set -uo pipefail
"$MMSYNC_SOURCE_DIR/script/model" --short weak

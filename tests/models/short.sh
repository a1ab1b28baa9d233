# SPDX-License-Identifier: Apache-2.0
# The models of the protocol, with small bounds: script/model --short. A family whose model checker is missing is skipped; the
# test is, if that is all of them.
set -uo pipefail
"$MMSYNC_SOURCE_DIR/script/model" --short

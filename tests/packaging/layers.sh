#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Includes point one way. Within src: base < os < handle < region and mmap_sync, which do not know
# each other, < api. Tables know handles, and no kind of files. Programs use the public headers, and those nothing private.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"

rooms='api|archive|base|cli|handle|mmap_sync|os|region|relay|schema|table'

# refuse FOUND: what grep has found, if it has
refuse() {
    [ -z "$1" ] || fail "not allowed here:"$'\n'"$1"
}

# forbid PATTERN DIRECTORY...: no file there may include what matches
forbid() {
    refuse "$(grep -rnE --include='*.[ch]' --include='*.cc' "^ *# *include +[\"<]($1)" "${@:2}")"
}

# room NAME OTHER...: what files of src/NAME include of src is in src/NAME itself or in the others
room() {
    [ -d "src/$1" ] || fail "no sources in $PWD/src/$1"
    refuse "$(grep -rnE --include='*.[ch]' '^ *# *include +"' "src/$1" |
        grep -vE "include +\"($(IFS='|' && echo "$*"))/[^.\"][^\"]*\"")"
    refuse "$(grep -rnE --include='*.[ch]' "^ *# *include +<($rooms)/" "src/$1")"
}

room base
room os base
room handle base os
room region base os handle
room mmap_sync base os handle
room table base os handle
room api base os handle region mmap_sync table
room archive base api
refuse "$(grep -rn --include='*.[ch]' 'include "api/' src/archive | grep -v '"api/typed.h"')"

# Two back ends behind one table: neither asks whose files a handle has.
refuse "$(grep -rniE --include='*.[ch]' 'mmap.sync' src/region)"
refuse "$(grep -rn --include='*.[ch]' 'mms__native' src/mmap_sync src/handle src/os src/base)"
refuse "$(grep -rn --include='*.[ch]' 'mms__mmap_sync' src/handle src/os src/base)"

# The one room that knows the network.
room relay cli
forbid '(relay/|nats|zstd)' src/api src/archive src/base src/cli src/handle src/mmap_sync src/os src/region src/schema src/table

inside='(\.\./)*(src/|api/|base/|handle/|os/|region/|mmap_sync/|table/)|mmsync/(pin|atomic|fast)\.h'
forbid "$inside" src/cli src/relay examples bindings/rust
# The extension of Python carries the library, and copies the parts of a large value as it does.
refuse "$(grep -rnE --include='*.[ch]' "^ *# *include +[\"<]($inside)" bindings/python | grep -v '/pieces.c:.*"base/bulk.h"')"
forbid "(\.\./)*(src/)?($rooms)/" include

# SPDX-License-Identifier: Apache-2.0
# The manual page is well-formed.
. "$(dirname "$0")/support.bash"

page=$source_dir/man/mmsync.1
checked=
if command -v mandoc >/dev/null; then
    # Which other pages exist depends on the machine.
    same "mandoc" "" "$(mandoc -T lint -W warning "$page" 2>&1 | grep -v 'outdated mandoc.db')"
    checked=1
fi
if command -v groff >/dev/null; then
    same "groff" "" "$(groff -man -mdoc -Tutf8 -ww -z "$page" 2>&1)"
    checked=1
fi
for verb in write read watch stat verify rm bench demo; do
    check "the page has a section on $verb" grep -q "^\.Ss mmsync $verb\$" "$page"
done
((failures)) || [[ $checked ]] || skip "neither mandoc nor groff is installed"
finish

# SPDX-License-Identifier: Apache-2.0
# The manual pages are well-formed, and mmsync(1) has a section for each verb, with the same options
# as its help.
. "$(dirname "$0")/support.bash"

page=$source_dir/man/mmsync.1
checked=
for file in "$page" "$source_dir/man/mmsc.1"; do
    if command -v mandoc >/dev/null; then
        # Which other pages exist depends on the machine.
        same "mandoc ${file##*/}" "" "$(mandoc -T lint -W warning "$file" 2>&1 | grep -v 'outdated mandoc.db')"
        checked=1
    fi
    if command -v groff >/dev/null; then
        same "groff ${file##*/}" "" "$(groff -mandoc -Tutf8 -ww -z "$file" 2>&1)"
        checked=1
    fi
done

# Options, as "-o --output" or "--output": of the help of a verb, and of its section in the page.
helped() { # VERB
    "$MMSYNC" "$1" --help | sed -nE '/--(help|version) /d; s/^ {2,}((-., )?--[a-z-]+).*/\1/p' | tr -d , | sort
}
documented() { # VERB
    awk -v section=".Ss mmsync $1" '/^\.S[sh] /{inside = $0 == section} inside && sub(/^\.It /, "")' "$page" |
        sed -E 's/Fl ([a-zA-Z]) , Fl Fl /-\1 --/g; s/Fl Fl /--/g' | grep -oE '(-[a-zA-Z] )?--[a-z-]+' | sort
}
verbs=$("$MMSYNC" --help | sed -nE 's/^  mmsync ([a-z]+) .*/\1/p')
check "there are verbs" test "$(wc -w <<<"$verbs")" -gt 10
for verb in $verbs; do
    check "the page has a section on $verb" grep -q "^\.Ss mmsync $verb\$" "$page"
    same "the page's options of $verb are those of its help" "$(helped "$verb")" "$(documented "$verb")"
done
((failures)) || [[ $checked ]] || skip "neither mandoc nor groff is installed"
finish

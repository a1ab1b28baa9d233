# SPDX-License-Identifier: Apache-2.0
# Help and versions everywhere, and what happens on a wrong command line.
. "$(dirname "$0")/support.bash"

verbs="write read dump restore watch stat verify rm bench demo"

for option in --help -h help; do
    succeeds "$MMSYNC" $option
    for verb in $verbs; do
        like "mmsync $option" ".*mmsync $verb.*" "$out"
    done
done
for option in --version -V version; do
    succeeds "$MMSYNC" $option
    like "mmsync $option" 'mmsync [0-9]+\.[0-9]+\.[0-9]+' "$out"
done

for verb in $verbs; do
    for how in "$verb --help" "$verb -h" "help $verb"; do
        # shellcheck disable=SC2086
        succeeds "$MMSYNC" $how
        like "mmsync $how" "Usage: mmsync $verb.*" "$out"
    done
    succeeds "$MMSYNC" "$verb" --version
    like "mmsync $verb --version" 'mmsync [0-9.]+' "$out"
    refuses 2 "$verb" "$MMSYNC" "$verb" --no-such-option
    refuses 2 "$verb" "$MMSYNC" "$verb" -q
done
for verb in write read dump restore watch stat verify rm; do
    refuses 2 "region.*$verb --help" "$MMSYNC" "$verb"
    refuses 2 "empty" "$MMSYNC" "$verb" ""
done

refuses 2 "mmsync --help" "$MMSYNC"
refuses 2 "unknown verb 'frobnicate'.*mmsync --help" "$MMSYNC" frobnicate
refuses 2 "unknown verb" "$MMSYNC" help frobnicate
refuses 2 "option --json" "$MMSYNC" --json
refuses 2 "unexpected argument 'c'" "$MMSYNC" write a b c
refuses 2 "unexpected argument 'b'" "$MMSYNC" read a b
refuses 2 "unexpected argument 'b'" "$MMSYNC" stat a b
refuses 2 "unexpected argument" "$MMSYNC" bench x
refuses 2 "--max-size needs a value" "$MMSYNC" write a --max-size
refuses 2 "-o needs a value" "$MMSYNC" read a -o
refuses 2 "--json takes no value" "$MMSYNC" stat a --json=yes

# Values that mean nothing. No region must be created.
bad() {
    refuses 2 "$1" "$MMSYNC" write "$region" /dev/null "$1" "$2"
}
for size in "" x 12x 1KB -1 +1 " 1" 0 99999999999999999999 9E 1.5 1.K 0x10; do
    bad --max-size "$size"
done
for number in "" 1 65536 x -2 "2 "; do
    bad --max-slots "$number"
done
bad --max-readers 0
bad --max-readers 65536
for mode in "" 8 640x 1777 -1 0; do
    bad --mode "$mode"
    bad --readers-mode "$mode"
done
for ms in "" -1 x 1.5 2147483648 never; do
    bad --grace "$ms"
    bad --lock-wait "$ms"
done
bad --tag 18446744073709551616
bad --tag -1
bad --fence both
bad --huge-pages maybe
bad --type-id 12
bad --type-id 0123456789abcdef0123456789abcdeg
bad --group no-such-group-here
bad --trust no-such-user-here
check "nothing was created" test ! -e "$region"
refuses 2 --count "$MMSYNC" watch "$region" --count 0
refuses 2 --timeout "$MMSYNC" watch "$region" --timeout soon
refuses 2 --seconds "$MMSYNC" bench --seconds 0
refuses 2 --rounds "$MMSYNC" bench --rounds 0

# Control characters in a name do not reach the terminal, and it stays one line.
refuses 1 'no\?such\?\[31mfile' "$MMSYNC" write "$region" $'/no\nsuch\033[31mfile'
refuses 1 'of\?\?31mC1, and é' "$MMSYNC" write "$region" $'/of\xc2\x9b31mC1, and é'

# Help that cannot be written is a failure.
for how in --help --version "write --help"; do
    # shellcheck disable=SC2086
    "$MMSYNC" $how >/dev/full 2>"$scratch/err"
    same "mmsync $how to a full device" 1 $?
    like "mmsync $how to a full device" 'mmsync: .*No space.*' "$(<"$scratch/err")"
done
finish

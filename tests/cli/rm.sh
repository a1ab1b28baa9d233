# SPDX-License-Identifier: Apache-2.0
# ctest: waits
# Regions are removed, and nothing else.
. "$(dirname "$0")/support.bash"

refuses 1 "$region" "$MMSYNC" rm "$region"
succeeds "$MMSYNC" rm -f "$region"
for name in a b c; do
    succeeds "$MMSYNC" write "$scratch/$name" /dev/null
done
succeeds "$MMSYNC" rm "$scratch/a"
check "it is gone" test ! -e "$scratch/a"
refuses 1 "$scratch/a" "$MMSYNC" rm "$scratch/b" "$scratch/a" "$scratch/c"
check "the others are gone" test ! -e "$scratch/b" -a ! -e "$scratch/c"
same "nothing is left" "" "$(ls "$scratch")"

# Whatever is not a region stays.
mkdir "$scratch/foreign"
touch "$scratch/foreign/file" "$scratch/file"
refuses 1 "" "$MMSYNC" rm "$scratch/foreign"
refuses 1 "" "$MMSYNC" rm --force "$scratch/foreign"
refuses 1 "" "$MMSYNC" rm "$scratch/file"
check "a foreign directory stays" test -e "$scratch/foreign/file" -a -e "$scratch/file"

# A region with a writer stays; one with readers goes, and a view lives on.
mkfifo "$scratch/in" "$scratch/out"
random_file 300000 "$scratch/value"
"$MMSYNC" write "$region" <"$scratch/in" >/dev/null &
writer=$!
exec 9>"$scratch/in"
until_true test -e "$region/control"
refuses 1 "as its writer; end that first" "$MMSYNC" rm "$region"
check "a region with a writer stays" test -e "$region/control"
cat "$scratch/value" >&9
exec 9>&-
wait "$writer"
"$MMSYNC" read "$region" >"$scratch/out" &
reader=$!
exec 8<"$scratch/out"
head -c 1 <&8 >"$scratch/got"
succeeds "$MMSYNC" rm "$region"
cat <&8 >>"$scratch/got"
wait "$reader"
check "a view lives on" cmp "$scratch/value" "$scratch/got"
finish

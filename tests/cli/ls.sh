# SPDX-License-Identifier: Apache-2.0
# `ls` lists what is in a directory: regions, files of mmap-sync, damaged regions, and nothing else.
. "$(dirname "$0")/support.bash"

home=$scratch/home
mkdir "$home"
succeeds "$MMSYNC" ls "$home"
same "nothing is there" "" "$out"
succeeds "$MMSYNC" ls "$home" --json
same "an empty array" "[]" "$out"
refuses 1 "cannot list $scratch/absent: No such file" "$MMSYNC" ls "$scratch/absent"
refuses 1 "cannot list /dev/null: Not a directory" "$MMSYNC" ls /dev/null
refuses 2 "an argument is empty" "$MMSYNC" ls ""
refuses 2 "--sort colour: not one of name, size" "$MMSYNC" ls --sort colour

random_file 5000 "$scratch/value"
succeeds "$MMSYNC" write "$home/b" "$scratch/value" --max-size 1M
succeeds "$MMSYNC" write "$home/a" /dev/null --allow-empty --max-size 1M
succeeds "$MMSYNC" write "$home/a" /dev/null --allow-empty
succeeds "$MMSYNC" write "mmap-sync:$home/crate" "$scratch/value"
mkdir "$home/a directory" "$home/.hidden"
echo 1 >"$home/lonely_state"
echo 1 >"$home/a file"
succeeds "$MMSYNC" ls "$home"
like "the heading" 'REGION +GENERATION +SIZE +AGE +READERS +WRITER +MEMORY' "$(sed -n 1p <<<"$out")"
like "the first region" 'a +2 +0 B +[0-9.]+ (s|min) +0 +- +[0-9.]+ [KM]iB' "$(sed -n 2p <<<"$out")"
like "the second region" 'b +1 +4.9 KiB +[0-9.]+ (s|min) +0 +- .*' "$(sed -n 3p <<<"$out")"
like "the files of mmap-sync" "mmap-sync:$(realpath "$home")/crate +[0-9]+ .*" "$(sed -n 4p <<<"$out")"
same "and nothing else" 4 "$(wc -l <<<"$out")"

succeeds "$MMSYNC" ls "$home" --sort size
like "the largest first" 'b .*' "$(sed -n 2p <<<"$out")"
succeeds "$MMSYNC" ls "$home" --sort age
like "the oldest first" 'b .*' "$(sed -n 2p <<<"$out")"
like "without a time, last" 'mmap-sync:.*' "$(tail -n 1 <<<"$out")"

# A region that cannot be read is listed, with the reason.
cp -a "$home/b" "$home/c"
head -c 64 /dev/urandom | dd of="$home/c/control" bs=1 seek=16 conv=notrunc 2>/dev/null
succeeds "$MMSYNC" ls "$home/"
like "a damaged region" 'c +\? .*control.*' "$(sed -n 4p <<<"$out")"
succeeds "$MMSYNC" ls "$home" --json
if command -v python3 >/dev/null; then
    check "the array holds them all" python3 -c '
import json, sys
a, b, c, crate = json.load(sys.stdin)
assert [a["generation"], a["size"], a["format"], a["error"]] == [2, 0, "mmsync", None], a
assert b["size"] == 5000 and b["region"].endswith("/home/b") and b["writer"]["alive"] is False, b
assert "control" in c["error"] and "generation" not in c, c
assert crate["format"] == "mmap-sync" and crate["region"].startswith("mmap-sync:/"), crate
' <<<"$out"
fi

# So is what is left of one, and nothing of somebody else's.
mkdir "$scratch/left" "$scratch/left/theirs"
echo "Package: theirs" >"$scratch/left/theirs/control"
for file in control data lock readers; do
    cp -a --sparse=always "$home/b" "$scratch/left/no-$file"
    rm "$scratch/left/no-$file/$file"
done
ln -s no-lock "$scratch/left/link"
succeeds "$MMSYNC" ls "$scratch/left"
for file in control data readers; do
    like "without $file" ".*no-$file +\? .*no regular file .$file..*" "$(tr '\n' ' ' <<<"$out")"
done
same "and the one without a lock" 5 "$(wc -l <<<"$out")"

# Live writers and readers show.
mkdir "$scratch/live"
mkfifo "$scratch/pipe"
succeeds "$MMSYNC" write "$scratch/live/r" "$scratch/value"
"$MMSYNC" watch "$scratch/live/r" --changes >"$scratch/watched" &
until_true grep -q generation= "$scratch/watched"
succeeds "$MMSYNC" ls "$scratch/live"
like "a reader" 'r +1 +4.9 KiB +.* +1 +- .*' "$(tail -n 1 <<<"$out")"
kill $!
"$MMSYNC" write "$scratch/live/r" --allow-empty - <"$scratch/pipe" >/dev/null &
writer=$!
exec 9>"$scratch/pipe"
until_true "$MMSYNC" check --writer --quiet "$scratch/live/r"
succeeds "$MMSYNC" ls "$scratch/live"
like "a writer" "r +1 .* $writer +.*" "$(tail -n 1 <<<"$out")"
exec 9>&-
wait "$writer"
succeeds "$MMSYNC" ls "$home" "$scratch/live"
same "two directories" 6 "$(wc -l <<<"$out")"
finish

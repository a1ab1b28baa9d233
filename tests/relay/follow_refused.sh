# SPDX-License-Identifier: Apache-2.0
# `mmsync follow` says in one line why it cannot begin or go on, and what to do.
. "$(dirname "$0")/follow.bash"
nats_start one
write_value --max-size 64K <<<"a value"
"$MMSYNC" push "$region" "$nats_url" --name "$name" --once >/dev/null 2>&1
follow=("$MMSYNC" follow)

# ---- Wrong words ----

refuses 2 "from where, what and to where" "${follow[@]}"
refuses 2 "from where, what and to where" "${follow[@]}" "$nats_url" "$name"
refuses 2 "unexpected argument" "${follow[@]}" "$nats_url" "$name" "$target" more
for bad in "a b" "a.b" "a*" "$(printf '%065d' 0)"; do
    refuses 2 "is not a NAME" "${follow[@]}" "$nats_url" "$bad" "$target"
done
refuses 2 "is not a size" "${follow[@]}" "$nats_url" "$name" "$target" --scrub much
refuses 2 "mmsync bridge" "${follow[@]}" "$nats_url" "$name" "mmap-sync:$target"

# ---- The server ----

refuses 1 "no NATS server answers at nats://127.0.0.1:1;" "${follow[@]}" nats://127.0.0.1:1 "$name" "$target"
refuses 1 "is not the URL of a NATS server" "${follow[@]}" "," "$name" "$target"
refuses 1 "has nothing of the name 'other'; is 'mmsync push' running\? With --wait" \
    "${follow[@]}" "$nats_url" other "$target"
"${MMSYNC_TEST_BIN_DIR:?}/make_stream" "$nats_url" mmsync-foreign-log some.subject "somebody's"
refuses 1 "that is not of mmsync" "${follow[@]}" "$nats_url" foreign "$target"
check "no region was made" test ! -e "$target"
nats_start secret --user alice --pass secret
refuses 1 "refuses the credentials" "${follow[@]}" "$nats_url" "$name" "$target"
NATS_USER=alice NATS_PASSWORD=secret refuses 1 "has nothing of the name" "${follow[@]}" "$nats_url" "$name" "$target"
nats_stop secret
nats_url=nats://127.0.0.1:${nats_port[one]}

# ---- The region ----

"$MMSYNC" write "$target" --max-size 64K <<<"something else" >/dev/null
refuses 1 "came from elsewhere; give another REGION, or --overwrite" "${follow[@]}" "$nats_url" "$name" "$target"
same "it is untouched" "something else" "$("$MMSYNC" read "$target")"
run "${follow[@]}" "$nats_url" "$name" "$target" --overwrite --once
same "--overwrite" "0" "$status$err"
"$MMSYNC" push "$region" "$nats_url" --name other --once >/dev/null 2>&1
refuses 1 "holds the value of 'prices', not of 'other'" "${follow[@]}" "$nats_url" other "$target"
run "${follow[@]}" "$nats_url" other "$target" --overwrite --once
same "another name" "0" "$status$err"
rm -r "$target" "$target.source"

# Somebody publishes there while the server is waited for.
nats_stop one
start_follow
until_true grep -q "no NATS server answers" "$follow_err"
"$MMSYNC" write "$target" --max-size 64K <<<"something else" >/dev/null
nats_start one
wait "$follow_pid"
same "status of a follower that was late" 1 $?
check "it says why" grep -q "came from elsewhere; give another REGION" "$follow_err"
same "the value is untouched" "something else" "$("$MMSYNC" read "$target")"
rm -r "$target"

start_follow
check_followed "followed"
run "${follow[@]}" "$nats_url" "$name" "$target" --lock-wait 0
same "status with another writer" 1 "$status"
like "another writer" "mmsync: another process is the writer of $target; .*" "$err"
stop_follow

# ---- Too large, and the advice works ----

random_file 300000 "$scratch/value"
"$MMSYNC" write "$region" "$scratch/value" --replace --max-size 1M >/dev/null
start_push
until_true grep -q '"event":"base"' "$push_out"
run "${follow[@]}" "$nats_url" "$name" "$target"
same "status of a value that is too large" 1 "$status"
like "a value that is too large" "mmsync: the value of 'prices' has 300000 bytes, and $target takes 65536 at most; \
run this again with --replace --max-size 1048576" "$err"
same "the old value is there" "a value" "$("$MMSYNC" read "$target")"
start_follow --replace --max-size 1048576
check_followed "with the advice"
random_file 1048576 "$scratch/value"
write_value "$scratch/value"
check_followed "as large as it may be"
stop_follow

# ---- Killed after its first value ----

# Whose value it is to be is noted before it comes, and what it is after that.
run "${follow[@]}" "$nats_url" "$name" "$scratch/small" --once --max-size 65536
like "a new region that is too small" "mmsync: the value .*, and $scratch/small takes 65536 at most; .*" "$err"
check "it is noted" grep -q '"name":"prices"' <("$MMSYNC" read "$scratch/small.source")
like "stat" '.*source +nothing yet of .*' "$("$MMSYNC" stat "$scratch/small")"
like "stat --json" '.*"lag_ns": null.*' "$("$MMSYNC" stat "$scratch/small" --json)"
"$MMSYNC" write "$scratch/small" <<<"its first value" >/dev/null
run "${follow[@]}" "$nats_url" "$name" "$scratch/small" --once --replace --max-size 1048576
same "it goes on from its own value" "0" "$status$err"

# ---- A typed value of another byte order ----

foreign="'prices' is a typed value of a machine with another byte order \\((big|little) endian\\), which can be read on such machines only"
start_follow
check_followed "before"
stop_push
"$helpers/tamper" "$nats_url" "$name" foreign log
wait "$follow_pid"
same "status" 1 $?
like "what it says" "mmsync: $foreign" "$(tail -n 1 "$follow_err")"
same "the value is still there" "$(sha256sum <"$scratch/value")" "$("$MMSYNC" read "$target" | sha256sum)"
"$helpers/tamper" "$nats_url" "$name" foreign head
refuses 1 "$foreign" "${follow[@]}" "$nats_url" "$name" "$scratch/new" --once
check "no region was made" [ ! -e "$scratch/new" ]

finish

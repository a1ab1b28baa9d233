# SPDX-License-Identifier: Apache-2.0
# `mmsync push` says in one line why it cannot begin, and of two pushers of a name only one goes on.
. "$(dirname "$0")/push.bash"
printf 'value' | "$MMSYNC" write "$region" >/dev/null

# ---- Wrong words ----

push=("$MMSYNC" push "$region")
refuses 2 "which server" "${push[@]}"
refuses 2 "which region" "$MMSYNC" push
for bad in "" "a b" "a.b" "a*" "é" "$(printf '%065d' 0)"; do
    refuses 2 "cannot be a name" "${push[@]}" 127.0.0.1:1 --name "$bad"
done
refuses 2 "cannot be a name; give --name" "$MMSYNC" push "$scratch/a.b" 127.0.0.1:1
refuses 2 "file or memory" "${push[@]}" 127.0.0.1:1 --storage disk
refuses 2 "number from 1 to 5" "${push[@]}" 127.0.0.1:1 --replicas 6

# ---- The server ----

nats_start one --user alice --pass secret
port=${nats_port[one]}
refuses 1 "no NATS server answers at nats://127.0.0.1:1;" "${push[@]}" nats://127.0.0.1:1
refuses 1 "is not the URL of a NATS server" "${push[@]}" ","
refuses 1 "refuses the credentials" "${push[@]}" "$nats_url"
refuses 1 "refuses the credentials" "${push[@]}" "$nats_url" --user alice --password wrong
refuses 1 "refuses the credentials" "${push[@]}" "nats://alice:wrong@127.0.0.1:$port"
[[ $err != *wrong* ]] || complain "the password is shown: $err"
refuses 1 "cannot connect to $nats_url: error opening file .*none" "${push[@]}" "$nats_url" --creds "$scratch/none"
refuses 1 "public key" "${push[@]}" "$nats_url" --nkey "$region/control"
refuses 1 "cannot use the certificates" "${push[@]}" "$nats_url" --tlsca "$scratch/none"
refuses 1 "belong together" "${push[@]}" "$nats_url" --tlscert "$scratch/none"
export NATS_USER=alice NATS_PASSWORD=secret
run "${push[@]}" "$nats_url" --once
same "with the right credentials" "0" "$status$err"
unset NATS_USER NATS_PASSWORD
run "${push[@]}" "nats://alice:secret@127.0.0.1:$port" --once
same "with credentials in the URL" "0" "$status$err"
refuses 1 "cannot keep 3 copies; give --replicas" "${push[@]}" "nats://alice:secret@127.0.0.1:$port" --name three \
    --replicas 3
# A durable region after a reboot: the value is there, but for a writer to bring back.
if [[ $(stat -f -c %T "$scratch") != tmpfs ]]; then
    printf 'value' | "$MMSYNC" write "$scratch/durable" --durable >/dev/null
    rebooted "$scratch/durable"
    refuses 1 "bring its value back with mmsync recover" \
        "$MMSYNC" push "$scratch/durable" "nats://alice:secret@127.0.0.1:$port" --once
fi
nats_stop one

nats_start plain
mkdir "$scratch/nojs"
cat >"$scratch/small.conf" <<CONF
max_payload: 64KB
CONF
nats_start small --config "$scratch/small.conf"
refuses 1 "raise max_payload" "${push[@]}" "$nats_url"
nats_stop small
cat >"$scratch/account.conf" <<CONF
accounts { A { users [ { user: a, password: a } ] } }
CONF
nats_start account --config "$scratch/account.conf"
refuses 1 "no JetStream for this account" "${push[@]}" "$nats_url" --user a --password a
nats_stop account

# ---- Streams of others, and of newer versions ----

nats_url=nats://127.0.0.1:${nats_port[plain]}
make_stream=${MMSYNC_TEST_BIN_DIR}/make_stream
succeeds "$make_stream" "$nats_url" mmsync-foreign-log mmsync.foreign.log "orders"
refuses 1 "mmsync-foreign-log that is not of mmsync" "${push[@]}" "$nats_url" --name foreign
succeeds "$make_stream" "$nats_url" mmsync-newer-log mmsync.newer.log "mmsync, format 2: changes"
refuses 1 "made by a newer mmsync" "${push[@]}" "$nats_url" --name newer
succeeds "$make_stream" "$nats_url" all "mmsync.taken.>" "somebody's"
refuses 1 "refuses the stream mmsync-taken-log: .*overlap" "${push[@]}" "$nats_url" --name taken

# ---- Two of them ----

start_push
await_push
first=$push_pid first_err=$push_err
refuses 1 "prices is being pushed by [^ ]+, process $first \($region\).*--take-over" "${push[@]}" "$nats_url" --name prices
refuses 1 "prices is being pushed" "${push[@]}" "$nats_url" --name prices --once
start_push --take-over
wait "$first"
same "exit status of the one that was taken over" 3 $?
like "what it says" "mmsync: taken over: [^ ]+, process $push_pid \($region\) pushes prices now" "$(<"$first_err")"
await_push
printf 'new' | "$MMSYNC" write "$region" >/dev/null
await_push
check_pushed "after the take-over"

# The second one has something of its own to say.
other=$scratch/other
printf 'another value' | "$MMSYNC" write "$other" >/dev/null
second=$push_pid
region=$other start_push --take-over --once
ends_with 0
wait "$second"
same "exit status of the one whose value was replaced" 3 $?
region=$other
check_pushed "the other region's value"

# ---- Several that begin at once ----

name=crowd
pids=()
for _ in 1 2 3 4; do
    start_push
    pids+=("$push_pid")
done
alive() {
    local pid
    left=()
    for pid in "${pids[@]}"; do
        if kill -0 "$pid" 2>/dev/null; then
            left+=("$pid")
        fi
    done
    ((${#left[@]} <= $1))
}
until_true alive 1
same "pushers that are left" 1 "${#left[@]}"
printf 'by the one that is left' | "$MMSYNC" write "$region" >/dev/null
wanted=$(generation)
until_true grep -qs "\"name\":\"$name\",\"generation\":${wanted}[,}]" "$scratch"/push*.out
check_pushed "the value of the one that is left"
finish

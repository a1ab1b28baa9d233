# SPDX-License-Identifier: Apache-2.0
# Each kind of credentials against a server that wants them: `mmsync push` and `mmsync follow` get in with
# the right ones, from options and from the environment, and say in one line that others are refused.
# Also a JetStream domain, and streams in the server's memory.
# ctest: released
. "$(dirname "$0")/follow.bash"
command -v openssl >/dev/null || skip "openssl is not installed (Debian: openssl)"
command -v python3 >/dev/null || skip "python3 is not installed"
keys=$scratch/keys
mkdir "$keys"
if ! PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/helper/credentials.py" "$keys" 2>"$scratch/making"; then
    skip "openssl cannot make keys here: $(tail -n 1 "$scratch/making")"
fi
printf 'a value for those who may' | "$MMSYNC" write "$region" >/dev/null

push_once=("$MMSYNC" push "$region")
follow_once() {
    "$MMSYNC" rm "$target" "$target.source" >/dev/null 2>&1
    "$MMSYNC" follow "$nats_url" "$name" "$target" --once "$@"
}
# lets_in WHAT ARGUMENT...: with these, both get in.
lets_in() {
    local what=$1
    shift
    run "${push_once[@]}" "$nats_url" --name "$name" --once "$@"
    same "push with $what" "0" "$status$err"
    run follow_once "$@"
    same "follow with $what" "0" "$status$err"
    same "the value with $what" "$("$MMSYNC" read "$region")" "$("$MMSYNC" read "$target")"
}
# keeps_out WHAT ARGUMENT...: neither does.
keeps_out() {
    local what=$1
    shift
    refuses 1 "refuses the credentials; see --user, --creds, --nkey and --token" "${push_once[@]}" "$nats_url" --name "$name" \
        --once "$@"
    "$MMSYNC" rm "$target" "$target.source" >/dev/null 2>&1
    refuses 1 "refuses the credentials; see --user, --creds, --nkey and --token" "$MMSYNC" follow "$nats_url" "$name" \
        "$target" --once "$@"
    check "$what: no region was made" [ ! -e "$target" ]
}

# ---- A token ----

nats_start token --auth secret
lets_in "a token" --token secret
keeps_out "another token" --token wrong
keeps_out "no token"
NATS_TOKEN=secret lets_in "a token in the environment"
nats_stop token

# ---- A key ----

echo "authorization { users [ { nkey: $(<"$keys/nkey.pub") } ] }" >"$scratch/nkey.conf"
nats_start nkey --config "$scratch/nkey.conf"
lets_in "a key" --nkey "$keys/nkey.seed"
keeps_out "another key" --nkey "$keys/other.seed"
keeps_out "no key"
NATS_NKEY=$keys/nkey.seed lets_in "a key in the environment"
sed 1d "$keys/nkey.seed" >"$keys/unseeded"
refuses 1 "cannot connect to .*: .*seed" "${push_once[@]}" "$nats_url" --name "$name" --once --nkey "$keys/unseeded"
nats_stop nkey

# ---- A user's JWT, of an operator's account ----

nats_start operator --config "$keys/operator.conf"
lets_in "a user's JWT" --creds "$keys/user.creds"
keeps_out "a JWT of an unknown account" --creds "$keys/other.creds"
keeps_out "no JWT"
NATS_CREDS=$keys/user.creds lets_in "a JWT in the environment"

# ---- A signature that libnats leaves out, now and then: the next one is sent ----

# push_past COUNT ARGUMENT...: pushes past a server that refuses the first COUNT clients; $refused says how many it has.
push_past() {
    local direct=$nats_url count=$1
    shift
    rm -f "$scratch/before"
    PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/helper/refuse_first.py" "$count" "${direct##*:}" >"$scratch/before" &
    local before=$!
    until_true [ -s "$scratch/before" ]
    run "${push_once[@]}" "nats://127.0.0.1:$(head -n 1 "$scratch/before")" --name "$name" --once "$@"
    kill "$before"
    wait "$before" 2>/dev/null
    refused=$(grep -c refused "$scratch/before")
}
push_past 2 --creds "$keys/user.creds"
same "push with a JWT that is refused twice" "0 2" "$status$err $refused"
push_past 9 --creds "$keys/user.creds"
same "push with a JWT that is refused for good" "1 3" "$status $refused"
push_past 9 --token secret
same "push with a token that is refused" "1 1" "$status $refused"
nats_stop operator

# ---- A domain, and streams in memory ----

echo "jetstream { domain: hub }" >"$scratch/domain.conf"
nats_start hub --config "$scratch/domain.conf"
lets_in "a domain" --domain hub
refuses 1 "knows no JetStream domain .nowhere.; see --domain" "$MMSYNC" follow "$nats_url" "$name" "$target" --once --overwrite \
    --domain nowhere
run "${push_once[@]}" "$nats_url" --name memory --once --storage memory
same "push --storage memory" "0" "$status$err"
name=memory
run follow_once
same "follow what is in memory" "0" "$status$err"
like "the storage of both streams" '"memory","memory"' "$(nats_ask hub '/jsz?streams=true&config=true' | tr -d ' \n' |
    grep -oE '"name":"mmsync-memory-[a-z]*"[^}]*"storage":"[a-z]*"' | sed 's/.*"storage"://' | paste -sd,)"
nats_stop hub
finish

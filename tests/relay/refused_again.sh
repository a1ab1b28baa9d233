# SPDX-License-Identifier: Apache-2.0
# A server that refuses credentials which it took before, once, twice in a row or more often: libnats gives up
# after the second time. `mmsync push` and `mmsync follow` say so and connect anew until they are let in.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
command -v python3 >/dev/null || skip "python3 is not installed"
nats_start one
server=$nats_url
declare -A door_pid door_url

# open_door NAME: through which one of both sides goes to the server
open_door() {
    rm -f "$scratch/$1.orders"
    mkfifo "$scratch/$1.orders"
    PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/helper/refuse_first.py" 0 "${server##*:}" <>"$scratch/$1.orders" \
        >"$scratch/$1.said" &
    door_pid[$1]=$!
    until_true [ -s "$scratch/$1.said" ]
    door_url[$1]=nats://127.0.0.1:$(head -n 1 "$scratch/$1.said")
}
lines_of() { # NAME TEXT
    grep -c "$2" "$scratch/$1.said"
}
has_come_again() { # NAME REFUSED PASSED
    (($(lines_of "$1" refused) == $2)) && (($(lines_of "$1" passed) > $3))
}
# cut NAME COUNT [BYTES]: ends its connection, once so many bytes have passed, and refuses the next COUNT.
cut() {
    refused=$(lines_of "$1" refused) passed=$(lines_of "$1" passed)
    echo "cut $2 ${3-0}" >"$scratch/$1.orders"
}
# cut_off NAME COUNT: returns when it is let in again.
cut_off() {
    cut "$@"
    until_true has_come_again "$1" $((refused + $2)) "$passed"
}

open_door push
open_door follow
printf 'a first value' | "$MMSYNC" write "$region" >/dev/null
nats_url=${door_url[push]} start_push
nats_url=${door_url[follow]} start_follow
check_followed "the first value"
for count in 1 2 5; do
    for side in push follow; do
        cut_off $side $count
        printf 'a value after %s' "$side $count" | "$MMSYNC" write "$region" >/dev/null
        check_followed "a value after $count refusals of $side"
    done
done
like "what the pusher says" '.*has closed the connection: Authorization Violation; trying again.*' "$(tr '\n' ' ' <"$push_out")"
like "what the follower says" '.*has closed the connection: Authorization Violation; connecting anew.*' \
    "$(tr '\n' ' ' <"$follow_err")"

# ---- What was lost with the old connection is asked for on the new one ----

cut_off push 2
refuses 1 "is being pushed by" "$MMSYNC" push "$region" "$server" --name "$name" --once
stop_follow

# ---- In the middle of a first copy ----

random_file 20000000 "$scratch/value"
write_value "$scratch/value" --max-size 32M --replace
"$MMSYNC" rm "$target" "$target.source"
cut follow 3 5000000
nats_url=${door_url[follow]} start_follow
check_followed "a first copy that was cut off"
same "how often it was refused" $((refused + 3)) "$(lines_of follow refused)"
stop_follow
stop_push
same "exit status of push" 0 $?
kill "${door_pid[@]}"
wait "${door_pid[@]}" 2>/dev/null
finish

# SPDX-License-Identifier: Apache-2.0
# The bench prints every figure once, and leaves nothing behind.
. "$(dirname "$0")/support.bash"
# ctest: serial

mkdir "$scratch/here"
succeeds "$MMSYNC" bench --seconds 0.2 --rounds 2 --directory "$scratch/here"
for label in "a call through a pointer" "mms_read \+ mms_release, inline" "exported functions" "mms_refresh" \
    "first mms_read after a publish" "mms_write of 36 bytes, no reader" "with an idle reader" "while a reader spins" \
    "mms_write_commit of 1 KiB" "mms_write_commit of 1 MiB" "mms_write_commit of 64 MiB" "mms_write of 64 MiB" \
    "memcpy of 64 MiB" "mms_write_update of 64 MiB" "a new reader walks 64 MiB" "a load anywhere in 64 MiB" \
    "without huge pages" "to a waiter"; do
    like "$label" ".*${label}[^"$'\n'"]* ([0-9.]+ +[0-9.]+ +[0-9.]+  (ns|GiB/s|faults)|not measured).*" "$out"
done
like "the ratio" '.*read / call: [0-9.]+ inline, [0-9.]+ exported.*' "$out"
same "what is left" "" "$(ls -A "$scratch/here")"

succeeds "$MMSYNC" bench --json -s 0.2 -r 1 -d "$scratch/here"
for key in pointer_call read_inline read_crowded read_exported refresh_unchanged first_read write_36 write_36_idle_reader write_36_crowded \
    write_36_spinning_reader commit_1k commit_1m commit_64m copy_64m memcpy_64m update_64m faults_64m faults_64m_small load_64m load_64m_small wake; do
    like "$key" ".*\"name\": \"$key\".*" "$out"
done
command -v python3 >/dev/null && check "it is JSON" python3 -c 'import json, sys; json.load(sys.stdin)' <<<"$out"

# Ended early, by any signal, in any part.
for signal in INT TERM; do
    env --default-signal=INT,TERM "$MMSYNC" bench -s 60 -d "$scratch/here" >"$scratch/lines" 2>"$scratch/err" &
    bench=$!
    until_true eval 'test -e "$scratch/here/"*/small/control'
    kill -$signal "$bench"
    wait "$bench"
    status=$?
    same "status after SIG$signal" $((128 + $(kill -l $signal))) $status
    same "output after SIG$signal" "" "$(cat "$scratch/lines" "$scratch/err")"
    same "what is left after SIG$signal" "" "$(ls -A "$scratch/here")"
done

refuses 1 "cannot make a directory" "$MMSYNC" bench -d "$scratch/none"
finish

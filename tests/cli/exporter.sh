# SPDX-License-Identifier: Apache-2.0
# `exporter` writes metrics that Prometheus reads, to a file and over HTTP.
. "$(dirname "$0")/support.bash"

# metric NAME REGION: its value
metric() {
    sed -n "s|^$1{region=\"$2\",format=\"[a-z-]*\"} ||p" "$scratch/metrics"
}

home=$(realpath "$scratch")/home
mkdir "$home"
random_file 5000 "$scratch/value"
succeeds "$MMSYNC" write "$home/r" "$scratch/value" --max-size 1M --max-slots 7 --max-readers 33
succeeds "$MMSYNC" write "mmap-sync:$home/crate" "$scratch/value"
succeeds "$MMSYNC" write "$home/a\"b\\c"$'\xe9' "$scratch/value" --max-size 1M
succeeds "$MMSYNC" write "$home/damaged" "$scratch/value" --max-size 1M
head -c 64 /dev/urandom | dd of="$home/damaged/control" bs=1 seek=16 conv=notrunc 2>/dev/null

succeeds "$MMSYNC" exporter --textfile "$scratch/metrics" "$home"
same "nothing but the file" "" "$out"
for wanted in "up 1" "generation 1" "value_size_bytes 5000" "value_limit_bytes 1048576" "slots 7" "slots_used 1" \
    "readers 0" "readers_dead 0" "readers_limit 33" "writer_up 0" "huge_memory_bytes 0" "refused_writes_total 0" "evicted_slots_total 0"; do
    read -r name value <<<"$wanted"
    [[ $name == up ]] && name=region_up
    same "mmsync_$name" "$value" "$(metric "mmsync_$name" "$home/r")"
done
like "the time of the publish" '1[0-9]{9}(\.[0-9]+)?' "$(metric mmsync_value_publish_timestamp_seconds "$home/r")"
check "in this minute" test "$(($(date +%s) - $(metric mmsync_value_publish_timestamp_seconds "$home/r" | cut -d. -f1)))" -lt 600
same "files of mmap-sync" 5000 "$(metric mmsync_value_size_bytes "mmap-sync:$home/crate")"
same "they hold no time" "" "$(metric mmsync_value_publish_timestamp_seconds "mmap-sync:$home/crate")"
same "a damaged region is down" 0 "$(metric mmsync_region_up "$home/damaged")"
same "and has no values" "" "$(metric mmsync_generation "$home/damaged")"
check "a name that needs escapes" grep -qF "{region=\"$home/a\\\"b\\\\c\\\\xe9\"," "$scratch/metrics"
if command -v promtool >/dev/null; then
    check "promtool has nothing to say" promtool check metrics <"$scratch/metrics"
fi
# Each metric has its help and its type once, before its samples.
same "each name is declared once" "$(grep -c '^# TYPE' "$scratch/metrics")" \
    "$(sed -n 's/^\([a-z_]*\)[ {].*/\1/p' "$scratch/metrics" | uniq | wc -l)"

# Prometheus refuses all metrics if two samples have the same labels: however directories and regions are named.
mkdir "$scratch/names"
for name in 'a\xe9' $'a\xe9' 'a\x5cxe9' $'a\nb' 'a\nb'; do
    succeeds "$MMSYNC" write "$scratch/names/$name" "$scratch/value" --max-size 1M
    succeeds "$MMSYNC" write "mmap-sync:$scratch/names/$name" "$scratch/value"
done
ln -s names "$scratch/alias"
succeeds "$MMSYNC" exporter --textfile "$scratch/labels" "$scratch/names" "$home" "$scratch/names/" "$scratch/alias"
same "regions of strange names" 10 "$(grep -c '^mmsync_generation{.*/names/' "$scratch/labels")"
same "series that are there twice" "" "$(sed -n 's/^\([^#].*\) [^ ]*$/\1/p' "$scratch/labels" | sort | uniq -d | head -n 2)"

# Interrupted between the two, it leaves no file behind, and ends by the signal: its first word does not fit into a full pipe.
has_temporary() {
    compgen -G "$scratch/out/.mmsync-*" >/dev/null
}
mkdir "$scratch/out"
mkfifo "$scratch/full"
exec 9<>"$scratch/full"
dd if=/dev/zero of="$scratch/full" oflag=nonblock bs=4096 count=1000 2>/dev/null
env --default-signal=TERM "$MMSYNC" exporter --textfile "$scratch/out/metrics" "$scratch/absent" 2>"$scratch/full" 9>&- &
exporter=$!
until_true has_temporary
kill -TERM "$exporter"
exec 9>&-
wait "$exporter"
same "status of an interrupted export" 143 $?
same "what it leaves" "" "$(ls -A "$scratch/out")"

run "$MMSYNC" exporter --textfile - "$scratch/absent" "$home"
same "a directory that is not there is no reason to show nothing" 0 "$status"
like "it is told" "mmsync: cannot list $scratch/absent: No such file or directory" "$err"
check "and counted" grep -qx "mmsync_exporter_unlisted_directories 1" <<<"$out"
check "the other one is there" grep -qF 'mmsync_region_up{' <<<"$out"
refuses 1 "$scratch/absent/file" "$MMSYNC" exporter --textfile "$scratch/absent/file" "$home"
refuses 2 "exclude each other" "$MMSYNC" exporter --textfile - --listen :1
refuses 2 "an argument is empty" "$MMSYNC" exporter ""

# http METHOD PATH: status line, headers and body
http() {
    exec 8<>"/dev/tcp/127.0.0.1/$port" || return
    printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" "$2" >&8
    cat <&8
    exec 8>&-
}

run "$MMSYNC" exporter --listen nonsense "$home"
if [[ $err == *"built without libmicrohttpd"* || $err == *"cannot serve HTTP"* ]]; then
    ((failures)) || skip "only files were tested: $err"
    finish
fi
refuses 1 "--listen nonsense: not of the form HOST:PORT" "$MMSYNC" exporter --listen nonsense
refuses 1 "--listen ::1:80: not of the form" "$MMSYNC" exporter --listen ::1:80
refuses 1 "--listen \[\]:0: not of the form" timeout 60 "$MMSYNC" exporter --listen "[]:0"
refuses 1 "--listen 127.0.0.1:99999: not of the form" "$MMSYNC" exporter --listen 127.0.0.1:99999
"$MMSYNC" exporter --listen 127.0.0.1:0 "$home" >"$scratch/url" 2>"$scratch/log" &
exporter=$!
until_true grep -q metrics "$scratch/url"
like "the URL" 'http://127.0.0.1:[0-9]+/metrics' "$(<"$scratch/url")"
port=$(sed -E 's/.*:([0-9]+).*/\1/' "$scratch/url")
http GET /metrics >"$scratch/answer"
like "the answer" 'HTTP/1.1 200 OK.*' "$(head -n 1 "$scratch/answer")"
check "its type" grep -q '^Content-Type: text/plain; version=0.0.4' "$scratch/answer"
check "a sample" grep -qF "mmsync_generation{region=\"$home/r\",format=\"mmsync\"} 1" "$scratch/answer"
succeeds "$MMSYNC" write "$home/r" "$scratch/value"
check "each scrape looks anew" grep -qF "mmsync_generation{region=\"$home/r\",format=\"mmsync\"} 2" <(http GET /metrics)
succeeds "$MMSYNC" write "$home/new" "$scratch/value"
succeeds "$MMSYNC" rm "$home/r"
http GET /metrics >"$scratch/answer"
check "what is new is there" grep -qF "mmsync_generation{region=\"$home/new\",format=\"mmsync\"} 1" "$scratch/answer"
check "what was removed is not" test "$(grep -cF "region=\"$home/r\"" "$scratch/answer")" = 0
succeeds "$MMSYNC" write "$home/r" "$scratch/value"
check "what came again is" grep -qF "mmsync_generation{region=\"$home/r\",format=\"mmsync\"} 1" <(http GET /metrics)
like "the front page" 'HTTP/1.1 200 .*' "$(http GET / | head -n 1)"
like "another page" 'HTTP/1.1 404 .*' "$(http GET /other | head -n 1)"
like "another method" 'HTTP/1.1 405 .*' "$(http DELETE /metrics | head -n 1)"
same "HEAD has no body" "" "$(http HEAD /metrics | tr -d '\r' | sed '1,/^$/d')"
refuses 1 "cannot listen on 127.0.0.1:$port: Address already in use" "$MMSYNC" exporter --listen "127.0.0.1:$port" "$home"
kill -TERM "$exporter"
wait "$exporter"
same "ends by the signal" 143 $?
same "without a word" "" "$(<"$scratch/log")"
finish

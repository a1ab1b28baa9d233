# SPDX-License-Identifier: Apache-2.0
# NATS servers for the tests of the relay, on loopback, with JetStream, each in a directory of its own. Source it instead of
# tests/cli/support.bash, which it sources; its clean_up ends the servers as well. A server has a NAME that the test chooses,
# and keeps its ports and its directory when it is started again.
. "$(dirname "${BASH_SOURCE[0]}")/../cli/support.bash"

declare -A nats_pid nats_port nats_monitor nats_route nats_arguments
nats_names=()   # in the order of their first start
nats_url=       # of the server, or of all servers of the cluster, with commas

command -v nats-server >/dev/null || skip "nats-server is not installed (Debian: nats-server)"

# Below the ports that the kernel gives to clients: none of those can take it while the server is down.
nats_random_port() {
    echo $((20000 + RANDOM % 12000))
}

nats_is_alive() {
    kill -0 "${nats_pid[$1]}" 2>/dev/null
}

# nats_ask NAME PATH: what the server's monitor answers.
nats_ask() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/${nats_monitor[$1]}" || exit 1
        printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
        cat <&3
    ) 2>/dev/null
}

# The file appears when this process, not another one, listens on these ports. The answer is "ok" when JetStream has read its
# directory and, in a cluster, knows a leader.
nats_is_ready() {
    [[ -e $scratch/nats/$1/nats-server_${nats_pid[$1]}.ports ]] && [[ $(nats_ask "$1" /healthz) == *'"ok"'* ]]
}

# nats_launch NAME: on the ports that it has; does not wait.
nats_launch() {
    local directory=$scratch/nats/$1
    mkdir -p "$directory"
    # shellcheck disable=SC2086 # words
    nats-server --addr 127.0.0.1 --port "${nats_port[$1]}" --http_port "${nats_monitor[$1]}" --name "$1" --jetstream \
        --store_dir "$directory" --ports_file_dir "$directory" --log "$directory/log" ${nats_arguments[$1]} \
        >/dev/null 2>&1 </dev/null &
    nats_pid[$1]=$!
}

# nats_await NAME: until it is ready; false if it ended.
nats_await() {
    until nats_is_ready "$1"; do
        nats_is_alive "$1" || return 1
        sleep 0.01
    done
}

nats_choose_ports() {
    nats_port[$1]=$(nats_random_port)
    nats_monitor[$1]=$(nats_random_port)
    nats_route[$1]=$(nats_random_port)
}

nats_complain() {
    complain "the NATS server $1 does not start"
    tail -n 5 "$scratch/nats/$1/log"
    finish
}

# nats_start NAME [ARGUMENT...]: a server by itself, for the first time, or again after nats_stop or nats_kill, then with the
# arguments of the first time. Returns when JetStream is ready.
nats_start() {
    local name=$1 try
    shift
    if [[ -n ${nats_port[$name]-} ]]; then
        nats_launch "$name"
        nats_await "$name" || nats_complain "$name"
        return
    fi
    nats_names+=("$name")
    nats_arguments[$name]=$*
    for ((try = 0; try < 20; try++)); do # a port may be somebody else's
        nats_choose_ports "$name"
        nats_launch "$name"
        if nats_await "$name"; then
            nats_url=nats://127.0.0.1:${nats_port[$name]}
            return
        fi
    done
    nats_complain "$name"
}

# nats_cluster NAME NAME NAME: servers that know each other. Returns when they have a leader.
nats_cluster() {
    local name try routes
    nats_names+=("$@")
    for ((try = 0; try < 20; try++)); do
        routes=
        for name; do
            nats_choose_ports "$name"
            routes+=,nats://127.0.0.1:${nats_route[$name]}
        done
        for name; do
            nats_arguments[$name]="--cluster_name test --cluster nats://127.0.0.1:${nats_route[$name]} --routes ${routes#,}"
            nats_launch "$name"
        done
        if nats_await_all "$@"; then
            nats_url=
            for name; do
                nats_url+=,nats://127.0.0.1:${nats_port[$name]}
            done
            nats_url=${nats_url#,}
            return
        fi
        for name; do
            nats_kill "$name"
            rm -rf "$scratch/nats/$name"
        done
    done
    nats_complain "$1"
}

nats_await_all() {
    local name
    for name; do
        nats_await "$name" || return 1
    done
}

# nats_stop NAME, nats_kill NAME: end it, in order or at once. Its directory stays.
nats_stop() {
    kill -TERM "${nats_pid[$1]}"
    wait "${nats_pid[$1]}" 2>/dev/null
}

nats_kill() {
    kill -KILL "${nats_pid[$1]}" 2>/dev/null
    wait "${nats_pid[$1]}" 2>/dev/null
}

# nats_publish NAME SUBJECT TEXT: a message to a stream of that server, as any program may send one. Returns when it is stored.
nats_publish() {
    local answer
    exec 3<>"/dev/tcp/127.0.0.1/${nats_port[$1]}"
    printf 'CONNECT {"verbose":false}\r\nSUB stored 1\r\nPUB %s stored %d\r\n%s\r\n' "$2" ${#3} "$3" >&3
    until [[ ${answer-} == MSG* ]]; do
        read -r answer <&3 || complain "$1 does not store a message of $2"
    done
    exec 3>&-
}

# nats_leader STREAM: the name of the server that leads the stream, as the servers that are alive see it; nothing if there is
# none.
nats_leader() {
    local name json
    for name in "${nats_names[@]}"; do
        nats_is_alive "$name" || continue
        json=$(nats_ask "$name" "/jsz?streams=true" | tr -d ' \n')
        if [[ $json =~ \"name\":\"$1\",\"created\":\"[^\"]*\",\"cluster\":\{\"name\":\"test\",\"leader\":\"([^\"]+)\" ]]; then
            echo "${BASH_REMATCH[1]}"
            return
        fi
    done
}

# stream_state STREAM KEY: a number of its state, as the first server counts; of the streams of $name.
stream_state() {
    nats_ask "${nats_names[0]}" "/jsz?streams=true" | tr -d ' \n' |
        grep -oE "\"name\":\"mmsync-$name-$1\",\"created\":\"[^\"]*\"(,\"cluster\":\{[^}]*\})?,\"state\":\{[^}]*\}" |
        grep -oE "\"$2\":[0-9]+" | head -n 1 | grep -oE '[0-9]+'
}

# Write $scratch/hub.conf and $scratch/leaf.conf: a hub with the domain `hub`, and a leaf node of it with `here`.
nats_write_leaf_configs() {
    local leaf_port

    leaf_port=$(nats_random_port)
    cat >"$scratch/hub.conf" <<CONF
leafnodes { listen: "127.0.0.1:$leaf_port" }
jetstream { domain: hub }
CONF
    cat >"$scratch/leaf.conf" <<CONF
leafnodes { remotes: [ { url: "nats-leaf://127.0.0.1:$leaf_port" } ] }
jetstream { domain: here }
CONF
}

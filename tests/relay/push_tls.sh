# SPDX-License-Identifier: Apache-2.0
# `mmsync push` over TLS: with the right authority, with a client's certificate where the server wants
# one, and one line about what is missing.
# ctest: released
. "$(dirname "$0")/push.bash"
command -v openssl >/dev/null || skip "openssl is not installed (Debian: openssl)"
printf 'value' | "$MMSYNC" write "$region" >/dev/null

# certificate NAME ARGUMENT...: NAME.pem and NAME.key, signed by `ca` or, with -x509, by itself
certificate() {
    local name=$1
    shift
    openssl req -newkey rsa:2048 -nodes -keyout "$scratch/$name.key" -subj "/CN=$name" "$@" \
        -out "$scratch/$name.pem" >>"$scratch/openssl.log" 2>&1
}
signed=(-x509 -CA "$scratch/ca.pem" -CAkey "$scratch/ca.key" -addext "subjectAltName=IP:127.0.0.1"
    -addext "basicConstraints=CA:FALSE")
if ! { certificate ca -x509 && certificate other -x509 && certificate server "${signed[@]}" &&
    certificate client "${signed[@]}"; }; then
    skip "openssl cannot make certificates here: $(tail -n 1 "$scratch/openssl.log")"
fi

nats_start one --tls --tlscert "$scratch/server.pem" --tlskey "$scratch/server.key" --tlsverify --tlscacert \
    "$scratch/ca.pem"
push=("$MMSYNC" push "$region" "$nats_url" --name "$name" --once)
mine=(--tlscert "$scratch/client.pem" --tlskey "$scratch/client.key")
refuses 1 "by TLS: .*certificate.*; see --tlscacert" "${push[@]}"
refuses 1 "by TLS: .*certificate.*; see --tlscacert" "${push[@]}" --tlsca "$scratch/other.pem" "${mine[@]}"
refuses 1 "cannot connect to nats://.*: .+" "${push[@]}" --tlscacert "$scratch/ca.pem"
run "${push[@]}" --tlsca "$scratch/ca.pem" "${mine[@]}"
same "with certificates" "0" "$status$err"
export NATS_CA=$scratch/ca.pem NATS_CERT=$scratch/client.pem NATS_KEY=$scratch/client.key
run "${push[@]}"
same "with certificates in the environment" "0" "$status$err"
nats_stop one

nats_start plain
refuses 1 "has no TLS, which --tlscacert" "$MMSYNC" push "$region" "$nats_url" --name "$name" --once
finish

# SPDX-License-Identifier: Apache-2.0
"""credentials.py DIRECTORY: throw-away credentials for tests, made with openssl, in the forms of NATS: keys of Ed25519 in base32
with a prefix and a CRC (NKEY), and JWTs of version 2 that they sign.

  nkey.seed, nkey.pub          a user's seed with its public key, as --nkey wants it; the public key alone
  other.seed                   another user's
  user.creds, other.creds      a user of the operator's account, and one of an account that nobody knows
  operator.conf                for a server: the operator, its accounts, and how to find them
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import time

PREFIXES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3


def crc16(data):
    """XMODEM."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def encode(raw):
    return base64.b32encode(raw + crc16(raw).to_bytes(2, "little")).decode().rstrip("=")


def openssl(*words, stdin=b""):
    return subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=True).stdout


class Key:
    def __init__(self, kind):
        prefix = PREFIXES[kind]
        self.pem = openssl("genpkey", "-algorithm", "ed25519")
        secret = openssl("pkey", "-outform", "DER", stdin=self.pem)[-32:]
        public = openssl("pkey", "-pubout", "-outform", "DER", stdin=self.pem)[-32:]
        self.public = encode(bytes([prefix]) + public)
        self.seed = encode(bytes([SEED | prefix >> 5, (prefix & 31) << 3]) + secret)

    def sign(self, text):
        with tempfile.NamedTemporaryFile() as pem, tempfile.NamedTemporaryFile() as data:
            for file, content in ((pem, self.pem), (data, text.encode())):
                file.write(content)
                file.flush()
            return openssl("pkeyutl", "-sign", "-inkey", pem.name, "-rawin", "-in", data.name)


def base64_url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(issuer, subject, kind, claims):
    """A JWT: what the issuer says of the subject."""
    body = {"jti": subject.public, "iat": int(time.time()), "iss": issuer.public, "name": kind, "sub": subject.public,
            "nats": {"type": kind, "version": 2, **claims}}
    text = ".".join(base64_url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, body))
    return f"{text}.{base64_url(issuer.sign(text))}"


def account_claims(*jetstream):
    unlimited = ("subs", "data", "payload", "imports", "exports", "conn", "leaf", *jetstream)
    return {"limits": {"wildcards": True, **{name: -1 for name in unlimited}}, "default_permissions": {"pub": {}, "sub": {}}}


def write_creds(path, account):
    user = Key("user")
    jwt = token(account, user, "user", {"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1})
    write(path, f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
                f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def write_operator(path):
    """Returns the account of those who may come in."""
    operator, system, account = Key("operator"), Key("account"), Key("account")
    claims = ((system, account_claims()),
              (account, account_claims("mem_storage", "disk_storage", "streams", "consumer")))
    accounts = "".join(f"  {each.public}: {token(operator, each, 'account', claim)}\n" for each, claim in claims)
    write(path, f"operator: {token(operator, operator, 'operator', {})}\nsystem_account: {system.public}\n"
                f"resolver: MEMORY\nresolver_preload: {{\n{accounts}}}\n")
    return account


def main():
    os.chdir(sys.argv[1])
    for name in ("nkey", "other"):
        user = Key("user")
        write(f"{name}.seed", f"{user.seed}\n{user.public}\n")
        write(f"{name}.pub", f"{user.public}\n")
    write_creds("user.creds", write_operator("operator.conf"))
    write_creds("other.creds", Key("account"))


if __name__ == "__main__":
    main()

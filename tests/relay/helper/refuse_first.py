# SPDX-License-Identifier: Apache-2.0
"""refuse_first.py COUNT PORT: stands before the NATS server at PORT, refuses the credentials of its first COUNT clients as that
server does, and passes the others through. Prints its own port, then a line for each client: "refused" or "passed"."""
import json
import socket
import sys
import threading


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has ended


def refuse(client):
    info = {"server_id": "N", "version": "2.9.10", "proto": 1, "headers": True, "auth_required": True, "max_payload": 1 << 20,
            "nonce": "pSYD07FlEFuWgW8"}
    client.sendall(f"INFO {json.dumps(info)} \r\n".encode())
    said = b""
    while not said.endswith(b"PING\r\n"):
        said += client.recv(65536) or b"PING\r\n"
    client.sendall(b"-ERR 'Authorization Violation'\r\n")
    client.close()


def main():
    count, port = map(int, sys.argv[1:])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            if count > 0:
                count -= 1
                refuse(client)
                print("refused", flush=True)
                continue
            print("passed", flush=True)
            server = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()


if __name__ == "__main__":
    main()

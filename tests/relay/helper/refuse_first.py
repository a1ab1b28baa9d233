# SPDX-License-Identifier: Apache-2.0
"""refuse_first.py COUNT PORT: stands before the NATS server at PORT, refuses the credentials of its first COUNT clients as that
server does, and passes the others through. "cut COUNT BYTES" on standard input cuts those off, once so many bytes more have passed,
and refuses the next COUNT. Prints its own port, then a line for each client: "refused" or "passed"."""
import json
import socket
import sys
import threading


class Door:
    def __init__(self, count, port):
        self.count, self.port, self.lock, self.open = count, port, threading.Lock(), []
        self.order = None  # how many to refuse, and after how many bytes

    def take_orders(self):
        for line in sys.stdin:
            with self.lock:
                self.order = tuple(map(int, line.split()[1:]))
            self.let_pass(0)

    def let_pass(self, size):
        with self.lock:
            if not self.order:
                return
            count, left = self.order
            self.order = count, left - size
            if left - size > 0:
                return
            self.count, self.order = count, None
            while self.open:
                shut(self.open.pop())

    def serve(self, client):
        with self.lock:
            refused = self.count > 0
            self.count -= refused
            if not refused:
                server = socket.create_connection(("127.0.0.1", self.port))
                self.open += [client, server]
        if refused:
            refuse(client)
        else:
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()
        print("refused" if refused else "passed", flush=True)

    def pump(self, source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
                self.let_pass(len(data))
        except OSError:
            pass  # cut off
        shut(target)


def shut(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
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
    door = Door(*map(int, sys.argv[1:]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=door.take_orders, daemon=True).start()
        while True:
            door.serve(listener.accept()[0])


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""slow_network.py RATE PORT: stands before the NATS server at PORT and passes on RATE bytes a second of what clients send. Prints
its own port, then a line for each client."""
import socket
import sys
import threading
import time


def pump(source, target, rate):
    try:
        while data := source.recv(16384):
            if rate:
                time.sleep(len(data) / rate)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has ended


def main():
    rate, port = map(int, sys.argv[1:])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            print("client", flush=True)
            server = socket.create_connection(("127.0.0.1", port))
            for each in ((client, server, rate), (server, client, 0)):
                threading.Thread(target=pump, args=each, daemon=True).start()


if __name__ == "__main__":
    main()

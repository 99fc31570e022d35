"""gevent's StreamServer as an echo server; its work gives the port."""
import sys

import gevent
import rounds
from gevent.server import StreamServer


def echo(socket, address):
    while True:
        data = socket.recv(65536)
        if not data:
            return
        socket.sendall(data)


server = StreamServer(("127.0.0.1", 0), echo)


def work():
    server.start()
    return server.server_port


rounds.serve(work, lambda: gevent.get_hub().threadpool.apply(sys.stdin.readline))

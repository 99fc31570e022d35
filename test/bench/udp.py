"""gevent's DatagramServer as an echo server; its work gives the port."""
import sys

import gevent
import rounds
from gevent.server import DatagramServer


class EchoServer(DatagramServer):
    def handle(self, data, address):
        self.sendto(data, address)


server = EchoServer(("127.0.0.1", 0))


def work():
    server.start()
    return server.server_port


rounds.serve(work, lambda: gevent.get_hub().threadpool.apply(sys.stdin.readline))

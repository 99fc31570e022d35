"""gevent's resolver over c-ares: 10,000 names, 100 in flight. Arguments: the name server's address and its port."""
import sys

import gevent
from gevent.resolver.ares import Resolver

import rounds

NAMES = 10000
IN_FLIGHT = 100

host, port = sys.argv[1:]
asked = 0


def work():
    resolver = Resolver(servers=[host], udp_port=int(port), tcp_port=int(port))
    left = NAMES

    def resolve():
        global asked
        nonlocal left
        while left > 0:
            left -= 1
            asked += 1
            resolver.gethostbyname("n%d.test" % asked)

    gevent.joinall([gevent.spawn(resolve) for _ in range(IN_FLIGHT)], raise_error=True)
    resolver.close()
    return NAMES


rounds.serve(work)

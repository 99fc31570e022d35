"""gevent's ping-pong of two greenlets over two queues of size 1."""
import gevent
import rounds
from gevent.queue import Queue

TRIPS = 5000


def ping(there, back):
    for i in range(TRIPS):
        there.put(i)
        back.get()


def pong(there, back):
    for _ in range(TRIPS):
        back.put(there.get())


def work():
    there = Queue(1)
    back = Queue(1)
    gevent.joinall([gevent.spawn(ping, there, back), gevent.spawn(pong, there, back)])
    return 2 * TRIPS


rounds.serve(work)

"""gevent's Queue, put and got without waiting."""
import rounds
from gevent.queue import Queue

ITEMS = 10_000


def work():
    queue = Queue()
    for i in range(ITEMS):
        queue.put(i)
        queue.get()
    return ITEMS


rounds.serve(work)

"""gevent's Event that many greenlets wait for."""
import gevent
import rounds
from gevent.event import Event

WAITERS = 10_000


def waiter(event):
    event.wait()


def work():
    event = Event()
    greenlets = [gevent.spawn(waiter, event) for _ in range(WAITERS)]
    gevent.sleep(0)
    event.set()
    gevent.joinall(greenlets)
    return WAITERS


rounds.serve(work)

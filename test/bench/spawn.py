"""gevent's spawn and joinall."""
import gevent
import rounds

GREENLETS = 10_000


def nothing():
    pass


def work():
    gevent.joinall([gevent.spawn(nothing) for _ in range(GREENLETS)])
    return GREENLETS


rounds.serve(work)

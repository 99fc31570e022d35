"""Calls of a trivial function in a thread of gevent's ThreadPool, one after the other."""
import rounds
from gevent.threadpool import ThreadPool

TIMES = 500
pool = ThreadPool(1)


def double(number):
    return 2 * number


def work():
    for i in range(TIMES):
        pool.apply(double, (i,))
    return TIMES


rounds.serve(work)

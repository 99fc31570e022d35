"""gevent's Pool.map."""
import rounds
from gevent.pool import Pool

SIZE = 10
ITEMS = range(10_000)


def double(number):
    return 2 * number


def work():
    return len(Pool(SIZE).map(double, ITEMS))


rounds.serve(work)

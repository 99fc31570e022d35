"""gevent's Pool.imap_unordered."""
import rounds
from gevent.pool import Pool

SIZE = 10
ITEMS = range(10_000)


def double(number):
    return 2 * number


def work():
    count = 0
    for _ in Pool(SIZE).imap_unordered(double, ITEMS):
        count += 1
    return count


rounds.serve(work)

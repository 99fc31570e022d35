"""gevent's Semaphore, acquired and released without waiting."""
import rounds
from gevent.lock import Semaphore

TIMES = 10_000


def work():
    semaphore = Semaphore(1)
    for _ in range(TIMES):
        semaphore.acquire()
        semaphore.release()
    return TIMES


rounds.serve(work)

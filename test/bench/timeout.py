"""gevent's Timeout, started and cancelled."""
import gevent
import rounds

TIMEOUTS = 10_000
SECONDS = 5


def work():
    for _ in range(TIMEOUTS):
        gevent.Timeout.start_new(SECONDS).cancel()
    return TIMEOUTS


rounds.serve(work)

"""gevent's Popen and wait of `true`."""
import rounds
from gevent.subprocess import Popen

PROCESSES = 20


def work():
    for _ in range(PROCESSES):
        Popen(["true"]).wait()
    return PROCESSES


rounds.serve(work)

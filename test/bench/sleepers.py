"""gevent's greenlets that sleep: sleepers.py COUNT."""
import sys

import gevent
import rounds

COUNT = int(sys.argv[1])


def sleeper():
    gevent.sleep(3600)


def work():
    for _ in range(COUNT):
        gevent.spawn(sleeper)
    gevent.sleep(0.1)
    return COUNT


rounds.serve(work)

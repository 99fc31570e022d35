"""gevent's sleep(0): sleep.py GREENLETS DEPTH, where DEPTH is how many calls deep each of them sleeps."""
import sys

import gevent
import rounds

GREENLETS = int(sys.argv[1])
DEPTH = int(sys.argv[2])
SLEEPS = 1000


def sleeper(depth):
    if depth > 1:
        sleeper(depth - 1)
        return
    for _ in range(SLEEPS):
        gevent.sleep(0)


def work():
    gevent.joinall([gevent.spawn(sleeper, DEPTH) for _ in range(GREENLETS)])
    return GREENLETS * SLEEPS


rounds.serve(work)

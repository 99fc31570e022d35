"""gevent's communicate with `cat`."""
import rounds
from gevent.subprocess import PIPE, Popen

INPUT = bytes(64_000_000)


def work():
    output, _ = Popen(["cat"], stdin=PIPE, stdout=PIPE).communicate(INPUT)
    assert len(output) == len(INPUT)
    return len(output) / 1e6


rounds.serve(work)

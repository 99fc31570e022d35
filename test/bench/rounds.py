"""A Python side of a pair: reads a word a line from standard input and answers each with a line of JSON, as worker.ts."""
import gc
import json
import os
import sys
import time

ROUND_SECONDS = 0.25


def serve(work, readline=sys.stdin.readline):
    for word in iter(readline, ""):
        word = word.strip()
        answer = _round(work) if word == "round" else {"value": work()} if word == "once" else _usage()
        print(json.dumps(answer), flush=True)


def _round(work):
    start = time.process_time()
    count = 0
    cpu = 0.0
    while cpu < ROUND_SECONDS:
        count += work()
        cpu = time.process_time() - start
    return {"count": count, "cpu": cpu}


def _usage():
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return {"cpu": time.process_time(), "rss": pages * os.sysconf("SC_PAGE_SIZE")}

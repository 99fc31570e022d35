"""A Python side of a pair: reads a word a line from standard input and answers each with a line of JSON, as worker.ts."""
import gc
import json
import os
import sys
import time

ROUND_SECONDS = 0.25


def serve(work, readline=sys.stdin.readline):
    values = {"once": work, "cpu": time.process_time, "memory": _memory}
    for word in iter(readline, ""):
        word = word.strip()
        answer = _round(work) if word == "round" else {"value": values[word]()}
        print(json.dumps(answer), flush=True)


def _round(work):
    start = time.process_time()
    count = 0
    cpu = 0.0
    while cpu < ROUND_SECONDS:
        count += work()
        cpu = time.process_time() - start
    return {"count": count, "cpu": cpu}


def _memory():
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

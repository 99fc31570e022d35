/* yield THREADS DEPTH COUNT: each thread yields COUNT times, DEPTH calls deep. */
#include <gevent.h>
#include <stdlib.h>

static int depth, count;
static volatile int frames;

__attribute__((noinline)) static void
deep(int level)
{
  if (level > 1) {
    deep(level - 1);
    frames++; /* work after the call, so that it is none in tail position */
    return;
  }
  for (int i = 0; i < count; i++)
    gevent_yield();
}

static void
yielder(void *unused)
{
  (void)unused;
  deep(depth);
}

int
main(int argc, char **argv)
{
  int number = argc > 1 ? atoi(argv[1]) : 2;
  gevent_thread **threads = calloc(number, sizeof *threads);

  depth = argc > 2 ? atoi(argv[2]) : 1;
  count = argc > 3 ? atoi(argv[3]) : 1000;
  if (!threads)
    return 1;
  for (int i = 0; i < number; i++)
    if (!(threads[i] = gevent_spawn(yielder, 0)))
      return 1;
  return gevent_joinall(threads, number, -1);
}

/* sleepers COUNT STACK: threads with so many bytes of stack that all sleep. Writes "ready" once they do. */
#include <gevent.h>
#include <stdlib.h>
#include <unistd.h>

static void
sleeper(void *unused)
{
  (void)unused;
  gevent_sleep(3600);
}

int
main(int argc, char **argv)
{
  int count = argc > 1 ? atoi(argv[1]) : 1000;

  if (gevent_set_stack_size(argc > 2 ? atoi(argv[2]) : 16384))
    return 1;
  for (int i = 0; i < count; i++) {
    gevent_thread *thread = gevent_spawn(sleeper, 0);

    if (!thread)
      return 1;
    gevent_detach(thread);
  }
  gevent_yield(); /* they stand before us in the run queue, and run until they sleep */
  write(1, "ready\n", 6);
  return gevent_sleep(3600);
}

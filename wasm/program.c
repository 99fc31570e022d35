/* A linked program: main() as the first green thread, and how it ended. */
#include "host.h"
#include "thread.h"

#include <stdio.h>

extern int main(int argc, char **argv);

static struct {
  int argc;
  char **argv;
  int status;
} program = {.status = -1};

static void
program_main(void *unused)
{
  (void)unused;
  program.status = main(program.argc, program.argv) & 0xff;
  fflush(0);
}

/* The strings and the array stay in use until the program ends. Returns the id of main's thread; 0: no memory. */
EXPORT(program_start) unsigned
program_start(int argc, char **argv)
{
  gevent_thread *thread;

  program.argc = argc;
  program.argv = argv;
  thread = gevent_spawn(program_main, 0);
  if (!thread)
    return 0;
  gevent_detach(thread);
  return thread->id;
}

/* The exit status; -1 while main() runs. */
EXPORT(program_status) int program_status(void) { return program.status; }
EXPORT(program_threads) unsigned program_threads(void) { return gevent_count(); }

EXPORT(allocate) void *program_allocate(size_t size) { extern void *malloc(size_t); return malloc(size); }

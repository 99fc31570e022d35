/* spawn, join, kill, detach and stacks, as gevent.h says. */
#include "check.h"
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int counter;
static void nothing(void *argument) { (void)argument; }
static void count(void *argument) { (void)argument; counter++; }
static void sleeper(void *argument) { *(int *)argument = gevent_sleep(10) == -1 ? errno : 0; }
static void nap(void *argument) { gevent_sleep(*(double *)argument); }

static double
now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void
check_spawn(void)
{
  gevent_thread *thread = gevent_spawn(count, 0);
  CHECK(counter == 0); /* never at once */
  CHECK(gevent_count() == 2);
  gevent_yield();
  CHECK(counter == 1);
  CHECK(gevent_join(thread, -1) == GEVENT_RETURNED);
  errno = 0;
  CHECK(gevent_spawn(0, 0) == 0);
  CHECK(errno == EINVAL);
}

static void join_self(void *argument) { (void)argument; FAILS(gevent_join(gevent_current(), -1), EDEADLK); }
static void
join_other(void *argument)
{
  FAILS(gevent_join(argument, 0.005), ETIMEDOUT);
}
static int joined_errno;
static void join_for_ever(void *argument) { joined_errno = gevent_join(argument, -1) == -1 ? errno : 0; }

static void
check_join(void)
{
  double seconds = 0.3;
  gevent_thread *thread = gevent_spawn(nap, &seconds), *joiner;

  FAILS(gevent_join(thread, 0), ETIMEDOUT);
  FAILS(gevent_join(thread, 0.001), ETIMEDOUT);
  joiner = gevent_spawn(join_other, thread);
  gevent_yield();
  FAILS(gevent_join(thread, -1), EBUSY);
  FAILS(gevent_detach(thread), EBUSY);
  CHECK(gevent_join(joiner, -1) == GEVENT_RETURNED);
  joiner = gevent_spawn(join_for_ever, thread);
  gevent_yield();
  CHECK(gevent_kill(joiner) == 0);
  CHECK(gevent_join(joiner, -1) == GEVENT_KILLED);
  CHECK(joined_errno == ECANCELED);
  CHECK(gevent_join(thread, -1) == GEVENT_RETURNED);
  FAILS(gevent_join(thread, -1), ESRCH);
  FAILS(gevent_kill(thread), ESRCH);
  FAILS(gevent_detach(thread), ESRCH);
  FAILS(gevent_join(0, -1), ESRCH);
  FAILS(gevent_kill(0), ESRCH);
  FAILS(gevent_detach(0), ESRCH);
  CHECK(gevent_join(gevent_spawn(join_self, 0), -1) == GEVENT_RETURNED);
  thread = gevent_spawn(nothing, 0);
  gevent_yield();
  CHECK(gevent_join(thread, 0) == GEVENT_RETURNED); /* finished: no wait is needed */
}

static void
check_joinall(void)
{
  double times[] = {0.005, 0.05, 0.01, 0.06};
  gevent_thread *threads[4], *finished;
  double start = now();

  for (int i = 0; i < 4; i++)
    threads[i] = gevent_spawn(nap, &times[i]);
  CHECK(gevent_joinall(threads, 4, 0.03) == 2);
  CHECK(now() - start >= 0.029);
  CHECK(gevent_join(threads[1], -1) == GEVENT_RETURNED);
  CHECK(gevent_join(threads[3], -1) == GEVENT_RETURNED);
  FAILS(gevent_joinall(threads, 1, -1), ESRCH);
  CHECK(gevent_joinall(threads, 0, -1) == 0);
  finished = gevent_spawn(nothing, 0);
  gevent_yield();
  CHECK(gevent_joinall(&finished, 1, 0) == 0);
}

static void
check_detach(void)
{
  double seconds = 0.005;
  gevent_thread *early = gevent_spawn(nap, &seconds), *late = gevent_spawn(count, 0), *block;

  CHECK(gevent_detach(early) == 0);
  FAILS(gevent_join(early, -1), ESRCH);
  FAILS(gevent_detach(early), ESRCH);
  CHECK(gevent_kill(early) == 0); /* it runs, and may be killed */
  gevent_yield();
  CHECK(counter == 1);
  CHECK(gevent_detach(late) == 0); /* finished before */
  gevent_sleep(0.01);
  CHECK(gevent_count() == 1);
  block = gevent_spawn(nothing, 0);
  CHECK(block == early || block == late); /* blocks are used again */
  gevent_join(block, -1);
}

static void
check_kill_before(void)
{
  int error = -1;
  gevent_thread *thread = gevent_spawn(count, 0), *twice = gevent_spawn(sleeper, &error);

  CHECK(gevent_kill(thread) == 0);
  CHECK(gevent_kill(twice) == 0 && gevent_kill(twice) == 0);
  CHECK(gevent_join(thread, -1) == GEVENT_KILLED);
  CHECK(gevent_join(twice, -1) == GEVENT_KILLED);
  CHECK(counter == 0 && error == -1);
}

static gevent_channel *channel;
static void sends(void *argument) { *(int *)argument = gevent_channel_send(channel, argument) == -1 ? errno : 0; }
static void
receives(void *argument)
{
  void *value;
  *(int *)argument = gevent_channel_receive(channel, &value) == -1 ? errno : 0;
}
static void
listens(void *argument)
{
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd > 2);
  CHECK(listen(fd, 1) == 0);
  *(int *)argument = accept(fd, 0, 0) == -1 ? errno : 0;
  CHECK(close(fd) == 0);
  FAILS(close(fd), EBADF);
}
static void
refuses(void *argument)
{
  *(int *)argument = gevent_sleep(10) == -1 ? errno : 0;
  /* every later wait fails too, and lets others run */
  for (int i = 0; i < 3; i++) {
    FAILS(gevent_sleep(10), ECANCELED);
    FAILS(gevent_sleep(0), ECANCELED);
    FAILS(gevent_join(0, -1), ESRCH);
  }
}
static void spinner(void *argument) { for (;;) if (*(int *)argument) return; else gevent_yield(); }

static void
check_kill_waiting(void)
{
  static void (*const functions[])(void *) = {sleeper, sends, receives, listens, refuses};
  enum { COUNT = sizeof functions / sizeof *functions };
  int errors[COUNT], stop = 0;
  gevent_thread *threads[COUNT], *other = gevent_spawn(spinner, &stop);

  for (int i = 0; i < COUNT; i++) {
    errors[i] = -1;
    channel = gevent_channel_new(0); /* of its own */
    threads[i] = gevent_spawn(functions[i], &errors[i]);
    gevent_yield();
  }
  gevent_sleep(0.002);
  for (int i = 0; i < COUNT; i++)
    CHECK(gevent_kill(threads[i]) == 0);
  for (int i = 0; i < COUNT; i++) {
    CHECK(gevent_join(threads[i], 5) == GEVENT_KILLED);
    CHECK(errors[i] == ECANCELED);
  }
  stop = 1;
  CHECK(gevent_join(other, -1) == GEVENT_RETURNED);
}

static void
check_kill_self(void)
{
  FAILS(gevent_join(gevent_current(), -1), ESRCH); /* main() is detached */
  CHECK(gevent_kill(gevent_current()) == 0);
  FAILS(gevent_sleep(1), ECANCELED);
}

static void
check_sleep(void)
{
  double start = now();
  CHECK(gevent_sleep(0.02) == 0);
  CHECK(now() - start >= 0.0199);
  CHECK(gevent_sleep(-1) == 0 && gevent_sleep(0) == 0 && gevent_sleep(0.0 / 0.0) == 0);
  start = now();
  CHECK(usleep(5000) == 0);
  CHECK(now() - start >= 0.0049);
  CHECK(nanosleep(&(struct timespec){0, 1000000}, 0) == 0);
  FAILS(nanosleep(&(struct timespec){0, 1000000000}, 0), EINVAL);
  /* from the call on, not from the start of the turn */
  start = now();
  while (now() - start < 0.03)
    ;
  start = now();
  CHECK(gevent_sleep(0.02) == 0);
  CHECK(now() - start >= 0.0199);
}

static int order[10], ordered;
static void in_order(void *argument) { gevent_sleep(0.01); order[ordered++] = (int)(intptr_t)argument; }
static void
check_order(void)
{
  gevent_thread *threads[10];
  for (int i = 0; i < 10; i++)
    threads[i] = gevent_spawn(in_order, (void *)(intptr_t)i);
  CHECK(gevent_joinall(threads, 10, -1) == 0);
  for (int i = 0; i < 10; i++)
    CHECK(order[i] == i);
}

static void
uses_stack(void *argument)
{
  size_t bytes = *(size_t *)argument;
  volatile char *local = __builtin_alloca(bytes);
  for (size_t i = 0; i < bytes; i += 64)
    local[i] = 1;
  gevent_yield();
  local[0] = 2;
}

static void
check_stacks(void)
{
  size_t half = 8192, whole = 20000, most = 60000;
  gevent_thread *a, *b, *c;
  size_t memory;

  FAILS(gevent_set_stack_size(4095), EINVAL);
  FAILS(gevent_set_stack_size(0), EINVAL);
  FAILS(gevent_set_stack_size(16777217), EINVAL);
  CHECK(gevent_set_stack_size(4096) == 0);
  CHECK(gevent_set_stack_size(16777216) == 0);
  CHECK(gevent_set_stack_size(16384) == 0);
  a = gevent_spawn(uses_stack, &half);
  b = gevent_spawn(uses_stack, &whole);
  CHECK(gevent_set_stack_size(65536) == 0);
  c = gevent_spawn(uses_stack, &most);
  CHECK(gevent_join(a, -1) == GEVENT_RETURNED);
  CHECK(gevent_join(b, -1) == GEVENT_CRASHED);
  CHECK(gevent_join(c, -1) == GEVENT_RETURNED);
  /* stacks and blocks come from the pool: no memory is needed for more of the same */
  for (int i = 0; i < 10; i++)
    gevent_join(gevent_spawn(nothing, 0), -1);
  memory = __builtin_wasm_memory_size(0);
  for (int i = 0; i < 20000; i++)
    gevent_join(gevent_spawn(nothing, 0), -1);
  CHECK(__builtin_wasm_memory_size(0) == memory);
}

static int awake;
static void asleep(void *argument) { (void)argument; awake -= gevent_sleep(0.5) == 0 ? -1 : 0; }
static void
check_fifty_thousand(void)
{
  enum { COUNT = 50000 };
  gevent_thread **threads = malloc(COUNT * sizeof *threads);

  CHECK(gevent_set_stack_size(16384) == 0);
  for (int i = 0; i < COUNT; i++)
    if (!(threads[i] = gevent_spawn(asleep, 0))) {
      CHECK(!"no memory");
      return;
    }
  gevent_yield();
  CHECK(gevent_count() == COUNT + 1);
  CHECK(gevent_joinall(threads, COUNT, -1) == 0);
  CHECK(awake == COUNT);
  CHECK(gevent_count() == 1);
}

static const struct check checks[] = {
    {"spawn", check_spawn},           {"join", check_join},
    {"joinall", check_joinall},       {"detach", check_detach},
    {"kill_before", check_kill_before}, {"kill_waiting", check_kill_waiting},
    {"kill_self", check_kill_self},   {"sleep", check_sleep},
    {"order", check_order},           {"stacks", check_stacks},
    {"fifty_thousand", check_fifty_thousand},
};
MAIN(checks)

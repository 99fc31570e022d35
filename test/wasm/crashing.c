/* A thread that crashes, in any way, ends alone. */
#include "check.h"

#include <unistd.h>

static void unreachable(void) { __builtin_trap(); }

static volatile int zero, seven = 7, low = INT32_MIN, minus = -1;
static void division(void) { zero = seven / zero; }
static void overflowing_division(void) { zero = low / minus; }

static void out_of_bounds(void) { *(volatile char *)0xfffffff0u = 1; }

static void
bad_call(void)
{
  void (*volatile function)(void) = (void (*)(void))(uintptr_t)0x7fffff;
  function();
}

static int takes_two(int a, int b) { return a + b; }
static void
wrong_signature(void)
{
  int (*volatile two)(int, int) = takes_two;
  ((void (*)(double))two)(1.0);
}

/* stdout is a function of the embedder, and it throws */
static void
exception(void)
{
  write(1, "throw", 5);
}

__attribute__((noinline)) static int
wide(int n)
{
  volatile char frame[512];
  frame[n & 511] = (char)n;
  return n < 0 ? 0 : wide(n + 1) + frame[n & 511];
}
static void locals(void) { zero = wide(0); }

static void large_local(void) { volatile char frame[1 << 20]; frame[0] = 1; zero = frame[zero]; }

/* no C local: nothing of it is on the C stack, only its saved frames are */
static volatile int bottom;
__attribute__((noinline)) static int
thin(int n)
{
  if (n == 0) {
    gevent_yield();
    return 0;
  }
  return thin(n - 1) + n * bottom;
}
static void saved_frames(void) { zero = thin(4000); }

/* deeper than the host's own stack */
static int endless(int n) { return n < 0 ? n : endless(n + 1 + bottom) + bottom; }
static void host_stack(void) { zero = endless(0); }

static void (*crash)(void);

static void
crasher(void *argument)
{
  volatile int keep[16];
  (void)argument;
  for (int i = 0; i < 16; i++)
    keep[i] = i;
  for (int i = 0; i < 5; i++)
    gevent_yield();
  crash();
  keep[0] = 1;
}

static void
at_once(void *argument)
{
  (void)argument;
  crash();
}

struct living {
  int number, rounds;
  uint32_t sum;
};

__attribute__((noinline)) static uint32_t
live(int level, int number)
{
  volatile uint32_t local[8];
  uint32_t sum = 0;

  for (int i = 0; i < 8; i++)
    local[i] = (uint32_t)(number * 31 + level * 7 + i);
  gevent_yield();
  if (level > 0)
    sum = live(level - 1, number);
  gevent_yield();
  for (int i = 0; i < 8; i++)
    sum = sum * 33 + local[i];
  return sum;
}

static uint32_t
expected(int level, int number)
{
  uint32_t sum = level > 0 ? expected(level - 1, number) : 0;
  for (int i = 0; i < 8; i++)
    sum = sum * 33 + (uint32_t)(number * 31 + level * 7 + i);
  return sum;
}

static void
living(void *argument)
{
  struct living *self = argument;
  unsigned char *blocks[8] = {0};

  for (int round = 0; round < 6; round++) {
    /* the heap is in use around each crash */
    size_t size = 100u + (size_t)((self->number * 37 + round * 101) % 3000);
    int slot = round % 8;
    free(blocks[slot]);
    blocks[slot] = malloc(size);
    memset(blocks[slot], self->number, size);
    self->sum = live(round % 5 + 5, self->number);
    if (self->sum != expected(round % 5 + 5, self->number))
      return;
    for (size_t i = 0; i < size; i++)
      if (blocks[slot][i] != (unsigned char)self->number)
        return;
    self->rounds++;
  }
  for (int i = 0; i < 8; i++)
    free(blocks[i]);
}

static void
survive(void (*how)(void), int crashers)
{
  enum { COUNT = 24 };
  static struct living lives[COUNT];
  gevent_thread *threads[COUNT], *bad[8];

  crash = how;
  for (int i = 0; i < COUNT; i++) {
    lives[i] = (struct living){i, 0, 0};
    threads[i] = gevent_spawn(living, &lives[i]);
    if (i % 4 == 0 && i / 4 < crashers)
      bad[i / 4] = gevent_spawn(i % 8 ? at_once : crasher, 0);
  }
  for (int i = 0; i < crashers; i++)
    CHECK(gevent_join(bad[i], -1) == GEVENT_CRASHED);
  CHECK(gevent_joinall(threads, COUNT, -1) == 0);
  for (int i = 0; i < COUNT; i++)
    CHECK(lives[i].rounds == 6);
  CHECK(gevent_count() == 1);
}

#define KIND(name) static void check_##name(void) { survive(name, 6); survive(name, 2); }
KIND(unreachable)
KIND(division)
KIND(overflowing_division)
KIND(out_of_bounds)
KIND(bad_call)
KIND(wrong_signature)
KIND(exception)
KIND(locals)
KIND(large_local)
static void
check_saved_frames(void)
{
  gevent_set_stack_size(16384);
  survive(saved_frames, 6);
  gevent_set_stack_size(65536);
}
KIND(host_stack)

/* one after the other in the same threads' blocks and stacks */
static void
check_mixed(void)
{
  static void (*const kinds[])(void) = {unreachable, locals, division, out_of_bounds, exception, wrong_signature, bad_call, host_stack};
  for (int i = 0; i < 24; i++)
    survive(kinds[i % 8], 1 + i % 6);
}

/* what a thread waited for is undone with it */
static gevent_channel *channel;
static void sleeps_and_crashes(void *argument) { (void)argument; gevent_sleep(0.001); __builtin_trap(); }
static void
joins_a_crash(void *argument)
{
  gevent_thread *thread = gevent_spawn(sleeps_and_crashes, 0);
  *(int *)argument = gevent_join(thread, -1);
}
static void
receives(void *argument)
{
  void *value = 0;
  gevent_channel_receive(channel, &value);
  *(int *)argument = (int)(intptr_t)value;
  __builtin_trap();
}
static void
check_waits(void)
{
  int outcomes[10], values[4] = {0};
  gevent_thread *joiners[10], *receivers[4];

  channel = gevent_channel_new(0);
  for (int i = 0; i < 10; i++)
    joiners[i] = gevent_spawn(joins_a_crash, &outcomes[i]);
  for (int i = 0; i < 4; i++)
    receivers[i] = gevent_spawn(receives, &values[i]);
  CHECK(gevent_joinall(joiners, 10, -1) == 0);
  for (int i = 0; i < 10; i++)
    CHECK(outcomes[i] == GEVENT_CRASHED);
  for (int i = 1; i <= 4; i++)
    CHECK(gevent_channel_send(channel, (void *)(intptr_t)i) == 0);
  for (int i = 0; i < 4; i++) {
    CHECK(gevent_join(receivers[i], -1) == GEVENT_CRASHED);
    CHECK(values[i] == i + 1);
  }
  CHECK(gevent_channel_free(channel) == 0);
}

/* killed and crashing on the way out */
static void
killed_and_crashes(void *argument)
{
  (void)argument;
  gevent_sleep(10);
  __builtin_trap();
}
static void
check_killed(void)
{
  gevent_thread *thread = gevent_spawn(killed_and_crashes, 0);
  gevent_yield();
  CHECK(gevent_kill(thread) == 0);
  CHECK(gevent_join(thread, -1) == GEVENT_CRASHED);
}

static const struct check checks[] = {
    {"unreachable", check_unreachable},
    {"division", check_division},
    {"overflowing_division", check_overflowing_division},
    {"out_of_bounds", check_out_of_bounds},
    {"bad_call", check_bad_call},
    {"wrong_signature", check_wrong_signature},
    {"exception", check_exception},
    {"locals", check_locals},
    {"large_local", check_large_local},
    {"saved_frames", check_saved_frames},
    {"host_stack", check_host_stack},
    {"mixed", check_mixed},
    {"waits", check_waits},
    {"killed", check_killed},
};
MAIN(checks)

/* Suspending at any depth, with locals of every kind, keeps everything. */
#include "check.h"

/* --- depth --- */

static volatile uint32_t sink;

__attribute__((noinline)) static uint32_t
dive(int level, uint32_t seed)
{
  uint32_t here = seed * 2654435761u + (uint32_t)level;
  uint32_t below;

  gevent_yield();
  below = level > 1 ? dive(level - 1, here) : here;
  gevent_yield();
  sink += below;
  return below ^ here;
}

static uint32_t
dive_plain(int level, uint32_t seed)
{
  uint32_t here = seed * 2654435761u + (uint32_t)level;
  return (level > 1 ? dive_plain(level - 1, here) : here) ^ here;
}

struct diver {
  int depth;
  uint32_t seed, result;
};

static void
diver(void *argument)
{
  struct diver *self = argument;
  self->result = dive(self->depth, self->seed);
}

static void
depth(void)
{
  static struct diver divers[200];
  gevent_thread *threads[200];

  for (int i = 0; i < 200; i++) {
    divers[i] = (struct diver){i + 1, (uint32_t)i * 7u, 0};
    threads[i] = gevent_spawn(diver, &divers[i]);
  }
  CHECK(gevent_joinall(threads, 200, -1) == 0);
  for (int i = 0; i < 200; i++)
    CHECK(divers[i].result == dive_plain(i + 1, (uint32_t)i * 7u));
}

/* --- 100,000 switches --- */

struct worker {
  int number;
  double result;
};

__attribute__((noinline)) static void
mix(int number, int steps, double *result)
{
  int32_t a = number;
  int64_t b = (int64_t)number << 33;
  float c = (float)number / 4;
  double d = number / 8.0;
  int32_t array[32];
  char text[24];

  for (int i = 0; i < 32; i++)
    array[i] = number * i;
  snprintf(text, sizeof text, "thread %d", number);
  for (int i = 0; i < steps; i++) {
    a += i;
    b -= i * 3;
    c += 0.5f;
    d += 0.25;
    array[i % 32] ^= i;
    gevent_yield();
    array[i % 32] ^= i;
  }
  for (int i = 0; i < 32; i++)
    if (array[i] != number * i)
      return;
  char expected[24];
  snprintf(expected, sizeof expected, "thread %d", number);
  if (strcmp(text, expected))
    return;
  *result = (double)a + (double)(b >> 20) + (double)c + d;
}

static void
worker(void *argument)
{
  struct worker *self = argument;
  mix(self->number, 1000, &self->result);
}

static void
many(void)
{
  enum { COUNT = 100, STEPS = 1000 };
  static struct worker workers[COUNT];
  gevent_thread *threads[COUNT];

  for (int i = 0; i < COUNT; i++) {
    workers[i] = (struct worker){i, -1};
    threads[i] = gevent_spawn(worker, &workers[i]);
  }
  CHECK(gevent_count() == COUNT + 1);
  CHECK(gevent_joinall(threads, COUNT, -1) == 0);
  CHECK(gevent_count() == 1);
  for (int i = 0; i < COUNT; i++) {
    int64_t b = ((int64_t)i << 33) - (int64_t)3 * STEPS * (STEPS - 1) / 2;
    double expected = (i + STEPS * (STEPS - 1) / 2) + (double)(b >> 20) + (double)((float)i / 4 + STEPS * 0.5f) + (i / 8.0 + STEPS * 0.25);
    CHECK(workers[i].result == expected);
  }
}

/* --- through function pointers, libc and variable arguments --- */

typedef int operation(int, int);
static int add(int a, int b) { gevent_yield(); return a + b; }
static int multiply(int a, int b) { gevent_yield(); gevent_yield(); return a * b; }
static operation *volatile operations[] = {add, multiply};

static int
compare(const void *a, const void *b)
{
  gevent_yield(); /* below libc's qsort */
  return *(const int *)a - *(const int *)b;
}

static void
caller(void *argument)
{
  int value = 1, numbers[50];

  for (int i = 0; i < 20; i++)
    value = operations[i & 1](value, 3) % 10007;
  for (int i = 0; i < 50; i++)
    numbers[i] = (i * 37) % 50;
  qsort(numbers, 50, sizeof *numbers, compare);
  for (int i = 0; i < 50; i++)
    if (numbers[i] != i)
      value = -1;
  *(int *)argument = value;
}

static void
indirect(void)
{
  int results[30], expected = 1;
  gevent_thread *threads[30];

  for (int i = 0; i < 20; i++)
    expected = (i & 1 ? expected * 3 : expected + 3) % 10007;
  for (int i = 0; i < 30; i++)
    threads[i] = gevent_spawn(caller, &results[i]);
  CHECK(gevent_joinall(threads, 30, -1) == 0);
  for (int i = 0; i < 30; i++)
    CHECK(results[i] == expected);
}

/* --- memory that grows while threads are suspended --- */

static void
grower(void *argument)
{
  int number = *(int *)argument;
  size_t size = 1u << 20;
  unsigned char local[64], *block;

  memset(local, number, sizeof local);
  for (int round = 0; round < 4; round++) {
    block = malloc(size);
    if (!block)
      return;
    memset(block, number, size);
    gevent_yield();
    for (size_t i = 0; i < size; i += 997)
      if (block[i] != number)
        return;
    if (round & 1)
      free(block);
  }
  for (size_t i = 0; i < sizeof local; i++)
    if (local[i] != number)
      return;
  *(int *)argument = 0;
}

static void
growth(void)
{
  int numbers[20];
  gevent_thread *threads[20];
  size_t before = __builtin_wasm_memory_size(0);

  for (int i = 0; i < 20; i++) {
    numbers[i] = i + 1;
    threads[i] = gevent_spawn(grower, &numbers[i]);
  }
  CHECK(gevent_joinall(threads, 20, -1) == 0);
  for (int i = 0; i < 20; i++)
    CHECK(numbers[i] == 0);
  CHECK(__builtin_wasm_memory_size(0) > before + 300);
}

/* --- alignment: the compiler computes addresses on the stack with it --- */

static void
aligned(void *argument)
{
  _Alignas(16) volatile char local[16];
  if (((uintptr_t)local & 15) == 0)
    ++*(int *)argument;
  gevent_yield();
  local[0] = 0;
}

static void
alignment(void)
{
  int count = 0;
  for (int i = 0; i < 40; i++) {
    void *odd = malloc(8u + 8u * (unsigned)(i % 3));
    gevent_set_stack_size(4096u + 16u * (unsigned)i);
    CHECK(gevent_join(gevent_spawn(aligned, &count), -1) == GEVENT_RETURNED);
    free(i % 2 ? odd : 0);
  }
  CHECK(count == 40);
}

/* --- errno --- */

static void
fails(void *argument)
{
  int number = *(int *)argument;
  for (int i = 0; i < 50; i++) {
    errno = number;
    gevent_yield();
    if (errno != number)
      return;
  }
  *(int *)argument = 0;
}

static void
errnos(void)
{
  int numbers[10];
  gevent_thread *threads[10];

  errno = 77;
  for (int i = 0; i < 10; i++) {
    numbers[i] = i + 1;
    threads[i] = gevent_spawn(fails, &numbers[i]);
  }
  for (int i = 0; i < 60; i++)
    gevent_yield();
  CHECK(errno == 77);
  gevent_joinall(threads, 10, -1);
  for (int i = 0; i < 10; i++)
    CHECK(numbers[i] == 0);
}

/* --- standard output from several threads --- */

static void
printer(void *argument)
{
  for (int i = 0; i < 3; i++) {
    printf("%s%d %.2f\n", (char *)argument, i, i / 4.0);
    gevent_yield();
  }
}

static void
prints(void)
{
  gevent_thread *threads[] = {gevent_spawn(printer, "a"), gevent_spawn(printer, "b")};
  CHECK(gevent_joinall(threads, 2, -1) == 0);
}

/* --- code that no thread runs --- */

static int outside_yield = -1, outside_sleep, outside_errno, outside_channel;
static gevent_thread *spawned_outside;
static int ran_outside;

static void set(void *argument) { *(int *)argument = 1; }

__attribute__((constructor)) static void
before_main(void)
{
  void *value;

  gevent_yield();
  outside_yield = gevent_current() == 0;
  outside_sleep = gevent_sleep(0.001);
  outside_errno = errno;
  outside_channel = gevent_channel_receive(gevent_channel_new(0), &value);
  spawned_outside = gevent_spawn(set, &ran_outside);
}

static void
outside(void)
{
  CHECK(outside_yield == 1);
  CHECK(outside_sleep == -1 && outside_errno == EDEADLK);
  CHECK(outside_channel == -1);
  CHECK(gevent_join(spawned_outside, -1) == GEVENT_RETURNED);
  CHECK(ran_outside == 1);
  CHECK(gevent_current() != 0);
}

static const struct check checks[] = {
    {"depth", depth},   {"many", many},     {"indirect", indirect}, {"growth", growth},
    {"errnos", errnos}, {"alignment", alignment}, {"prints", prints}, {"outside", outside},
};
MAIN(checks)

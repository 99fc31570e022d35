#include "fiber.h"
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

/* wasm-opt turns these imports into internal code: no JavaScript frame takes part in a switch. */
#define ASYNCIFY(name) __attribute__((import_module("asyncify"), import_name(#name))) extern
ASYNCIFY(start_unwind) void asyncify_start_unwind(struct asyncify_data *data);
ASYNCIFY(stop_unwind) void asyncify_stop_unwind(void);
ASYNCIFY(start_rewind) void asyncify_start_rewind(struct asyncify_data *data);
ASYNCIFY(stop_rewind) void asyncify_stop_rewind(void);

/* wasm-opt --stack-check exports it; the linker step binds it to this import. */
__attribute__((import_module("self"), import_name("__set_stack_limits"))) extern void set_stack_limits(uintptr_t high, uintptr_t low);

__asm__(".globaltype __stack_pointer, i32\n");

static inline __attribute__((always_inline)) uintptr_t
get_stack_pointer(void)
{
  uintptr_t value;
  __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0" : "=r"(value));
  return value;
}

static inline __attribute__((always_inline)) void
set_stack_pointer(uintptr_t value)
{
  __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer" ::"r"(value));
}

enum {
  MAIN_STACK_HIGH = 65536, /* the linker's --stack-first -z stack-size */
  MAIN_STACK_LOW = 256,
  CHECK_CLOCK_EVERY = 64,
  STACK_ALIGNMENT = 16,
};

struct fiber *fiber_current;
static struct fiber *queue_head, *queue_tail;
static uint8_t unwinding, rewinding, requeue, overflowed;
static uintptr_t driver_stack_pointer;

/* Asyncify does not check its space on each frame, and a deep recursion without C locals fits no stack: frames are saved
 * here, where even the host's own stack limit comes first, and copied to the fiber's stack when they fit. */
enum { SCRATCH_SIZE = 8 << 20 }; /* pages that are never written cost nothing */
static uint8_t *scratch; /* made with the first fiber: as an array it would fill the library with zeros */
static struct asyncify_data unwound;

/* --- the run queue: one, first in first out --- */

void
fiber_ready(struct fiber *fiber)
{
  if (fiber->queued)
    return;
  fiber->queued = 1;
  fiber->next = 0;
  if (queue_tail)
    queue_tail->next = fiber;
  else
    queue_head = fiber;
  queue_tail = fiber;
}

int fiber_runnable(void) { return queue_head != 0; }

/* --- the pool of stacks: a free stack holds the link to the next one --- */

struct free_stack {
  struct free_stack *next;
  size_t size;
};
static struct free_stack *free_stacks;

static void *
stack_acquire(size_t size)
{
  struct free_stack **link = &free_stacks, *stack;

  /* sizes are rarely mixed, so the first one fits; of another size none is kept */
  while ((stack = *link)) {
    *link = stack->next;
    if (stack->size == size)
      return stack;
    free(stack);
  }
  return malloc(size);
}

static void
stack_release(struct fiber *fiber)
{
  struct free_stack *stack = (struct free_stack *)fiber->low;

  stack->size = (fiber->high - fiber->low + STACK_ALIGNMENT - 1) & ~(size_t)(STACK_ALIGNMENT - 1);
  stack->next = free_stacks;
  free_stacks = stack;
  fiber->low = fiber->high = 0;
}

int
fiber_init(struct fiber *fiber, size_t stack_size)
{
  void *stack;

  if (!scratch && !(scratch = malloc(SCRATCH_SIZE)))
    return -1;
  if (!(stack = stack_acquire(stack_size)))
    return -1;
  fiber->low = (uintptr_t)stack;
  /* the compiler counts on it, and malloc() aligns to 8 only */
  fiber->high = (fiber->low + stack_size) & ~(uintptr_t)(STACK_ALIGNMENT - 1);
  fiber->state = FIBER_NEW;
  fiber->queued = 0;
  return 0;
}

/* --- the switch --- */

/* Called twice for each suspension: to leave, and by Asyncify on the way back in. */
static inline __attribute__((always_inline)) void
suspend(uint8_t again)
{
  if (rewinding) {
    asyncify_stop_rewind();
    rewinding = 0;
    return;
  }
  requeue = again;
  fiber_current->stack_pointer = get_stack_pointer();
  unwound.current = (uintptr_t)scratch;
  unwound.end = (uintptr_t)scratch + SCRATCH_SIZE;
  unwinding = 1;
  asyncify_start_unwind(&unwound);
}

NOINLINE void fiber_park(void) { suspend(0); }

NOINLINE void
gevent_yield(void)
{
  if (fiber_current)
    suspend(1);
}

static void
finish(struct fiber *fiber, enum fiber_crash crash)
{
  fiber->state = FIBER_FINISHED;
  stack_release(fiber);
  fiber_finished(fiber, crash);
}

/* Moves the saved frames to the fiber's own stack; false when they do not fit below its C frames. */
static inline int
keep_frames(struct fiber *fiber)
{
  size_t length = unwound.current - (uintptr_t)scratch;

  if (length > fiber->stack_pointer - fiber->low)
    return 0;
  if (length <= 128) { /* a call of memory.copy costs more than this loop; both ends are aligned to 8 */
    uint64_t *to = (uint64_t *)fiber->low, *from = (uint64_t *)scratch;
    for (size_t i = 0; i < length; i += 8)
      *to++ = *from++;
  } else
    memcpy((void *)fiber->low, scratch, length);
  fiber->frames.current = fiber->low + length;
  fiber->frames.end = fiber->high;
  return 1;
}

/* Runs one fiber until it suspends or returns. Asyncify leaves a function that calls stop_unwind alone: the driver. */
static inline __attribute__((always_inline)) void
run_one(struct fiber *fiber)
{
  uint8_t state = fiber->state;

  fiber_current = fiber;
  fiber->state = FIBER_RUNNING;
  set_stack_limits(fiber->high, fiber->low);
  if (state == FIBER_NEW)
    set_stack_pointer(fiber->high);
  else {
    rewinding = 1;
    set_stack_pointer(fiber->stack_pointer);
    asyncify_start_rewind(&fiber->frames);
  }
  fiber_main(fiber);
  set_stack_limits(MAIN_STACK_HIGH, MAIN_STACK_LOW);
  set_stack_pointer(driver_stack_pointer);
  if (unwinding) {
    if (unwound.current > unwound.end)
      host_panic("a stack had more frames than can be saved");
    asyncify_stop_unwind();
    unwinding = 0;
    fiber_current = 0;
    if (!keep_frames(fiber)) {
      finish(fiber, FIBER_OVERFLOWED);
      return;
    }
    fiber->state = FIBER_PARKED;
    if (requeue)
      fiber_ready(fiber);
  } else {
    fiber_current = 0;
    finish(fiber, FIBER_WELL);
  }
}

static double
monotonic(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

NOINLINE void
fiber_run(double slice)
{
  struct fiber *fiber;
  unsigned turns = 0;
  double limit = 0;

  driver_stack_pointer = get_stack_pointer();
  while ((fiber = queue_head)) {
    if (!(queue_head = fiber->next))
      queue_tail = 0;
    fiber->queued = 0;
    run_one(fiber);
    if (++turns % CHECK_CLOCK_EVERY == 0) {
      double now = monotonic();
      if (limit == 0)
        limit = now + slice;
      else if (now >= limit)
        return;
    }
  }
}

/* wasm-opt --stack-check calls it when the C stack of a thread does not suffice. */
EXPORT(stack_overflow) void
stack_exhausted(uint32_t stack_pointer)
{
  (void)stack_pointer;
  overflowed = 1;
  __builtin_trap();
}

/* The host calls it after a trap or an exception has thrown away the frames of fiber_run(). Returns 0 when no fiber was
 * running: then the hub itself is damaged and nothing can be saved. */
EXPORT(fiber_recover) int
fiber_recover(void)
{
  struct fiber *fiber = fiber_current;

  if (!fiber)
    return 0;
  /* whatever Asyncify was doing, this pair takes it back to normal */
  unwound.current = (uintptr_t)scratch;
  unwound.end = (uintptr_t)scratch + SCRATCH_SIZE;
  asyncify_start_unwind(&unwound);
  asyncify_stop_unwind();
  unwinding = rewinding = requeue = 0;
  fiber_current = 0;
  set_stack_limits(MAIN_STACK_HIGH, MAIN_STACK_LOW);
  set_stack_pointer(driver_stack_pointer);
  finish(fiber, overflowed ? FIBER_OVERFLOWED : FIBER_TRAPPED);
  overflowed = 0;
  return 1;
}

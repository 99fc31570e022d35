/* Stack switching. A fiber runs on a stack of its own inside the module's memory; Asyncify turns a switch into a return to
 * fiber_run(), the one driver loop, and a later call into it. */
#ifndef GEVENT_FIBER_H
#define GEVENT_FIBER_H

#include <stddef.h>
#include <stdint.h>

/* Asyncify's own structure: where the next saved frame goes, and the end of the space for them. */
struct asyncify_data {
  uintptr_t current;
  uintptr_t end;
};

enum fiber_state { FIBER_NEW, FIBER_PARKED, FIBER_RUNNING, FIBER_FINISHED };

struct fiber {
  struct asyncify_data frames; /* the saved frames: [low, frames.current) */
  uintptr_t stack_pointer;     /* when it was parked */
  uintptr_t low, high;         /* its stack: C frames grow down from high, saved frames up from low */
  struct fiber *next;          /* in the run queue */
  uint8_t state;
  uint8_t queued;
};

extern struct fiber *fiber_current; /* NULL while no fiber runs */

/* Gives a new fiber its stack, from the pool when there is one of this size, a multiple of 16. -1 when there is no memory. */
int fiber_init(struct fiber *fiber, size_t stack_size);

/* Appends it to the run queue, once. */
void fiber_ready(struct fiber *fiber);

/* Suspends the running fiber until somebody calls fiber_ready(). Only on a fiber. */
void fiber_park(void);

/* Suspends the running fiber and puts it at the end of the run queue; nothing outside a fiber. It is gevent.h's function
 * itself: each frame between the code that yields and the driver is saved and restored in a switch. */
void gevent_yield(void);

/* Runs what is queued, in order, until the queue is empty or `slice` seconds have passed. */
void fiber_run(double slice);

int fiber_runnable(void);

/* What a fiber runs; not defined here. The frame of the fiber that is the nearest to the driver. */
void fiber_main(struct fiber *fiber);

/* Called by fiber_run() when a fiber has returned, overflowed its stack or (from fiber_recover) trapped. Its stack is back in
 * the pool already. */
enum fiber_crash { FIBER_WELL, FIBER_TRAPPED, FIBER_OVERFLOWED };
void fiber_finished(struct fiber *fiber, enum fiber_crash crash);

#endif

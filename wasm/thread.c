#include "thread.h"
#include "host.h"
#include "hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct gevent_thread *free_threads;
static unsigned next_id = 1;
static size_t live;
static size_t stack_size = 65536;

/* errno belongs to the thread: another one may run between a failing call and the line that reads it. */
int *
__errno_location(void)
{
  static int outside;
  return fiber_current ? &thread_current()->error : &outside;
}
int *___errno_location(void) __attribute__((alias("__errno_location")));

static int
fail(int error)
{
  errno = error;
  return -1;
}

static void
thread_release(struct gevent_thread *thread)
{
  thread->released = 1;
  thread->next_free = free_threads;
  free_threads = thread;
}

void
fiber_main(struct fiber *fiber)
{
  struct gevent_thread *thread = (struct gevent_thread *)fiber;

  if (thread->cancelled)
    return; /* killed before it ran */
  thread->function(thread->argument);
}

void
fiber_finished(struct fiber *fiber, enum fiber_crash crash)
{
  struct gevent_thread *thread = (struct gevent_thread *)fiber;

  ev_io_stop(hub_loop, &thread->io);
  ev_timer_stop(hub_loop, &thread->timer);
  poll_stop(thread);
  if (thread->waiting.next) {
    thread->waiting.next->previous = thread->waiting.previous;
    thread->waiting.previous->next = thread->waiting.next;
  }
  thread->outcome = crash ? GEVENT_CRASHED : thread->cancelled ? GEVENT_KILLED : GEVENT_RETURNED;
  if (crash)
    host_crashed(thread->id, crash == FIBER_OVERFLOWED);
  live--;
  if (thread->joiner)
    thread_wake(thread->joiner);
  else if (thread->detached)
    thread_release(thread);
}

gevent_thread *
gevent_spawn(void (*function)(void *), void *argument)
{
  struct gevent_thread *thread = free_threads;

  if (!function) {
    errno = EINVAL;
    return 0;
  }
  if (thread)
    free_threads = thread->next_free;
  else if (!(thread = malloc(sizeof *thread))) {
    errno = ENOMEM;
    return 0;
  }
  memset(thread, 0, sizeof *thread);
  if (fiber_init(&thread->fiber, stack_size)) {
    thread_release(thread);
    errno = ENOMEM;
    return 0;
  }
  thread->function = function;
  thread->argument = argument;
  thread->id = next_id++;
  live++;
  fiber_ready(&thread->fiber);
  return thread;
}

gevent_thread *gevent_current(void) { return thread_current(); }
size_t gevent_count(void) { return live; }

int
gevent_set_stack_size(size_t bytes)
{
  if (bytes < 4096 || bytes > 16777216)
    return fail(EINVAL);
  stack_size = (bytes + 15) & ~(size_t)15;
  return 0;
}

void
thread_wake(struct gevent_thread *thread)
{
  if (thread->fiber.state == FIBER_PARKED)
    fiber_ready(&thread->fiber);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
  struct gevent_thread *thread = timer->data;

  (void)loop, (void)revents;
  thread->timed_out = 1;
  thread_wake(thread);
}

static void
on_io(struct ev_loop *loop, ev_io *io, int revents)
{
  struct gevent_thread *thread = io->data;

  ev_io_stop(loop, io);
  thread->revents |= revents;
  thread_wake(thread);
}

static void
start_timer(struct gevent_thread *thread, double seconds)
{
  thread->timed_out = 0;
  if (!(seconds >= 0)) /* NaN would put the heap of timers out of order */
    return;
  /* a sleep is measured from this call, not from the start of the turn */
  ev_now_update(hub_loop);
  ev_timer_init(&thread->timer, on_timer, seconds, 0.);
  thread->timer.data = thread;
  ev_timer_start(hub_loop, &thread->timer);
}

int
thread_wait(double seconds)
{
  struct gevent_thread *self = thread_current();

  if (!self)
    return fail(EDEADLK); /* nobody could run while the hub waits */
  if (self->cancelled) {
    gevent_yield(); /* code that retries for ever must not keep the others from running */
    return fail(ECANCELED);
  }
  start_timer(self, seconds);
  fiber_park();
  ev_timer_stop(hub_loop, &self->timer);
  if (self->cancelled)
    return fail(ECANCELED);
  return self->timed_out ? fail(ETIMEDOUT) : 0;
}

int
thread_wait_io(int fd, int events, double seconds)
{
  struct gevent_thread *self = thread_current();
  int rc;

  if (!self)
    return fail(EAGAIN);
  self->revents = 0;
  if (!self->cancelled) {
    ev_core_io_init(&self->io, on_io, fd, events);
    self->io.data = self;
    ev_core_io_start(hub_loop, &self->io);
  }
  rc = thread_wait(seconds);
  ev_io_stop(hub_loop, &self->io);
  if (self->revents & EV_ERROR)
    return fail(EBADF);
  if (self->revents) /* what is ready beats a timeout and a kill of the same turn: nothing is lost */
    return self->revents;
  return rc;
}

int
gevent_sleep(double seconds)
{
  if (!(seconds > 0)) {
    struct gevent_thread *self = thread_current();
    gevent_yield();
    return self && self->cancelled ? fail(ECANCELED) : 0;
  }
  if (thread_wait(seconds) == -1 && errno != ETIMEDOUT)
    return -1;
  return 0;
}

/* libc would spin or ask a host that has no such call */
unsigned sleep(unsigned seconds) { return gevent_sleep(seconds) ? seconds : 0; }
int usleep(useconds_t microseconds) { return gevent_sleep(microseconds * 1e-6); }

int
nanosleep(const struct timespec *wanted, struct timespec *remaining)
{
  if (wanted->tv_nsec < 0 || wanted->tv_nsec >= 1000000000 || wanted->tv_sec < 0)
    return fail(EINVAL);
  if (remaining)
    *remaining = (struct timespec){0, 0};
  return gevent_sleep((double)wanted->tv_sec + (double)wanted->tv_nsec * 1e-9);
}

int
gevent_join(gevent_thread *thread, double seconds)
{
  struct gevent_thread *self = thread_current();
  int outcome;

  if (!thread || thread->released || thread->detached)
    return fail(ESRCH);
  if (thread == self)
    return fail(EDEADLK);
  if (thread->joiner)
    return fail(EBUSY);
  while (thread->fiber.state != FIBER_FINISHED) {
    int rc;
    if (seconds == 0)
      return fail(ETIMEDOUT);
    thread->joiner = self;
    rc = thread_wait(seconds);
    thread->joiner = 0;
    if (rc == -1 && thread->fiber.state != FIBER_FINISHED)
      return -1;
  }
  outcome = thread->outcome;
  thread_release(thread);
  return outcome;
}

static double
monotonic(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int
gevent_joinall(gevent_thread **threads, size_t count, double seconds)
{
  double end = seconds < 0 ? -1. : monotonic() + seconds;
  int unfinished = 0;

  for (size_t i = 0; i < count; i++) {
    double left = end < 0 ? -1. : end - monotonic();
    if (gevent_join(threads[i], end >= 0 && left < 0 ? 0. : left) == -1) {
      if (errno != ETIMEDOUT)
        return -1;
      unfinished++;
    }
  }
  return unfinished;
}

int
gevent_detach(gevent_thread *thread)
{
  if (!thread || thread->released || thread->detached)
    return fail(ESRCH);
  if (thread->joiner)
    return fail(EBUSY);
  thread->detached = 1;
  if (thread->fiber.state == FIBER_FINISHED)
    thread_release(thread);
  return 0;
}

int
gevent_kill(gevent_thread *thread)
{
  if (!thread || thread->released || thread->fiber.state == FIBER_FINISHED)
    return fail(ESRCH);
  thread->cancelled = 1;
  thread_wake(thread);
  return 0;
}

/* A green thread of a C program: a fiber with a name that others can join and kill, and what it waits for. */
#ifndef GEVENT_THREAD_H
#define GEVENT_THREAD_H

#include "ev_core.h"
#include "fiber.h"
#include "gevent.h"

/* A place in a list of threads that wait for the same thing. */
struct waiting {
  struct waiting *next, *previous;
};

struct gevent_thread {
  struct fiber fiber; /* first: a fiber is its thread */
  void (*function)(void *);
  void *argument;
  struct gevent_thread *joiner;
  struct gevent_thread *next_free;
  unsigned id;
  int error; /* its errno */
  uint8_t outcome, cancelled, detached, released, timed_out;
  int revents;
  /* what it waits for; here and not on its stack, so that a crash in the middle of a wait can undo it */
  ev_io io;
  ev_timer timer;
  struct waiting waiting;
  ev_io *polled; /* poll.c's, while it waits for several descriptors */
  size_t polled_count;
  uint8_t exchange; /* enum exchange in channel.c */
  void *handed;     /* a channel's value on its way */
};

static inline struct gevent_thread *thread_current(void) { return (struct gevent_thread *)fiber_current; }

/* Parks the running thread until thread_wake(), at most `seconds` (< 0: for ever). 0, or -1 with ETIMEDOUT or ECANCELED. */
int thread_wait(double seconds);

/* As thread_wait() for an event of the fd; returns the events, EBADF when the fd was closed meanwhile. */
int thread_wait_io(int fd, int events, double seconds);

void thread_wake(struct gevent_thread *thread);

/* A thread does not wait in poll() or select() any more. */
void poll_stop(struct gevent_thread *thread);

#endif

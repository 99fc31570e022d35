/* libev, unmodified and included, and the few things that an embedder needs and only ev.c's internals can give. */
#include "ev_config.h"

#include <errno.h>
#include <sys/epoll.h>

/* An io watcher for a number that is no descriptor is an error of its own and not of the loop: libev asserts that epoll never
 * answers EBADF, and ends the watcher with EV_ERROR after ENOENT. */
static int
ev_core_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
  int rc = epoll_ctl(epfd, op, fd, event);

  if (rc == -1 && errno == EBADF)
    errno = ENOENT;
  return rc;
}
#define epoll_ctl ev_core_epoll_ctl

#include "ev.c"
#include "ev_wrap.h" /* ev.c undoes its macros at its end */

#include "ev_core.h"

/* Seconds until this loop wants to run again: 0 = now, -1 = only an event of the host can wake it. */
double
ev_core_timeout(EV_P)
{
  int i;
  double delay;

  for (i = 0; i < NUMPRI; i++)
    if (pendingcnt[i])
      return 0.;
#if EV_IDLE_ENABLE
  if (idleall)
    return 0.;
#endif
  if (pipe_write_skipped)
    return 0.;
  if (!timercnt)
    return -1.;
  delay = ANHE_at(timers[HEAP0]) - get_clock(); /* mn_now is as old as the callbacks took */
  return delay < 0. ? 0. : delay;
}

int
ev_core_active_count(EV_P)
{
  return activecnt;
}

/* Tells epoll what changed since the last iteration, so that a sleeping loop hears of every fd it watches. */
void
ev_core_flush(EV_P)
{
  if (fdchangecnt)
    fd_reify(EV_A);
}

/* The descriptor behind `fd` is gone: its watchers stop and get EV_ERROR, and the number is free for another descriptor. */
void
ev_core_fd_closed(EV_P_ int fd)
{
  if (fd < 0 || fd >= anfdmax)
    return;
  fd_kill(EV_A_ fd);
  anfds[fd].events = 0;
  anfds[fd].emask = 0;
}

/* Without EV__IOFDSET: numbers are recycled through ev_core_fd_closed() only, so that a watcher which stops and starts
 * again between two polls costs no epoll_ctl. */
void
ev_core_io_init(ev_io *w, void (*callback)(EV_P_ ev_io *, int), int fd, int events)
{
  ev_init(w, callback);
  w->fd = fd;
  w->events = events;
}

enum { EV_CORE_MAX_FD = (1 << 20) - 1 };

/* ev_io_start(), and epoll is told of a new fd at once: its close is noticed even when it comes before the next iteration,
 * and another descriptor under the same number is not taken for it. An fd that epoll has not is ended with EV_ERROR. */
void
ev_core_io_start(EV_P_ ev_io *w)
{
  int fd = w->fd;

  if (ev_is_active(w))
    return;
  if (fd > EV_CORE_MAX_FD) { /* libev would make its table that large */
    ev_feed_event(EV_A_ w, EV_ERROR | EV_READ | EV_WRITE);
    return;
  }
  ev_io_start(EV_A_ w);
  if (anfds[fd].emask)
    return;
  anfds[fd].events = w->events;
  backend_modify(EV_A_ fd, 0, w->events);
}

/* The loop's monotonic time, in seconds: timers are counted from it. */
const double *
ev_core_clock(EV_P)
{
  return &mn_now;
}

/* ev_loop_destroy(), and the next default loop begins with nothing of this one. */
void
ev_core_destroy(EV_P)
{
  int is_default = ev_is_default_loop(EV_A);

  ev_loop_destroy(EV_A);
  if (is_default)
    memset(EV_A, 0, sizeof *EV_A);
}

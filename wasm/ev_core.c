/* libev, unmodified and included, and the four things that an embedder needs and only ev.c's internals can give. */
#include "ev_config.h"
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
  delay = ANHE_at(timers[HEAP0]) - mn_now;
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

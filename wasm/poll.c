/* poll() and select(), which park the calling green thread: an io watcher for each descriptor, for as long as the call waits. */
#include "host.h"
#include "hub.h"
#include "thread.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

static int
fail(int error)
{
  errno = error;
  return -1;
}

static double
monotonic(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What holds for the descriptors now: how many have something. The bits of poll() are those of epoll. */
static int
collect(struct pollfd *fds, nfds_t count)
{
  int ready = 0;

  for (nfds_t i = 0; i < count; i++) {
    int bits = fds[i].fd < 0 ? 0 : host_readiness(fds[i].fd);
    fds[i].revents = bits == -EBADF ? POLLNVAL : bits < 0 ? POLLERR : bits & (fds[i].events | POLLERR | POLLHUP);
    ready += fds[i].revents != 0;
  }
  return ready;
}

static void
on_poll(struct ev_loop *loop, ev_io *io, int revents)
{
  (void)revents;
  ev_io_stop(loop, io);
  thread_wake(io->data);
}

static void
start(struct gevent_thread *self, const struct pollfd *fds, nfds_t count)
{
  for (nfds_t i = 0; i < count; i++) {
    ev_io *io = &self->polled[i];
    int events = (fds[i].events & (POLLIN | POLLRDHUP) ? EV_READ : 0) | (fds[i].events & POLLOUT ? EV_WRITE : 0);
    /* who waits for nothing is told of errors all the same, which count as both; a writer would be told too often */
    ev_core_io_init(io, on_poll, fds[i].fd, events ? events : EV_READ);
    io->data = self;
    if (fds[i].fd > 2)
      ev_core_io_start(hub_loop, io);
  }
}

/* Also called for a thread that crashed while it waited. */
void
poll_stop(struct gevent_thread *thread)
{
  ev_io *polled = thread->polled;

  for (size_t i = 0; i < thread->polled_count; i++)
    ev_io_stop(hub_loop, &polled[i]);
  thread->polled = 0;
  thread->polled_count = 0;
  free(polled);
}

/* `seconds` < 0: for ever. */
static int
wait_for(struct pollfd *fds, nfds_t count, double seconds)
{
  struct gevent_thread *self = thread_current();
  double end = monotonic() + seconds;
  int ready;

  while (!(ready = collect(fds, count)) && seconds != 0) {
    int rc;
    double left = seconds < 0 ? -1. : end - monotonic();
    if (seconds > 0 && left <= 0)
      break;
    if (!self)
      return fail(EDEADLK);
    if (count && !(self->polled = calloc(count, sizeof *self->polled)))
      return fail(ENOMEM);
    self->polled_count = count;
    start(self, fds, count);
    rc = thread_wait(left);
    poll_stop(self);
    if (rc == 0 && !collect(fds, count)) /* it is ready for what was not asked for, and would be again at once */
      rc = thread_wait(seconds < 0 || left > 0.01 ? 0.01 : left);
    if (rc == -1 && errno != ETIMEDOUT) {
      int error = errno;
      /* what is ready beats a kill of the same turn */
      return (ready = collect(fds, count)) ? ready : fail(error);
    }
  }
  if (ready || seconds == 0)
    gevent_yield(); /* a thread that only polls must not keep the others from running */
  return ready;
}

static double seconds_of(const struct timespec *time) { return time ? (double)time->tv_sec + (double)time->tv_nsec * 1e-9 : -1.; }

int poll(struct pollfd *fds, nfds_t count, int milliseconds) { return wait_for(fds, count, milliseconds < 0 ? -1. : milliseconds * 1e-3); }

/* There are no signals to be blocked meanwhile. */
int
ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
  (void)mask;
  if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000))
    return fail(EINVAL);
  return wait_for(fds, count, seconds_of(timeout));
}

static int
selected(int count, fd_set *readers, fd_set *writers, fd_set *others, double seconds)
{
  struct pollfd *fds;
  nfds_t used = 0;
  int rc, total = 0;

  if (count < 0 || count > FD_SETSIZE)
    return fail(EINVAL);
  if (!(fds = calloc((size_t)count + 1, sizeof *fds)))
    return fail(ENOMEM);
  for (int fd = 0; fd < count; fd++) {
    int reads = readers && FD_ISSET(fd, readers), writes = writers && FD_ISSET(fd, writers);
    if (reads || writes || (others && FD_ISSET(fd, others)))
      fds[used++] = (struct pollfd){.fd = fd, .events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0)};
  }
  rc = wait_for(fds, used, seconds);
  for (nfds_t i = 0; rc > 0 && i < used; i++)
    if (fds[i].revents & POLLNVAL)
      rc = fail(EBADF);
  if (rc >= 0 && others)
    FD_ZERO(others); /* nothing is exceptional */
  for (nfds_t i = 0; rc >= 0 && i < used; i++) {
    int fd = fds[i].fd, bits = fds[i].revents;
    if (readers && FD_ISSET(fd, readers)) {
      if (bits & (POLLIN | POLLHUP | POLLERR))
        total++;
      else
        FD_CLR(fd, readers);
    }
    if (writers && FD_ISSET(fd, writers)) {
      if (bits & (POLLOUT | POLLERR))
        total++;
      else
        FD_CLR(fd, writers);
    }
  }
  free(fds);
  return rc < 0 ? rc : total;
}

int
select(int count, fd_set *restrict readers, fd_set *restrict writers, fd_set *restrict others, struct timeval *restrict timeout)
{
  if (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0))
    return fail(EINVAL);
  return selected(count, readers, writers, others, timeout ? (double)timeout->tv_sec + (double)timeout->tv_usec * 1e-6 : -1.);
}

int
pselect(int count, fd_set *restrict readers, fd_set *restrict writers, fd_set *restrict others, const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
  (void)mask;
  if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000))
    return fail(EINVAL);
  return selected(count, readers, writers, others, seconds_of(timeout));
}

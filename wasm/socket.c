/* POSIX socket calls that park the calling green thread. The descriptors are the host's, shared by everything on its thread,
 * and never block themselves. */
#include "host.h"
#include "thread.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wasi/api.h>

static ssize_t
result(int value)
{
  if (value >= 0)
    return value;
  errno = -value;
  return -1;
}

/* True when the call is to be tried again: it would have blocked, and the wait was not interrupted. */
static int
again(int value, int fd, int events, int flags)
{
  return value == -EAGAIN && !(flags & MSG_DONTWAIT) && thread_wait_io(fd, events, -1.) != -1;
}

/* The error of the wait (a kill, a close) tells more than the call's EAGAIN. */
static ssize_t
finished(int value, int flags)
{
  return value == -EAGAIN && !(flags & MSG_DONTWAIT) ? -1 : result(value);
}

int socket(int family, int type, int protocol) { return result(host_sock_open(family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol)); }
int bind(int fd, const struct sockaddr *address, socklen_t length) { return result(host_sock_bind(fd, address, length)); }
int listen(int fd, int backlog) { return result(host_sock_listen(fd, backlog)); }
int shutdown(int fd, int how) { return result(host_sock_shutdown(fd, how)); }
int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) { return result(host_sock_name(fd, 0, address, (int *)length)); }
int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length) { return result(host_sock_name(fd, 1, address, (int *)length)); }

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
  int rc = host_sock_connect(fd, address, length), error = 0;

  if (rc != -EINPROGRESS)
    return result(rc);
  if (thread_wait_io(fd, EV_WRITE, -1.) == -1)
    return -1;
  rc = host_sock_getopt(fd, SOL_SOCKET, SO_ERROR, &error);
  return result(rc < 0 ? rc : -error);
}

int
accept(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
  int rc;

  while (again(rc = host_sock_accept(fd, address, (int *)length), fd, EV_READ, 0))
    ;
  return finished(rc, 0);
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags) { (void)flags; return accept(fd, address, length); }

ssize_t
recv(int fd, void *buffer, size_t length, int flags)
{
  int rc;

  if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) {
    errno = EOPNOTSUPP;
    return -1;
  }
  while (again(rc = host_sock_recv(fd, buffer, length), fd, EV_READ, flags))
    ;
  return finished(rc, flags);
}

/* As on a blocking socket, all is sent before it returns, unless an error comes between: then what was taken is counted. */
ssize_t
send(int fd, const void *buffer, size_t length, int flags)
{
  size_t sent = 0;
  int rc;

  if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) {
    errno = EOPNOTSUPP;
    return -1;
  }
  for (;;) {
    rc = host_sock_send(fd, (const char *)buffer + sent, length - sent);
    if (rc >= 0) {
      sent += rc;
      if (sent == length || flags & MSG_DONTWAIT)
        return sent;
    } else if (!again(rc, fd, EV_WRITE, flags))
      return sent ? (ssize_t)sent : finished(rc, flags);
  }
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
  if (length < sizeof(int)) {
    errno = EINVAL;
    return -1;
  }
  return result(host_sock_setopt(fd, level, name, *(const int *)value));
}

int
getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length)
{
  if (*length < sizeof(int)) {
    errno = EINVAL;
    return -1;
  }
  *length = sizeof(int);
  return result(host_sock_getopt(fd, level, name, value));
}

/* 0, 1 and 2 are stdio's, which WASI serves. */
ssize_t
read(int fd, void *buffer, size_t length)
{
  __wasi_iovec_t part = {buffer, length};
  __wasi_size_t n;

  if (fd > 2)
    return recv(fd, buffer, length, 0);
  return result(-__wasi_fd_read(fd, &part, 1, &n)) == -1 ? -1 : (ssize_t)n;
}

ssize_t
write(int fd, const void *buffer, size_t length)
{
  __wasi_ciovec_t part = {buffer, length};
  __wasi_size_t n;

  if (fd > 2)
    return send(fd, buffer, length, 0);
  return result(-__wasi_fd_write(fd, &part, 1, &n)) == -1 ? -1 : (ssize_t)n;
}

/* POSIX socket calls that park the calling green thread. The descriptors are the host's, shared by everything on its thread,
 * and never block themselves. */
#include "host.h"
#include "thread.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <wasi/api.h>

/* LINGER_ON in ts/host/options.ts: the host has a struct linger as one number. */
enum { LINGER_ON = 0x10000 };

static ssize_t
result(int value)
{
  if (value >= 0)
    return value;
  errno = value == -__WASI_ERRNO_NOTSUP ? EOPNOTSUPP : -value; /* WASI has but the one of them */
  return -1;
}

/* Waits for a descriptor, for as long as SO_RCVTIMEO or SO_SNDTIMEO allow: then the call fails as if it did not wait. */
static int
wait_io(int fd, int events)
{
  int milliseconds, rc;

  rc = host_sock_getopt(fd, SOL_SOCKET, events == EV_READ ? SO_RCVTIMEO : SO_SNDTIMEO, &milliseconds);
  rc = thread_wait_io(fd, events, rc < 0 || milliseconds == 0 ? -1. : milliseconds * 1e-3);
  if (rc == -1 && errno == ETIMEDOUT)
    errno = EAGAIN;
  return rc;
}

/* True when the call is to be tried again: it would have blocked, and the wait was not interrupted. */
static int
again(int value, int fd, int events, int flags)
{
  return value == -EAGAIN && !(flags & MSG_DONTWAIT) && wait_io(fd, events) != -1;
}

/* The error of the wait (a kill, a close) tells more than the call's EAGAIN. */
static ssize_t
finished(int value, int flags)
{
  return value == -EAGAIN && !(flags & MSG_DONTWAIT) ? -1 : result(value);
}

int socket(int family, int type, int protocol) { return result(host_sock_open(family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol)); }
int bind(int fd, const struct sockaddr *address, socklen_t length) { return result(host_sock_bind(fd, address, length)); }
int socketpair(int family, int type, int protocol, int fds[2]) { return result(host_sock_pair(family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol, fds)); }
int dup(int fd) { return result(host_fd_dup(fd, -1)); }
int dup2(int fd, int to) { return to < 0 ? result(-EBADF) : result(host_fd_dup(fd, to)); }
int dup3(int fd, int to, int flags) { (void)flags; return fd == to ? result(-EINVAL) : dup2(fd, to); }
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
  if (wait_io(fd, EV_WRITE) == -1) {
    if (errno == EAGAIN)
      errno = EINPROGRESS;
    return -1;
  }
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

/* Receives as recvfrom(), but returns a datagram's own length, which may be more than there was room for. */
static ssize_t
receive(int fd, void *buffer, size_t length, int flags, struct sockaddr *address, socklen_t *size)
{
  int rc, peek = !!(flags & MSG_PEEK);

  if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_PEEK | MSG_TRUNC)) {
    errno = EOPNOTSUPP;
    return -1;
  }
  while (again(rc = host_sock_recvfrom(fd, buffer, length, peek, address, (int *)size), fd, EV_READ, flags))
    ;
  return finished(rc, flags);
}

ssize_t
recvfrom(int fd, void *restrict buffer, size_t length, int flags, struct sockaddr *restrict address, socklen_t *restrict size)
{
  ssize_t n = receive(fd, buffer, length, flags, address, size);
  return n > (ssize_t)length && !(flags & MSG_TRUNC) ? (ssize_t)length : n;
}

ssize_t
recv(int fd, void *buffer, size_t length, int flags)
{
  int rc;

  if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL))
    return recvfrom(fd, buffer, length, flags, NULL, NULL);
  while (again(rc = host_sock_recv(fd, buffer, length), fd, EV_READ, flags))
    ;
  return finished(rc, flags);
}

/* As on a blocking socket, all is sent before it returns, unless an error comes between: then what was taken is counted. */
ssize_t
sendto(int fd, const void *buffer, size_t length, int flags, const struct sockaddr *address, socklen_t size)
{
  size_t sent = 0;
  int rc;

  if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) {
    errno = EOPNOTSUPP;
    return -1;
  }
  for (;;) {
    const char *rest = (const char *)buffer + sent;
    rc = address ? host_sock_sendto(fd, rest, length - sent, address, size) : host_sock_send(fd, rest, length - sent);
    if (rc >= 0) {
      sent += rc;
      if (sent == length || flags & MSG_DONTWAIT)
        return sent;
    } else if (!again(rc, fd, EV_WRITE, flags))
      return sent ? (ssize_t)sent : finished(rc, flags);
  }
}

ssize_t send(int fd, const void *buffer, size_t length, int flags) { return sendto(fd, buffer, length, flags, NULL, 0); }

static size_t
total(const struct msghdr *message)
{
  size_t length = 0;

  for (int i = 0; i < message->msg_iovlen; i++)
    length += message->msg_iov[i].iov_len;
  return length;
}

/* Copies between a buffer and the parts of a message, as far as `length` goes. */
static void
copy_parts(const struct msghdr *message, char *buffer, size_t length, int to_buffer)
{
  for (int i = 0; i < message->msg_iovlen && length; i++) {
    const struct iovec *part = &message->msg_iov[i];
    size_t n = part->iov_len < length ? part->iov_len : length;

    memcpy(to_buffer ? buffer : part->iov_base, to_buffer ? part->iov_base : buffer, n);
    buffer += n;
    length -= n;
  }
}

/* A message of one part is used as it is; others go through a buffer of their own. Says whether there is memory for that. */
static int
get_buffer(const struct msghdr *message, size_t length, char **buffer)
{
  if (message->msg_iovlen == 1) {
    *buffer = message->msg_iov->iov_base;
    return 1;
  }
  if ((*buffer = malloc(length ? length : 1)))
    return 1;
  errno = ENOMEM;
  return 0;
}

static void
free_buffer(const struct msghdr *message, char *buffer)
{
  int error = errno;

  if (message->msg_iovlen != 1)
    free(buffer);
  errno = error;
}

/* Hosts have no control messages to send. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
  size_t length = total(message);
  char *buffer;
  ssize_t n;

  if (message->msg_controllen) {
    errno = EOPNOTSUPP;
    return -1;
  }
  if (!get_buffer(message, length, &buffer))
    return -1;
  if (message->msg_iovlen != 1)
    copy_parts(message, buffer, length, 1);
  n = sendto(fd, buffer, length, flags, message->msg_name, message->msg_namelen);
  free_buffer(message, buffer);
  return n;
}

/* None are ever received. */
ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
  size_t length = total(message);
  socklen_t size = message->msg_namelen;
  char *buffer;
  ssize_t n;

  if (!get_buffer(message, length, &buffer))
    return -1;
  if ((n = receive(fd, buffer, length, flags, message->msg_name, &size)) >= 0) {
    if (message->msg_iovlen != 1)
      copy_parts(message, buffer, (size_t)n < length ? (size_t)n : length, 0);
    message->msg_namelen = message->msg_name ? size : 0;
    message->msg_controllen = 0;
    message->msg_flags = (size_t)n > length ? MSG_TRUNC : 0;
    if ((size_t)n > length && !(flags & MSG_TRUNC))
      n = length;
  }
  free_buffer(message, buffer);
  return n;
}

static int
is_timeout(int level, int name)
{
  return level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO);
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
  struct linger linger;
  struct timeval time;
  int number;

  if (length > sizeof(int) && (level == IPPROTO_IP || level == IPPROTO_IPV6))
    return result(host_sock_setopt_bytes(fd, level, name, value, length));
  if (length == 1 && level == IPPROTO_IP) /* a TTL or a flag may be a char */
    return result(host_sock_setopt(fd, level, name, *(const unsigned char *)value));
  if (level == SOL_SOCKET && name == SO_LINGER) {
    if (length < sizeof linger)
      return result(-EINVAL);
    memcpy(&linger, value, sizeof linger);
    number = linger.l_onoff ? LINGER_ON | (linger.l_linger & 0xffff) : 0;
  } else if (is_timeout(level, name)) {
    if (length < sizeof time)
      return result(-EINVAL);
    memcpy(&time, value, sizeof time);
    if (time.tv_usec < 0 || time.tv_usec >= 1000000)
      return result(-EDOM);
    if (time.tv_sec < 0 || time.tv_sec > 2000000)
      number = 0;
    else
      number = time.tv_sec * 1000 + (time.tv_usec + 999) / 1000;
  } else {
    if (length < sizeof number)
      return result(-EINVAL);
    memcpy(&number, value, sizeof number);
  }
  return result(host_sock_setopt(fd, level, name, number));
}

/* As in the system, a value is cut to the length that there is room for. */
int
getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length)
{
  union {
    struct linger linger;
    struct timeval time;
    int number;
  } out;
  int number, rc;
  socklen_t size = sizeof number;

  if (*length > INT32_MAX)
    return result(-EINVAL);
  if ((rc = host_sock_getopt(fd, level, name, &number)) < 0)
    return result(rc);
  if (level == SOL_SOCKET && name == SO_LINGER) {
    size = sizeof out.linger;
    out.linger = (struct linger){.l_onoff = !!(number & LINGER_ON), .l_linger = number & 0xffff};
  } else if (is_timeout(level, name)) {
    size = sizeof out.time;
    out.time = (struct timeval){.tv_sec = number / 1000, .tv_usec = number % 1000 * 1000};
  } else
    out.number = number;
  if (*length > size)
    *length = size;
  memcpy(value, &out, *length);
  return 0;
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

/* Unix sockets, pairs of sockets, copies of numbers and socket options through their POSIX names. Run by
 * test/unix.test.ts. */
#include "check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t
named(struct sockaddr_un *address, const char *path)
{
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static socklen_t
abstract(struct sockaddr_un *address, const char *name)
{
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path + 1, name, strlen(name));
  return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static void
echo_once(void *listener)
{
  struct sockaddr_un peer;
  socklen_t length = sizeof peer;
  char buffer[100];
  int fd = accept(*(int *)listener, (struct sockaddr *)&peer, &length);

  CHECK(fd >= 0);
  CHECK(length == offsetof(struct sockaddr_un, sun_path));
  CHECK(peer.sun_family == AF_UNIX);
  ssize_t n = recv(fd, buffer, sizeof buffer, 0);
  CHECK(n == 4);
  CHECK(send(fd, buffer, n, 0) == n);
  CHECK(recv(fd, buffer, sizeof buffer, 0) == 0); /* it is half-closed: what is sent now still arrives */
  CHECK(send(fd, "late", 4, 0) == 4);
  CHECK(close(fd) == 0);
}

static void
talk(struct sockaddr_un *address, socklen_t length)
{
  struct sockaddr_un name;
  socklen_t size = sizeof name;
  char buffer[100];
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  CHECK(listener >= 0 && client >= 0);
  FAILS(connect(client, (struct sockaddr *)address, length), address->sun_path[0] ? ENOENT : ECONNREFUSED);
  FAILS(listen(listener, 5), EINVAL);
  CHECK(bind(listener, (struct sockaddr *)address, length) == 0);
  FAILS(connect(client, (struct sockaddr *)address, length), ECONNREFUSED);
  FAILS(bind(client, (struct sockaddr *)address, length), EADDRINUSE);
  CHECK(listen(listener, 5) == 0);
  CHECK(getsockname(listener, (struct sockaddr *)&name, &size) == 0);
  CHECK(size == length && !memcmp(&name, address, length));

  gevent_thread *thread = gevent_spawn(echo_once, &listener);
  CHECK(connect(client, (struct sockaddr *)address, length) == 0);
  size = sizeof name;
  CHECK(getpeername(client, (struct sockaddr *)&name, &size) == 0);
  CHECK(size == length && !memcmp(&name, address, length));
  CHECK(send(client, "ping", 4, 0) == 4);
  CHECK(recv(client, buffer, sizeof buffer, 0) == 4 && !memcmp(buffer, "ping", 4));
  CHECK(shutdown(client, SHUT_WR) == 0);
  FAILS(send(client, "x", 1, MSG_NOSIGNAL), EPIPE);
  CHECK(recv(client, buffer, sizeof buffer, 0) == 4);
  CHECK(recv(client, buffer, sizeof buffer, 0) == 0);
  CHECK(gevent_join(thread, 5) == 0);
  CHECK(close(client) == 0 && close(listener) == 0);
}

/* $SOCKET is a path in a folder of the test's own. */
static void
test_path(void)
{
  struct sockaddr_un address;
  socklen_t length = named(&address, getenv("SOCKET"));

  talk(&address, length);
  int second = socket(AF_UNIX, SOCK_STREAM, 0);
  FAILS(connect(second, (struct sockaddr *)&address, length), ECONNREFUSED); /* the file has stayed */
  FAILS(bind(second, (struct sockaddr *)&address, sizeof address + 1), EINVAL);
  FAILS(bind(second, (struct sockaddr *)&address, 1), EINVAL);
  FAILS(shutdown(second, SHUT_RDWR), ENOTCONN);
  close(second);
}

static void
test_abstract(void)
{
  struct sockaddr_un address;
  talk(&address, abstract(&address, getenv("SOCKET")));
}

static void
write_much(void *end)
{
  static char block[1 << 20];
  CHECK(write(*(int *)end, block, sizeof block) == sizeof block);
  CHECK(shutdown(*(int *)end, SHUT_WR) == 0);
}

static void
test_pair(void)
{
  int ends[2], type = 0, total = 0;
  socklen_t length = sizeof type;
  char buffer[4096];
  ssize_t n;

  FAILS(socketpair(AF_INET, SOCK_STREAM, 0, ends), EOPNOTSUPP);
  FAILS(socketpair(AF_UNIX, SOCK_RAW, 0, ends), EPROTONOSUPPORT);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(ends[0] != ends[1] && ends[0] > 2 && ends[1] > 2);
  CHECK(getsockopt(ends[0], SOL_SOCKET, SO_DOMAIN, &type, &length) == 0 && type == AF_UNIX);
  CHECK(send(ends[0], "one", 3, 0) == 3);
  CHECK(send(ends[1], "two!", 4, 0) == 4);
  CHECK(recv(ends[1], buffer, sizeof buffer, 0) == 3);
  CHECK(recv(ends[0], buffer, sizeof buffer, 0) == 4);
  FAILS(recv(ends[0], buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);

  gevent_thread *writer = gevent_spawn(write_much, &ends[0]);
  while ((n = read(ends[1], buffer, sizeof buffer)) > 0)
    total += n;
  CHECK(n == 0 && total == 1 << 20);
  CHECK(gevent_join(writer, 5) == 0);
  CHECK(send(ends[1], "back", 4, 0) == 4); /* the other direction is open still */
  CHECK(recv(ends[0], buffer, sizeof buffer, 0) == 4);
  CHECK(close(ends[1]) == 0);
  CHECK(recv(ends[0], buffer, sizeof buffer, 0) == 0);
  FAILS(send(ends[0], "x", 1, 0), EPIPE);
  CHECK(close(ends[0]) == 0);
  FAILS(close(ends[0]), EBADF);
  FAILS(recv(ends[0], buffer, 1, 0), EBADF);
}

static void
test_dup(void)
{
  int ends[2], other[2];
  char buffer[10];

  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  int copy = dup(ends[0]);
  CHECK(copy >= 0 && copy != ends[0]);
  CHECK(close(ends[0]) == 0); /* the connection lives on under the other number */
  CHECK(send(copy, "x", 1, 0) == 1);
  CHECK(recv(ends[1], buffer, 1, 0) == 1);
  CHECK(fcntl(copy, F_DUPFD, 0) == ends[0]); /* the lowest free number */
  CHECK(close(copy) == 0);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
  CHECK(dup2(ends[0], other[0]) == other[0]); /* which closes what it was */
  CHECK(recv(other[1], buffer, 1, 0) == 0);
  CHECK(dup2(ends[0], ends[0]) == ends[0]);
  CHECK(send(other[0], "y", 1, 0) == 1 && recv(ends[1], buffer, 1, 0) == 1);
  CHECK(dup2(ends[0], 1000) == 1000 && close(1000) == 0);
  FAILS(dup3(ends[0], ends[0], 0), EINVAL);
  FAILS(dup(12345), EBADF);
  FAILS(dup2(12345, ends[0]), EBADF);
  FAILS(dup2(ends[0], -1), EBADF);
  CHECK(close(ends[0]) == 0 && close(other[0]) == 0);
  CHECK(recv(ends[1], buffer, 1, 0) == 0);
  CHECK(close(ends[1]) == 0 && close(other[1]) == 0);
}

static int
option(int fd, int level, int name)
{
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) == 0 && length == sizeof value ? value : -errno;
}

static void
test_options(void)
{
  int fd = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), on = 1;
  struct linger linger = {1, 5}, readLinger = {0, 0};
  struct timeval wait = {0, 20000}, readWait = {0, 0};
  socklen_t length = sizeof readLinger;
  char part = 0;

  CHECK(option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
  CHECK(option(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET);
  CHECK(option(local, SOL_SOCKET, SO_DOMAIN) == AF_UNIX);
  CHECK(option(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
  CHECK(option(local, SOL_SOCKET, SO_PROTOCOL) == 0);
  CHECK(option(fd, SOL_SOCKET, SO_ERROR) == 0);
  CHECK(option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0);
  CHECK(listen(fd, 5) == 0 && option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1);
  CHECK(option(fd, SOL_SOCKET, SO_RCVBUF) > 0 && option(fd, SOL_SOCKET, SO_SNDBUF) > 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && option(fd, SOL_SOCKET, SO_REUSEADDR) == 1);
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 && option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 75 && option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 9);
  FAILS(setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &on, sizeof on), ENOPROTOOPT);
  FAILS(setsockopt(local, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), EOPNOTSUPP);
  FAILS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, 1), EINVAL);
  FAILS(setsockopt(fd, SOL_SOCKET, 9999, &on, sizeof on), ENOPROTOOPT);
  FAILS(setsockopt(12345, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), EBADF);

  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &readLinger, &length) == 0 && length == sizeof readLinger);
  CHECK(readLinger.l_onoff == 1 && readLinger.l_linger == 5);
  FAILS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4), EINVAL);
  length = 1; /* as in the system, the value is cut */
  CHECK(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &part, &length) == 0 && length == 1 && part == 1);

  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
  length = sizeof readWait;
  CHECK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &readWait, &length) == 0 && length == sizeof readWait);
  CHECK(readWait.tv_sec == 0 && readWait.tv_usec == 20000);
  FAILS(accept(fd, 0, 0), EAGAIN); /* after the time has passed */
  CHECK(close(fd) == 0 && close(local) == 0);
}

static const struct check checks[] = {
  {"path", test_path},
  {"abstract", test_abstract},
  {"pair", test_pair},
  {"dup", test_dup},
  {"options", test_options},
};

MAIN(checks)

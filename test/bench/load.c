/* The load for an echo server: load PORT|PATH CONNECTIONS SIZE SECONDS. Each connection sends SIZE bytes, reads them back, checks
 * them and starts again, until the time is over and all that was sent has come back. With a SIZE of 0 each waits for the server
 * to close it and is then opened anew. Writes how many exchanges, or connections, there were. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int fd;
  size_t sent, received;
};

static size_t size;
static char *message, *buffer;
static long exchanges;
static int poll;
static const char *target;
static int busy, over; /* connections that wait for an answer; whether the time is over */

static void
fail(const char *what)
{
  perror(what);
  exit(1);
}

static double
now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static int
connect_to(const char *target)
{
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons(atoi(target)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int is_path = *target == '/';
  int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);

  strncpy(path.sun_path, target, sizeof path.sun_path - 1);
  if (fd < 0 || (is_path ? connect(fd, (struct sockaddr *)&path, sizeof path) : connect(fd, (struct sockaddr *)&port, sizeof port)))
    fail("connect");
  return fd;
}

static void
open_connection(struct connection *c)
{
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  int one = 1, fd = connect_to(target);

  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event))
    fail("epoll_ctl");
  c->fd = fd;
}

/* The connection has been closed by the server. It is reset, so that no port is kept back for a minute. */
static void
open_next(struct connection *c)
{
  struct linger reset = {.l_onoff = 1};

  if (recv(c->fd, buffer, 1, MSG_DONTWAIT) != 0)
    fail("recv");
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(c->fd);
  exchanges++;
  if (over)
    busy--;
  else
    open_connection(c);
}

static void
send_more(struct connection *c)
{
  while (c->sent < size) {
    ssize_t n = send(c->fd, message + c->sent, size - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno == EAGAIN)
      return;
    if (n < 0)
      fail("send");
    c->sent += n;
  }
}

static void
receive_more(struct connection *c)
{
  for (;;) {
    ssize_t n = recv(c->fd, buffer, size - c->received, MSG_DONTWAIT);

    if (n < 0 && errno == EAGAIN)
      return;
    if (n <= 0)
      fail("recv");
    if (memcmp(buffer, message + c->received, n)) {
      fputs("the echo is wrong\n", stderr);
      exit(1);
    }
    c->received += n;
    if (c->received == size) {
      exchanges++;
      c->sent = c->received = 0;
      if (over) {
        close(c->fd);
        busy--;
      } else
        send_more(c);
      return; /* the answer cannot be there yet */
    }
  }
}

int
main(int argc, char **argv)
{
  int count;
  struct connection *connections;
  struct epoll_event events[64];
  double end;

  if (argc != 5)
    return 2;
  target = argv[1];
  count = atoi(argv[2]);
  size = atol(argv[3]);
  message = malloc(size + 1);
  buffer = malloc(size + 1);
  connections = calloc(count, sizeof *connections);
  if (!message || !buffer || !connections || (poll = epoll_create1(0)) < 0)
    fail("load");
  for (size_t i = 0; i < size; i++)
    message[i] = (char)(i * 31 + (i >> 8));
  for (int i = 0; i < count; i++)
    open_connection(&connections[i]);
  end = now() + atof(argv[4]);
  for (busy = count; busy > 0;) {
    int n = epoll_wait(poll, events, 64, 100);

    over = now() >= end;
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;

      if (events[i].events & EPOLLOUT && size > 0)
        send_more(c);
      if (size == 0 && events[i].events & EPOLLIN)
        open_next(c);
      else if (size > 0 && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive_more(c);
    }
  }
  printf("%ld\n", exchanges);
  return 0;
}

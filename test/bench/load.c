/* The load for an echo server: load PORT CONNECTIONS SIZE SECONDS. Each connection sends SIZE bytes, reads them back, checks
 * them and starts again, until the time is over and all that was sent has come back. Writes how many exchanges there were. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int fd;
  size_t sent, received;
};

static size_t size;
static char *message, *buffer;
static long exchanges;
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
open_connection(int port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
    fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
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
  int count, poll;
  struct connection *connections;
  struct epoll_event events[64];
  double end;

  if (argc != 5)
    return 2;
  count = atoi(argv[2]);
  size = atol(argv[3]);
  message = malloc(size);
  buffer = malloc(size);
  connections = calloc(count, sizeof *connections);
  if (!message || !buffer || !connections || (poll = epoll_create1(0)) < 0)
    fail("load");
  for (size_t i = 0; i < size; i++)
    message[i] = (char)(i * 31 + (i >> 8));
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &connections[i]};

    connections[i].fd = open_connection(atoi(argv[1]));
    if (epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event))
      fail("epoll_ctl");
  }
  end = now() + atof(argv[4]);
  for (busy = count; busy > 0;) {
    int n = epoll_wait(poll, events, 64, 100);

    over = now() >= end;
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;

      if (events[i].events & EPOLLOUT)
        send_more(c);
      if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive_more(c);
    }
  }
  printf("%ld\n", exchanges);
  return 0;
}

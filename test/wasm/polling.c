/* poll() and select(): what they say, and that they park one green thread only. */
#define _GNU_SOURCE
#include "check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

struct job {
  int fd, rounds;
  double delay;
};

static void
tick(void *argument)
{
  struct job *job = argument;
  for (;;) {
    job->rounds++;
    if (gevent_sleep(0.001))
      return;
  }
}

static void
write_later(void *argument)
{
  struct job *job = argument;
  gevent_sleep(job->delay);
  CHECK(write(job->fd, "x", 1) == 1);
}

static void
close_later(void *argument)
{
  struct job *job = argument;
  gevent_sleep(job->delay);
  CHECK(close(job->fd) == 0);
}

static void
timeouts(void)
{
  int fds[2];
  struct job job = {.rounds = 0};
  gevent_thread *other = gevent_spawn(tick, &job);
  struct pollfd one;
  double start = now();

  CHECK(pipe(fds) == 0);
  one = (struct pollfd){.fd = fds[0], .events = POLLIN};
  CHECK(poll(&one, 1, 30) == 0);
  CHECK(now() - start >= 0.025);
  CHECK(one.revents == 0);
  CHECK(job.rounds > 1); /* on a busy machine both may be due at once */
  CHECK(poll(0, 0, 10) == 0);
  CHECK(poll(&one, 1, 0) == 0);
  /* a thread that only polls lets others run */
  start = job.rounds;
  for (int i = 0; i < 1000000 && job.rounds == start; i++)
    poll(&one, 1, 0);
  CHECK(job.rounds > start);
  gevent_kill(other);
  CHECK(gevent_join(other, 5) == GEVENT_KILLED);
}

static void
pipes(void)
{
  int fds[2];
  char byte;
  struct pollfd both[2];

  CHECK(pipe(fds) == 0);
  both[0] = (struct pollfd){.fd = fds[0], .events = POLLIN | POLLOUT};
  both[1] = (struct pollfd){.fd = fds[1], .events = POLLIN | POLLOUT};
  CHECK(poll(both, 2, -1) == 1);
  CHECK(both[0].revents == 0 && both[1].revents == POLLOUT);
  CHECK(write(fds[1], "x", 1) == 1);
  CHECK(poll(both, 2, 0) == 2);
  CHECK(both[0].revents == POLLIN);
  CHECK(read(fds[0], &byte, 1) == 1);
  close(fds[1]);
  CHECK(poll(both, 2, -1) == 2);
  CHECK(both[0].revents == POLLHUP && both[1].revents == POLLNVAL);
  both[1].fd = -1; /* is left out */
  CHECK(poll(both, 2, -1) == 1 && both[1].revents == 0);
}

static void
several(void)
{
  enum { COUNT = 20 };
  struct pollfd list[COUNT];
  int ends[COUNT];
  struct job job = {.delay = 0.01};

  for (int i = 0; i < COUNT; i++) {
    int fds[2];
    CHECK(pipe(fds) == 0);
    list[i] = (struct pollfd){.fd = fds[0], .events = POLLIN};
    ends[i] = fds[1];
  }
  job.fd = ends[13];
  for (int round = 0; round < 3; round++) {
    gevent_thread *writer = gevent_spawn(write_later, &job);
    char byte;
    CHECK(poll(list, COUNT, 5000) == 1);
    CHECK(list[13].revents == POLLIN);
    CHECK(read(list[13].fd, &byte, 1) == 1);
    CHECK(gevent_join(writer, 5) == GEVENT_RETURNED);
  }
}

static void
connect_later(void *argument)
{
  struct job *job = argument;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(job->rounds), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  gevent_sleep(job->delay);
  CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(send(fd, "hello", 5, 0) == 5);
  close(fd);
}

static void
sockets(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  struct pollfd one = {.events = POLLIN};
  struct job job = {.delay = 0.01};
  char buffer[10];
  int fd;

  one.fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(one.fd, (struct sockaddr *)&address, length) == 0 && listen(one.fd, 5) == 0);
  CHECK(getsockname(one.fd, (struct sockaddr *)&address, &length) == 0);
  job.rounds = ntohs(address.sin_port);
  gevent_detach(gevent_spawn(connect_later, &job));
  CHECK(poll(&one, 1, 5000) == 1 && one.revents == POLLIN);
  fd = accept(one.fd, 0, 0);
  CHECK(fd >= 0);
  one = (struct pollfd){.fd = fd, .events = POLLIN};
  CHECK(poll(&one, 1, 5000) == 1 && one.revents & POLLIN);
  CHECK(recv(fd, buffer, sizeof buffer, 0) == 5);
  CHECK(poll(&one, 1, 5000) == 1);
  CHECK(recv(fd, buffer, sizeof buffer, 0) == 0);
}

static void
closing(void)
{
  int fds[2];
  struct pollfd one;
  fd_set set;
  struct job job = {.delay = 0.01};
  gevent_thread *closer;

  CHECK(pipe(fds) == 0);
  one = (struct pollfd){.fd = fds[0], .events = POLLIN};
  job.fd = fds[0];
  closer = gevent_spawn(close_later, &job);
  CHECK(poll(&one, 1, 5000) == 1 && one.revents == POLLNVAL);
  CHECK(gevent_join(closer, 5) == GEVENT_RETURNED);
  CHECK(pipe(fds) == 0);
  job.fd = fds[0];
  closer = gevent_spawn(close_later, &job);
  FD_ZERO(&set);
  FD_SET(fds[0], &set);
  FAILS(select(fds[0] + 1, &set, 0, 0, 0), EBADF);
  CHECK(gevent_join(closer, 5) == GEVENT_RETURNED);
}

static void
poll_for_ever(void *argument)
{
  struct pollfd one = {.fd = *(int *)argument, .events = POLLIN};
  FAILS(poll(&one, 1, -1), ECANCELED);
}

static void
trap_after_poll(void *argument)
{
  struct pollfd one = {.fd = *(int *)argument, .events = POLLIN};
  poll(&one, 1, 1);
  __builtin_trap();
}

static void
killing(void)
{
  int fds[2];
  gevent_thread *waiting, *crashing;

  CHECK(pipe(fds) == 0);
  waiting = gevent_spawn(poll_for_ever, &fds[0]);
  gevent_sleep(0.001);
  CHECK(gevent_kill(waiting) == 0);
  CHECK(gevent_join(waiting, 5) == GEVENT_KILLED);
  crashing = gevent_spawn(trap_after_poll, &fds[0]);
  CHECK(gevent_join(crashing, 5) == GEVENT_CRASHED);
  CHECK(write(fds[1], "x", 1) == 1);
  gevent_sleep(0.001); /* a watcher that was left behind would fire now */
}

static void
sets(void)
{
  int first[2], second[2];
  fd_set readers, writers, others;
  struct timeval soon = {.tv_usec = 20000};
  struct timespec sooner = {.tv_nsec = 1000000};
  int highest;

  CHECK(pipe(first) == 0 && pipe(second) == 0);
  highest = (second[1] > first[1] ? second[1] : first[1]) + 1;
  FD_ZERO(&readers);
  FD_ZERO(&writers);
  FD_SET(first[0], &readers);
  FD_SET(second[0], &readers);
  others = readers;
  CHECK(select(highest, &readers, 0, &others, &soon) == 0);
  CHECK(!FD_ISSET(first[0], &readers) && !FD_ISSET(first[0], &others));
  CHECK(write(second[1], "x", 1) == 1);
  FD_SET(first[0], &readers);
  FD_SET(second[0], &readers);
  FD_SET(first[1], &writers);
  CHECK(select(highest, &readers, &writers, 0, 0) == 2);
  CHECK(!FD_ISSET(first[0], &readers) && FD_ISSET(second[0], &readers) && FD_ISSET(first[1], &writers));
  CHECK(select(0, 0, 0, 0, &soon) == 0);
  FD_ZERO(&readers);
  FD_SET(first[0], &readers);
  CHECK(pselect(highest, &readers, 0, 0, &sooner, 0) == 0);
  FD_SET(0, &readers); /* standard input is at its end */
  CHECK(select(1, &readers, 0, 0, 0) == 1);
}

static void
arguments(void)
{
  struct timeval bad = {.tv_sec = -1};
  struct timespec odd = {.tv_nsec = 2000000000};
  fd_set set;
  struct pollfd one = {.fd = 9999, .events = POLLIN};

  FD_ZERO(&set);
  FD_SET(999, &set);
  FAILS(select(1000, &set, 0, 0, 0), EBADF);
  FAILS(select(-1, 0, 0, 0, 0), EINVAL);
  FAILS(select(FD_SETSIZE + 1, 0, 0, 0, 0), EINVAL);
  FAILS(select(0, 0, 0, 0, &bad), EINVAL);
  FAILS(ppoll(0, 0, &odd, 0), EINVAL);
  CHECK(poll(&one, 1, -1) == 1 && one.revents == POLLNVAL);
}

static void
uninteresting(void)
{
  int fds[2];
  struct pollfd one;
  struct job job = {.delay = 0.02};
  gevent_thread *closer;

  CHECK(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
  one = (struct pollfd){.fd = fds[0]};
  CHECK(poll(&one, 1, 20) == 0);
  job.fd = fds[1];
  closer = gevent_spawn(close_later, &job);
  CHECK(poll(&one, 1, 5000) == 1 && one.revents == POLLHUP);
  CHECK(gevent_join(closer, 5) == GEVENT_RETURNED);
}

static const struct check checks[] = {
    {"timeouts", timeouts}, {"pipes", pipes},     {"several", several}, {"sockets", sockets},     {"closing", closing},
    {"killing", killing},   {"sets", sets},       {"arguments", arguments}, {"uninteresting", uninteresting},
};
MAIN(checks)

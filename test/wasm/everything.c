/* What test/program.test.ts runs: the first argument says what to do. */
#include <arpa/inet.h>
#include <errno.h>
#include <gevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connected(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) { int error = errno; close(fd); errno = error; return -1; }
  return fd;
}
static int recurse(int n) { volatile char frame[256]; frame[n & 255] = n; return n < 0 ? n : n + recurse(n + 1) + frame[n & 255]; }
static void trap(void *unused) { (void)unused; gevent_yield(); __builtin_trap(); }
static void overflow(void *unused) { (void)unused; gevent_yield(); printf("%d", recurse(0)); }
static void count(void *counter) { for (int i = 0; i < 100; i++) { gevent_yield(); ++*(int *)counter; } }
static void serve(void *listener) {
  char buffer[100];
  int fd = accept(*(int *)listener, 0, 0);
  ssize_t n = recv(fd, buffer, sizeof buffer, 0);
  send(fd, buffer, n, 0);
  close(fd);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "status")) return atoi(argv[2]);
  if (!strcmp(what, "exit")) exit(atoi(argv[2]));
  if (!strcmp(what, "abort")) abort();
  if (!strcmp(what, "trap")) trap(0);
  if (!strcmp(what, "overflow")) overflow(0);
  if (!strcmp(what, "forever")) for (;;) gevent_sleep(1);
  if (!strcmp(what, "env")) { puts(getenv("NAME") ? getenv("NAME") : "none"); return 0; }
  if (!strcmp(what, "deadlock")) { void *value; return gevent_channel_receive(gevent_channel_new(0), &value); }
  if (!strcmp(what, "hold")) { if (connected(atoi(argv[2])) < 0) return 1; puts("connected"); fflush(stdout); gevent_sleep(3600); }
  if (!strcmp(what, "refused")) { int fd = connected(atoi(argv[2])); puts(fd < 0 ? strerror(errno) : "connected"); return fd >= 0; }
  if (!strcmp(what, "crashes")) {
    int counter = 0;
    gevent_thread *bad = gevent_spawn(trap, 0), *deep = gevent_spawn(overflow, 0), *good = gevent_spawn(count, &counter);
    int a = gevent_join(bad, -1), b = gevent_join(deep, -1), c = gevent_join(good, -1);
    printf("%d %d %d %d\n", a, b, c, counter);
    return 0;
  }
  if (!strcmp(what, "server")) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    char buffer[100];
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 128) || getsockname(listener, (struct sockaddr *)&address, &length)) return 1;
    gevent_thread *thread = gevent_spawn(serve, &listener);
    int fd = connected(ntohs(address.sin_port));
    if (fd < 0 || send(fd, "ping", 4, 0) != 4) return 2;
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    printf("%.*s %zd\n", (int)n, buffer, recv(fd, buffer, sizeof buffer, 0));
    return gevent_join(thread, 5);
  }
  printf("%d arguments\n", argc - 1);
  return 0;
}

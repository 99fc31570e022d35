/* A thousand blocking clients on one JavaScript thread: each connects, sends lines and reads its echo.
 *
 *   gevent cc examples/c/echo_client.c -o echo_client.wasm
 *   gevent run echo_client.wasm [PORT [CLIENTS [MESSAGES]]]
 *
 * PORT is a server's that echoes on 127.0.0.1: `node build/examples/echoserver.mjs` has 16000. */
#include <arpa/inet.h>
#include <errno.h>
#include <gevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in server;
static int messages = 10;
static long bytes;
static int served;

static int
send_all(int fd, const char *data, size_t length)
{
  while (length) {
    ssize_t n = send(fd, data, length, 0);
    if (n < 0)
      return -1;
    data += n;
    length -= n;
  }
  return 0;
}

/* Reads until `text` has come; the server may greet before it echoes. */
static int
expect(int fd, const char *text)
{
  char buffer[1024];
  size_t length = 0;

  while (length < sizeof buffer - 1) {
    ssize_t n = recv(fd, buffer + length, sizeof buffer - 1 - length, 0);
    if (n <= 0)
      return -1;
    length += n;
    bytes += n;
    buffer[length] = 0;
    if (strstr(buffer, text))
      return 0;
  }
  return -1;
}

static void
client(void *argument)
{
  int number = (int)(size_t)argument;
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
    fprintf(stderr, "client %d: %s\n", number, strerror(errno));
    if (fd >= 0)
      close(fd);
    return;
  }
  for (int i = 0; i < messages; i++) {
    char line[64];
    snprintf(line, sizeof line, "client %d, line %d\n", number, i);
    if (send_all(fd, line, strlen(line)) || expect(fd, line)) {
      fprintf(stderr, "client %d: the connection broke in line %d\n", number, i);
      close(fd);
      return;
    }
    gevent_yield();
  }
  close(fd);
  served++;
}

int
main(int argc, char **argv)
{
  int clients = argc > 2 ? atoi(argv[2]) : 1000;
  gevent_thread **threads = calloc(clients, sizeof *threads);

  server.sin_family = AF_INET;
  server.sin_port = htons(argc > 1 ? atoi(argv[1]) : 16000);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (argc > 3)
    messages = atoi(argv[3]);
  for (int i = 0; i < clients; i++)
    if (!(threads[i] = gevent_spawn(client, (void *)(size_t)i))) {
      perror("gevent_spawn");
      return 1;
    }
  int unfinished = gevent_joinall(threads, clients, 30.);
  printf("%d of %d clients served, %ld bytes echoed\n", served, clients, bytes);
  free(threads);
  return unfinished == 0 && served == clients ? 0 : 1;
}

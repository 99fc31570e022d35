/* What test/names.test.ts runs: the first argument says which call of netdb.h to make. */
#include <arpa/inet.h>
#include <errno.h>
#include <gevent.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void show(int family, const void *address) {
  char text[INET6_ADDRSTRLEN];
  printf(" %s", inet_ntop(family, address, text, sizeof text));
}

static void addresses(const char *node, const char *service, int flags) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags}, *list;
  int error = getaddrinfo(*node ? node : NULL, *service ? service : NULL, &hints, &list);
  if (error) { printf("error %d %s\n", error, gai_strerror(error)); return; }
  char line[512]; /* in one piece, for other threads print meanwhile */
  int length = snprintf(line, sizeof line, "%s:", list->ai_canonname ? list->ai_canonname : "-");
  for (struct addrinfo *one = list; one; one = one->ai_next) {
    char host[64], port[16];
    if (getnameinfo(one->ai_addr, one->ai_addrlen, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV)) abort();
    length += snprintf(line + length, sizeof line - length, " %d/%d %s %s", one->ai_family, one->ai_socktype, host, port);
  }
  puts(line);
  freeaddrinfo(list);
}

static void entry(struct hostent *host) {
  if (!host) { printf("error %d %s\n", h_errno, hstrerror(h_errno)); return; }
  printf("%s (", host->h_name);
  for (char **alias = host->h_aliases; *alias; alias++) printf("%s ", *alias);
  printf("%d)", host->h_length);
  for (char **address = host->h_addr_list; *address; address++) show(host->h_addrtype, *address);
  puts("");
}

static void names(const char *text, int port, int flags) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  char host[256], service[32];
  inet_pton(AF_INET, text, &address.sin_addr);
  int error = getnameinfo((struct sockaddr *)&address, sizeof address, host, sizeof host, service, sizeof service, flags);
  if (error) printf("error %d\n", error);
  else printf("%s %s\n", host, service);
  if (getnameinfo((struct sockaddr *)&address, sizeof address, host, 2, NULL, 0, NI_NUMERICHOST) != EAI_OVERFLOW) puts("no overflow");
}

static void look(void *name) { addresses(name, "80", 0); }
static void hang(void *failure) {
  struct addrinfo *list;
  *(int *)failure = getaddrinfo("silent.test", "80", NULL, &list) == EAI_SYSTEM ? errno : -1;
}

int main(int argc, char **argv) {
  const char *what = argv[1];
  if (!strcmp(what, "addresses")) addresses(argv[2], argv[3], argc > 4 ? atoi(argv[4]) : 0);
  if (!strcmp(what, "byname")) entry(gethostbyname(argv[2]));
  if (!strcmp(what, "byaddr")) { struct in_addr address; inet_pton(AF_INET, argv[2], &address); entry(gethostbyaddr(&address, sizeof address, AF_INET)); }
  if (!strcmp(what, "names")) names(argv[2], atoi(argv[3]), atoi(argv[4]));
  if (!strcmp(what, "many")) {
    gevent_thread *threads[50];
    for (int i = 0; i < 50; i++) threads[i] = gevent_spawn(look, "host.test");
    return gevent_joinall(threads, 50, 10);
  }
  if (!strcmp(what, "kill")) {
    int failure = 0;
    gevent_thread *thread = gevent_spawn(hang, &failure);
    gevent_sleep(0.05);
    gevent_kill(thread);
    gevent_join(thread, 5);
    puts(failure == ECANCELED ? "cancelled" : "not cancelled");
  }
  if (!strcmp(what, "hang")) hang(&(int){0});
  return 0;
}

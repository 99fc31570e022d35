/* Names for C programs: each call parks its green thread while the resolver of the JavaScript side searches. */
#include "host.h"
#include "hub.h"
#include "thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESSES, NAMES, HOST_BY_NAME, HOST_BY_ADDRESS };

/* What a green thread waits for; netdb_answer() fills it in. */
struct question {
  struct gevent_thread *thread;
  int error; /* an EAI_ number, or with kinds of HOST_ one of h_errno's */
  int answered;
  unsigned char *answer;
  size_t length;
};

/* How TypeScript writes an address: behind the count of all, and before the canonical name. */
struct found {
  int32_t family, type, protocol, length;
  unsigned char address[28];
};

EXPORT(netdb_answer) void
netdb_answer(struct question *question, int error, unsigned char *answer, size_t length)
{
  question->error = error;
  question->answer = answer;
  question->length = length;
  question->answered = 1;
  thread_wake(question->thread);
}

/* The error, EAI_SYSTEM when the wait has failed. The answer is to be freed. */
static int
ask(struct question *question, int kind, const void *name, const char *service, int family, int type, int protocol, int flags)
{
  int rc = 0, failure;

  memset(question, 0, sizeof *question);
  if (!(question->thread = thread_current())) {
    errno = EDEADLK;
    return EAI_SYSTEM;
  }
  if ((rc = host_name_search(question, kind, name, service, family, type, protocol, flags)) < 0) {
    errno = -rc;
    return EAI_SYSTEM;
  }
  ev_ref(hub_loop); /* no watcher of the loop shows that somebody waits */
  while (!question->answered && (rc = thread_wait(-1.)) == 0)
    ;
  failure = errno;
  ev_unref(hub_loop);
  if (!question->answered) {
    host_name_cancel(question);
    errno = failure;
    return EAI_SYSTEM;
  }
  return question->error;
}

int
getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
  static const struct addrinfo none;
  struct question question;
  struct addrinfo **link = result;
  const struct found *found;
  uint32_t count;
  int error;

  if (!hints)
    hints = &none;
  *result = 0;
  error = ask(&question, ADDRESSES, node, service, hints->ai_family, hints->ai_socktype, hints->ai_protocol, hints->ai_flags);
  if (!error) {
    memcpy(&count, question.answer, sizeof count);
    found = (const struct found *)(const void *)(question.answer + sizeof count);
    for (uint32_t i = 0; i < count; i++, found++) {
      struct addrinfo *info = calloc(1, sizeof *info + sizeof found->address);
      if (!info) {
        error = EAI_MEMORY;
        break;
      }
      info->ai_flags = hints->ai_flags;
      info->ai_family = found->family;
      info->ai_socktype = found->type;
      info->ai_protocol = found->protocol;
      info->ai_addrlen = found->length;
      info->ai_addr = memcpy(info + 1, found->address, sizeof found->address);
      *link = info;
      link = &info->ai_next;
    }
    found = (const struct found *)(const void *)(question.answer + sizeof count) + count;
    if (!error && hints->ai_flags & AI_CANONNAME && *result && !((*result)->ai_canonname = strdup((const char *)found)))
      error = EAI_MEMORY;
    if (error) {
      freeaddrinfo(*result);
      *result = 0;
    }
  }
  free(question.answer);
  return error;
}

void
freeaddrinfo(struct addrinfo *info)
{
  struct addrinfo *next;

  for (; info; info = next) {
    next = info->ai_next;
    free(info->ai_canonname);
    free(info);
  }
}

/* Copies as much as there is room for. */
static int
put(char *to, socklen_t room, const char *text)
{
  if (!to || !room)
    return 0;
  if (strlen(text) >= room)
    return EAI_OVERFLOW;
  strcpy(to, text);
  return 0;
}

int
getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host, socklen_t host_room, char *restrict service,
            socklen_t service_room, int flags)
{
  struct question question;
  int error = ask(&question, NAMES, address, 0, length, 0, 0, flags);

  if (!error && !(error = put(host, host_room, (const char *)question.answer)))
    error = put(service, service_room, (const char *)question.answer + strlen((const char *)question.answer) + 1);
  free(question.answer);
  return error;
}

/* The entry of the last gethostby…() of any thread, as POSIX has it: valid until the next one. */
static struct {
  struct hostent entry;
  unsigned char *text; /* what its names point into */
  char **pointers;
  unsigned char (*addresses)[16];
} last;

static struct hostent *
host(struct question *question, int error)
{
  const char *text = (const char *)question->answer;
  size_t names = 0, addresses = 0;
  const char *at;
  char **pointer;

  if (error) {
    free(question->answer);
    h_errno = error == EAI_SYSTEM ? TRY_AGAIN : error;
    return 0;
  }
  free(last.text);
  free(last.pointers);
  free(last.addresses);
  last.text = question->answer;
  /* the name and the aliases, an empty string, the addresses, an empty string */
  for (at = text; *at; at += strlen(at) + 1)
    names++;
  for (at++; *at; at += strlen(at) + 1)
    addresses++;
  last.pointers = calloc(names + addresses + 2, sizeof *last.pointers);
  last.addresses = calloc(addresses ? addresses : 1, sizeof *last.addresses);
  if (!last.pointers || !last.addresses) {
    h_errno = NO_RECOVERY;
    return 0;
  }
  last.entry.h_name = (char *)text;
  last.entry.h_aliases = pointer = last.pointers;
  for (at = text + strlen(text) + 1; *at; at += strlen(at) + 1)
    *pointer++ = (char *)at;
  last.entry.h_addr_list = ++pointer;
  last.entry.h_addrtype = strchr(at + 1, ':') ? AF_INET6 : AF_INET;
  last.entry.h_length = last.entry.h_addrtype == AF_INET6 ? 16 : 4;
  at++;
  for (size_t i = 0; i < addresses; i++, at += strlen(at) + 1) {
    inet_pton(last.entry.h_addrtype, at, last.addresses[i]);
    *pointer++ = (char *)last.addresses[i];
  }
  return &last.entry;
}

struct hostent *
gethostbyname2(const char *name, int family)
{
  struct question question;

  return host(&question, ask(&question, HOST_BY_NAME, name, 0, family, 0, 0, 0));
}

struct hostent *gethostbyname(const char *name) { return gethostbyname2(name, AF_INET); }

struct hostent *
gethostbyaddr(const void *address, socklen_t length, int family)
{
  struct question question;
  char text[INET6_ADDRSTRLEN];

  if (length != (family == AF_INET6 ? 16 : 4) || !inet_ntop(family, address, text, sizeof text)) {
    h_errno = NO_RECOVERY;
    return 0;
  }
  return host(&question, ask(&question, HOST_BY_ADDRESS, text, 0, family, 0, 0, 0));
}

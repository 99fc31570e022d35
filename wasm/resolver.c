/* c-ares in the hub: its sockets are the host's, its readiness and its timeouts are watchers of the loop. */
#include "ev_core.h"
#include "host.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* One of c-ares' sockets, while it waits for it. */
struct watched {
  struct watched *next;
  struct resolver *resolver;
  ev_io io;
};

struct resolver {
  ares_channel_t *channel;
  struct ev_loop *loop;
  struct watched *sockets;
  ev_timer timer;
};

struct query {
  struct resolver *resolver;
  int id;
};

static int
result(int value)
{
  if (value >= 0)
    return value;
  errno = -value;
  return -1;
}

/* --- sockets --- */

static ares_socket_t on_socket(int domain, int type, int protocol, void *unused) { (void)unused; return result(host_sock_open(domain, type, protocol)); }
static int on_close(ares_socket_t fd, void *unused) { (void)unused; return result(host_fd_close(fd)); }

static int
on_connect(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t length, unsigned flags, void *unused)
{
  (void)flags, (void)unused;
  return result(host_sock_connect(fd, address, length));
}

static ares_ssize_t
on_receive(ares_socket_t fd, void *buffer, size_t length, int flags, struct sockaddr *address, ares_socklen_t *size, void *unused)
{
  (void)flags, (void)unused;
  /* every socket of ours is connected: who sent is who was asked */
  if (address && size && result(host_sock_name(fd, 1, address, (int *)size)) < 0)
    return -1;
  return result(host_sock_recv(fd, buffer, length));
}

static ares_ssize_t
on_send(ares_socket_t fd, const void *buffer, size_t length, int flags, const struct sockaddr *address, ares_socklen_t size, void *unused)
{
  (void)flags, (void)address, (void)size, (void)unused;
  return result(host_sock_send(fd, buffer, length));
}

static int
on_option(ares_socket_t fd, ares_socket_opt_t option, const void *value, ares_socklen_t length, void *unused)
{
  (void)fd, (void)option, (void)value, (void)length, (void)unused;
  errno = ENOSYS; /* c-ares goes on without */
  return -1;
}

static const struct ares_socket_functions_ex socket_functions = {
    .version = 1,
    .flags = ARES_SOCKFUNC_FLAG_NONBLOCKING,
    .asocket = on_socket,
    .aclose = on_close,
    .asetsockopt = on_option,
    .aconnect = on_connect,
    .arecvfrom = on_receive,
    .asendto = on_send,
};

/* --- watchers --- */

static void
arm_timer(struct resolver *resolver)
{
  struct timeval delay;

  ev_timer_stop(resolver->loop, &resolver->timer);
  if (!ares_timeout(resolver->channel, 0, &delay))
    return;
  ev_timer_set(&resolver->timer, (double)delay.tv_sec + (double)delay.tv_usec * 1e-6, 0.);
  ev_timer_start(resolver->loop, &resolver->timer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
  struct resolver *resolver = timer->data;

  (void)loop, (void)revents;
  ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  arm_timer(resolver);
}

static void
on_io(struct ev_loop *loop, ev_io *io, int revents)
{
  struct watched *socket = io->data;
  struct resolver *resolver = socket->resolver; /* the socket may be gone afterwards */
  ares_socket_t fd = io->fd;

  (void)loop;
  ares_process_fd(resolver->channel, revents & EV_READ ? fd : ARES_SOCKET_BAD, revents & EV_WRITE ? fd : ARES_SOCKET_BAD);
  arm_timer(resolver);
}

static void
on_state(void *data, ares_socket_t fd, int readable, int writable)
{
  struct resolver *resolver = data;
  struct watched **link = &resolver->sockets, *socket;
  int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

  while ((socket = *link) && socket->io.fd != fd)
    link = &socket->next;
  if (socket) {
    ev_io_stop(resolver->loop, &socket->io);
    if (!events) {
      *link = socket->next;
      free(socket);
      return;
    }
  } else {
    if (!events || !(socket = calloc(1, sizeof *socket)))
      return;
    socket->resolver = resolver;
    socket->next = resolver->sockets;
    resolver->sockets = socket;
  }
  ev_core_io_init(&socket->io, on_io, fd, events);
  socket->io.data = socket;
  ev_io_start(resolver->loop, &socket->io);
}

/* --- what TypeScript calls --- */

EXPORT(resolver_new) struct resolver *
resolver_new(struct ev_loop *loop, const char *servers, int timeout_ms, int tries, int flags)
{
  struct resolver *resolver = calloc(1, sizeof *resolver);
  struct ares_options options;

  if (!resolver)
    return 0;
  memset(&options, 0, sizeof options);
  options.flags = flags;
  options.timeout = timeout_ms;
  options.tries = tries;
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = resolver;
  resolver->loop = loop;
  ev_init(&resolver->timer, on_timer);
  resolver->timer.data = resolver;
  if (ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS) {
    if (ares_init_options(&resolver->channel, &options, ARES_OPT_FLAGS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) == ARES_SUCCESS) {
      if (ares_set_socket_functions_ex(resolver->channel, &socket_functions, 0) == ARES_SUCCESS
          && ares_set_servers_ports_csv(resolver->channel, servers) == ARES_SUCCESS)
        return resolver;
      ares_destroy(resolver->channel);
    }
    ares_library_cleanup();
  }
  free(resolver);
  return 0;
}

/* Queries that are under way end with ARES_EDESTRUCTION. */
EXPORT(resolver_free) void
resolver_free(struct resolver *resolver)
{
  ares_destroy(resolver->channel);
  ares_library_cleanup();
  ev_timer_stop(resolver->loop, &resolver->timer);
  free(resolver);
}

static void
on_addresses(void *data, int status, int timeouts, struct ares_addrinfo *info)
{
  struct query *query = data;

  (void)timeouts;
  host_resolved(query->id, status, info);
  if (info)
    ares_freeaddrinfo(info);
  free(query);
}

/* Answers through host_resolved(id, …), perhaps before it returns. */
EXPORT(resolver_getaddrinfo) int
resolver_getaddrinfo(struct resolver *resolver, const char *name, const char *service, int family, int flags, int id)
{
  struct query *query = malloc(sizeof *query);
  struct ares_addrinfo_hints hints = {.ai_flags = flags, .ai_family = family};

  if (!query)
    return ARES_ENOMEM;
  *query = (struct query){resolver, id};
  ares_getaddrinfo(resolver->channel, name, service, &hints, on_addresses, query);
  arm_timer(resolver);
  return ARES_SUCCESS;
}

/* Walks the answer: the socket address of the node after `node`, or of the first one; NULL after the last. */
EXPORT(addrinfo_next) struct ares_addrinfo_node *
addrinfo_next(const struct ares_addrinfo *info, struct ares_addrinfo_node *node)
{
  return node ? node->ai_next : info->nodes;
}
EXPORT(addrinfo_address) const void *addrinfo_address(const struct ares_addrinfo_node *node) { return node->ai_addr; }
EXPORT(addrinfo_length) int addrinfo_length(const struct ares_addrinfo_node *node) { return node->ai_addrlen; }

EXPORT(resolver_error) const char *resolver_error(int status) { return ares_strerror(status); }
EXPORT(resolver_version) const char *resolver_version(void) { return ares_version(0); }

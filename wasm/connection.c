/* c-ares' sockets: they are the host's, and watchers of the loop tell when they are ready. */
#include "ev_core.h"
#include "host.h"
#include "lookup.h"
#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* One of c-ares' sockets: all are connected, so that who sent is who was asked. */
struct connection {
  struct connection *next;
  struct resolver *resolver;
  ev_io io;
  int fd, datagram;
  ares_socklen_t length;
  struct sockaddr_storage peer;
};

static struct connection *
connection_of(struct resolver *resolver, int fd)
{
  struct connection *connection = resolver->connections;

  while (connection && connection->fd != fd)
    connection = connection->next;
  return connection;
}

static ares_socket_t
on_socket(int domain, int type, int protocol, void *data)
{
  struct resolver *resolver = data;
  struct connection *connection = calloc(1, sizeof *connection);
  int fd;

  if (!connection) {
    errno = ENOMEM;
    return ARES_SOCKET_BAD;
  }
  if ((fd = host_result(host_sock_open(domain, type, protocol))) < 0) {
    free(connection);
    return ARES_SOCKET_BAD;
  }
  connection->resolver = resolver;
  connection->fd = fd;
  connection->datagram = type == SOCK_DGRAM;
  connection->next = resolver->connections;
  resolver->connections = connection;
  return fd;
}

static int
on_close(ares_socket_t fd, void *data)
{
  struct resolver *resolver = data;
  struct connection **link = &resolver->connections, *connection;

  while ((connection = *link) && connection->fd != fd)
    link = &connection->next;
  if (connection) {
    ev_io_stop(resolver->loop, &connection->io);
    *link = connection->next;
    free(connection);
  }
  return host_result(host_fd_close(fd));
}

static int
on_connect(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t length, unsigned flags, void *data)
{
  struct connection *connection = connection_of(data, fd);

  (void)flags;
  if (connection && length <= sizeof connection->peer) {
    memcpy(&connection->peer, address, length);
    connection->length = length;
  }
  return host_result(host_sock_connect(fd, address, length));
}

static int
on_bind(ares_socket_t fd, unsigned flags, const struct sockaddr *address, ares_socklen_t length, void *data)
{
  (void)flags, (void)data;
  return host_result(host_sock_bind(fd, address, length));
}

static ares_ssize_t
on_receive(ares_socket_t fd, void *buffer, size_t length, int flags, struct sockaddr *address, ares_socklen_t *size, void *data)
{
  struct connection *connection = connection_of(data, fd);
  int got = host_sock_recv(fd, buffer, length);

  (void)flags;
  if (got >= 0 && connection && address && size && *size >= connection->length) {
    memcpy(address, &connection->peer, connection->length);
    *size = connection->length;
  }
  return host_result(got);
}

static ares_ssize_t
on_send(ares_socket_t fd, const void *buffer, size_t length, int flags, const struct sockaddr *address, ares_socklen_t size, void *data)
{
  (void)flags, (void)address, (void)size, (void)data;
  return host_result(host_sock_send(fd, buffer, length));
}

static int
on_option(ares_socket_t fd, ares_socket_opt_t option, const void *value, ares_socklen_t length, void *data)
{
  (void)fd, (void)option, (void)value, (void)length, (void)data;
  errno = ENOSYS; /* c-ares goes on without */
  return -1;
}

const struct ares_socket_functions_ex resolver_sockets = {
    .version = 1,
    .flags = ARES_SOCKFUNC_FLAG_NONBLOCKING,
    .asocket = on_socket,
    .aclose = on_close,
    .asetsockopt = on_option,
    .aconnect = on_connect,
    .abind = on_bind,
    .arecvfrom = on_receive,
    .asendto = on_send,
};

static void
on_io(struct ev_loop *loop, ev_io *io, int revents)
{
  struct connection *connection = io->data;
  struct resolver *resolver = connection->resolver; /* the connection may be gone afterwards */
  ares_socket_t fd = connection->fd;

  (void)loop;
  lookup_stop_clock();
  ares_process_fd(resolver->channel, revents & EV_READ ? fd : ARES_SOCKET_BAD, revents & EV_WRITE ? fd : ARES_SOCKET_BAD);
  lookup_start_clock();
  resolver_arm(resolver);
}

void
resolver_watch(void *data, ares_socket_t fd, int readable, int writable)
{
  struct resolver *resolver = data;
  struct connection *connection = connection_of(resolver, fd);
  int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

  if (!connection)
    return;
  if (ev_is_active(&connection->io) && (connection->io.events & (EV_READ | EV_WRITE)) == events)
    return;
  ev_io_stop(resolver->loop, &connection->io);
  if (!events)
    return;
  ev_core_io_init(&connection->io, on_io, fd, events);
  connection->io.data = connection;
  ev_io_start(resolver->loop, &connection->io);
}

/* c-ares in the hub: a channel, its sockets and its timer on a loop. */
#ifndef GEVENT_RESOLVER_H
#define GEVENT_RESOLVER_H

#include "ev_core.h"

#include <ares.h>

struct connection;

struct resolver {
  ares_channel_t *channel;
  struct ev_loop *loop;
  struct connection *connections;
  ev_timer timer;
  double deadline; /* of the timer, in seconds of c-ares' clock */
};

/* What a channel's sockets do, and whom it tells what they wait for; both with the resolver as their argument. */
extern const struct ares_socket_functions_ex resolver_sockets;
void resolver_watch(void *resolver, ares_socket_t fd, int readable, int writable);

/* Has the timer come when a query has to be looked at again: after whatever may have changed that. */
void resolver_arm(struct resolver *resolver);

#endif

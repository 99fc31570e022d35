/* Sending without a copy. c-ares sends a copy of the query that it has made, and makes that copy by writing a message and parsing
 * it; here the query itself is sent. */
#ifndef GEVENT_SEND_H
#define GEVENT_SEND_H

#include "ares_private.h"

/* In the place of ares_send_nolock(), for a query that query_destroy() is called with next. */
ares_status_t query_send(ares_channel_t *channel, ares_server_t *server, ares_send_flags_t flags, ares_dns_record_t *query,
                         ares_callback_dnsrec callback, void *arg, unsigned short *qid);

/* Destroys a query, unless it was sent and so is c-ares' own. */
void query_destroy(ares_dns_record_t *query);

#endif

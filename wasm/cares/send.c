#include "send.h"

#include <string.h>

static ares_dns_record_t *sending;
static const ares_dns_record_t *sent;

static ares_status_t
take_or_copy(ares_dns_record_t **query, const ares_dns_record_t *from)
{
  if (from != sending)
    return ares_dns_record_duplicate_ex(query, from);
  *query = sending;
  sending = NULL;
  return ARES_SUCCESS;
}

#define ares_dns_record_duplicate_ex take_or_copy
#include "ares_send.c"

/* Whether a copy would be the same: the name has no escapes, and no label that is empty or too long. */
static int
is_plain(const ares_dns_record_t *query)
{
  const char *name, *dot, *end;

  if (ares_dns_record_query_get(query, 0, &name, NULL, NULL) != ARES_SUCCESS || strchr(name, '\\'))
    return 0;
  for (end = name + strlen(name); end - name <= 253; name = dot + 1) {
    if (!(dot = strchr(name, '.')))
      dot = end;
    if (dot == name || dot - name > 63)
      return 0;
    if (dot == end)
      return 1;
  }
  return 0;
}

/* Its callback may send another one before this returns. */
ares_status_t
query_send(ares_channel_t *channel, ares_server_t *server, ares_send_flags_t flags, ares_dns_record_t *query,
           ares_callback_dnsrec callback, void *arg, unsigned short *qid)
{
  ares_dns_record_t *outer = sending;
  int plain = is_plain(query);
  ares_status_t status;

  if (!channel->qcache_max_ttl)
    flags |= ARES_SEND_FLAG_NOCACHE; /* c-ares would look into an empty cache, with a key that it makes of the query */
  sending = plain ? query : NULL;
  status = ares_send_nolock(channel, server, flags, query, callback, arg, qid);
  sent = plain && sending != query ? query : NULL;
  sending = outer;
  return status;
}

void
query_destroy(ares_dns_record_t *query)
{
  if (query != sent)
    ares_dns_record_destroy(query);
  sent = NULL;
}

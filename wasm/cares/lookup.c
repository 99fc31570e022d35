/* The files of c-ares that search: which query belongs to which search is known to these alone, and a search is to end when
 * the greenlet that waits for it is killed. ares_cancel() would end all of a channel. */
#include "send.h"

#define ares_send_nolock query_send
#define ares_dns_record_destroy query_destroy
#include "ares_query.c"
#undef ares_send_nolock
#undef ares_dns_record_destroy

#include "ares_getaddrinfo.c"

#define next_lookup addr_next_lookup
#define file_lookup addr_file_lookup
#include "ares_gethostbyaddr.c"

#include "lookup.h"

/* The search that a query belongs to, by its callback's argument, and how many of its queries wait. */
static const void *
owner(const ares_query_t *query, size_t *waiting)
{
  const ares_query_dnsrec_arg_t *search = query->arg;

  *waiting = 1;
  if (query->callback != ares_query_dnsrec_cb)
    return 0;
  if (search->callback == host_callback) {
    *waiting = ((const struct host_query *)search->arg)->remaining;
    return ((const struct host_query *)search->arg)->arg;
  }
  if (search->callback == addr_callback)
    return ((const struct addr_query *)search->arg)->arg;
  return search->arg;
}

void
lookup_cancel(ares_channel_t *channel, const void *arg)
{
  ares_llist_node_t *node = ares_llist_node_first(channel->all_queries), *next;
  size_t waiting = 1;

  for (; node && waiting; node = next) {
    ares_query_t *query = ares_llist_node_val(node);
    next = ares_llist_node_next(node);
    if (owner(query, &waiting) != arg) {
      waiting = 1;
      continue;
    }
    waiting--;
    query->callback(query->arg, ARES_ECANCELLED, 0, NULL);
    ares_free_query(query);
  }
  ares_check_cleanup_conns(channel);
}

void lookup_tidy(const ares_channel_t *channel) { ares_check_cleanup_conns(channel); }

void
lookup_forget_hosts(ares_channel_t *channel)
{
  ares_hosts_file_destroy(channel->hf);
  channel->hf = NULL;
}

unsigned char *
lookup_message(const char *name, int type, int edns_size, size_t *length)
{
  ares_dns_record_t *record = NULL;
  unsigned char *written = NULL, *message = NULL;

  if (ares_dns_record_create_query(&record, name, ARES_CLASS_IN, type, 0, ARES_FLAG_RD, edns_size) == ARES_SUCCESS
      && ares_dns_write(record, &written, length) == ARES_SUCCESS && (message = malloc(*length)))
    memcpy(message, written, *length);
  ares_free(written);
  ares_dns_record_destroy(record);
  return message;
}

int
lookup_status(const ares_dns_record_t *reply)
{
  return ares_dns_query_reply_tostatus(ares_dns_record_get_rcode(reply), ares_dns_record_rr_cnt(reply, ARES_SECTION_ANSWER));
}

int lookup_files_only(const ares_channel_t *channel) { return !strchr(channel->lookups, 'b'); }

double
lookup_deadline(const ares_channel_t *channel)
{
  const ares_query_t *query = ares_slist_first_val(channel->queries_by_timeout);

  return query ? (double)query->timeout.sec + (double)query->timeout.usec * 1e-6 : 0.;
}

size_t lookup_count(const ares_channel_t *channel) { return ares_llist_len(channel->all_queries); }

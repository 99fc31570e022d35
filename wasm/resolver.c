/* Resolvers: channels of c-ares on a loop, and the searches that they make. */
#include "answer.h"
#include "ev_core.h"
#include "host.h"
#include "lookup.h"
#include "resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* What somebody waits for. */
struct search {
  struct resolver *resolver;
  int id;
  uint8_t calling, ended; /* c-ares may answer before its function returns */
  char asked[];
};

/* What resolver_new() takes, as TypeScript writes it: -1 or NULL leaves c-ares' own default. */
struct resolver_options {
  int flags, timeout_ms, tries, ndots, udp_port, tcp_port, edns_size, cache_seconds, udp_max_queries, max_timeout_ms;
  int rotate; /* 0, 1 */
  int ndomains;
  char **domains;
  const char *servers, *sortlist;
  char *lookups, *resolv_conf, *hosts;
};

void
resolver_arm(struct resolver *resolver)
{
  double deadline = lookup_deadline(resolver->channel);
  struct timeval delay;

  /* c-ares looks for sockets that nobody waits for before it looks for queries that are late */
  if (!deadline)
    lookup_tidy(resolver->channel);
  /* one that comes too early finds out */
  if (deadline && ev_is_active(&resolver->timer) && deadline >= resolver->deadline)
    return;
  ev_timer_stop(resolver->loop, &resolver->timer);
  if (!deadline || !ares_timeout(resolver->channel, 0, &delay))
    return;
  resolver->deadline = deadline;
  ev_now_update(resolver->loop);
  ev_timer_set(&resolver->timer, (double)delay.tv_sec + (double)delay.tv_usec * 1e-6, 0.);
  ev_timer_start(resolver->loop, &resolver->timer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
  struct resolver *resolver = timer->data;

  (void)loop, (void)revents;
  ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  resolver_arm(resolver);
}

/* --- the resolver --- */

static int
configure(struct resolver *resolver, const struct resolver_options *options)
{
  struct ares_options wanted;
  int mask = ARES_OPT_SOCK_STATE_CB | (options->rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE), status;

  memset(&wanted, 0, sizeof wanted);
  wanted.sock_state_cb = resolver_watch;
  wanted.sock_state_cb_data = resolver;
#define TAKE(bit, to, from)                                                                                                        \
  if (options->from >= 0) {                                                                                                        \
    wanted.to = options->from;                                                                                                     \
    mask |= bit;                                                                                                                   \
  }
  TAKE(ARES_OPT_FLAGS, flags, flags)
  TAKE(ARES_OPT_TIMEOUTMS, timeout, timeout_ms)
  TAKE(ARES_OPT_TRIES, tries, tries)
  TAKE(ARES_OPT_NDOTS, ndots, ndots)
  TAKE(ARES_OPT_UDP_PORT, udp_port, udp_port)
  TAKE(ARES_OPT_TCP_PORT, tcp_port, tcp_port)
  TAKE(ARES_OPT_EDNSPSZ, ednspsz, edns_size)
  TAKE(ARES_OPT_QUERY_CACHE, qcache_max_ttl, cache_seconds)
  TAKE(ARES_OPT_UDP_MAX_QUERIES, udp_max_queries, udp_max_queries)
  TAKE(ARES_OPT_MAXTIMEOUTMS, maxtimeout, max_timeout_ms)
  TAKE(ARES_OPT_DOMAINS, ndomains, ndomains)
#undef TAKE
  wanted.domains = options->domains;
  if ((wanted.lookups = options->lookups))
    mask |= ARES_OPT_LOOKUPS;
  if ((wanted.resolvconf_path = options->resolv_conf))
    mask |= ARES_OPT_RESOLVCONF;
  if ((wanted.hosts_path = options->hosts))
    mask |= ARES_OPT_HOSTS_FILE;
  if ((status = ares_init_options(&resolver->channel, &wanted, mask)) != ARES_SUCCESS)
    return status;
  status = ares_set_socket_functions_ex(resolver->channel, &resolver_sockets, resolver);
  if (status == ARES_SUCCESS && options->sortlist)
    status = ares_set_sortlist(resolver->channel, options->sortlist);
  if (status == ARES_SUCCESS && options->servers)
    status = ares_set_servers_ports_csv(resolver->channel, options->servers);
  if (status != ARES_SUCCESS)
    ares_destroy(resolver->channel);
  return status;
}

/* Puts the ARES_ code of a failure into `status` and returns NULL. */
EXPORT(resolver_new) struct resolver *
resolver_new(struct ev_loop *loop, const struct resolver_options *options, int *status)
{
  struct resolver *resolver = calloc(1, sizeof *resolver);

  if (!resolver) {
    *status = ARES_ENOMEM;
    return 0;
  }
  resolver->loop = loop;
  ev_init(&resolver->timer, on_timer);
  resolver->timer.data = resolver;
  if ((*status = ares_library_init(ARES_LIB_INIT_ALL)) == ARES_SUCCESS) {
    if ((*status = configure(resolver, options)) == ARES_SUCCESS)
      return resolver;
    ares_library_cleanup();
  }
  free(resolver);
  return 0;
}

/* Searches that are under way end with ARES_EDESTRUCTION. */
EXPORT(resolver_free) void
resolver_free(struct resolver *resolver)
{
  ares_destroy(resolver->channel);
  ares_library_cleanup();
  ev_timer_stop(resolver->loop, &resolver->timer);
  free(resolver);
}

/* Its files have changed: the configuration is read again, unless it was given, and the cache forgotten. */
EXPORT(resolver_reload) int
resolver_reload(struct resolver *resolver)
{
  lookup_forget_hosts(resolver->channel);
  return ares_reinit(resolver->channel);
}

/* The name servers, separated by commas: to be released. */
EXPORT(resolver_servers) char *
resolver_servers(struct resolver *resolver)
{
  char *servers = ares_get_servers_csv(resolver->channel), *copy = servers ? strdup(servers) : 0;

  ares_free_string(servers);
  return copy;
}

EXPORT(resolver_set_servers) int resolver_set_servers(struct resolver *resolver, const char *servers) { return ares_set_servers_ports_csv(resolver->channel, servers); }

/* Where its sockets are bound from now on; the unspecified addresses leave that to the system. 0 when one is no address. */
EXPORT(resolver_set_local_address) int
resolver_set_local_address(struct resolver *resolver, const char *ipv4, const char *ipv6)
{
  struct in_addr four;
  struct in6_addr six;

  if (inet_pton(AF_INET, ipv4, &four) != 1 || inet_pton(AF_INET6, ipv6, &six) != 1)
    return 0;
  ares_set_local_ip4(resolver->channel, ntohl(four.s_addr));
  ares_set_local_ip6(resolver->channel, six.s6_addr);
  return 1;
}

EXPORT(resolver_queries) int resolver_queries(struct resolver *resolver) { return lookup_count(resolver->channel); }

/* --- searches --- */

static struct search *
search_new(struct resolver *resolver, int id, const char *asked)
{
  size_t length = strlen(asked) + 1;
  struct search *search = malloc(sizeof *search + length);

  if (!search)
    return 0;
  search->resolver = resolver;
  search->id = id;
  search->calling = 1;
  search->ended = 0;
  memcpy(search->asked, asked, length);
  return search;
}

/* What TypeScript cancels it with; NULL when it has ended already. */
static struct search *
search_started(struct search *search)
{
  struct resolver *resolver = search->resolver;

  search->calling = 0;
  if (search->ended) {
    free(search);
    search = 0;
  }
  resolver_arm(resolver);
  return search;
}

static void
search_end(struct search *search, int status, struct answer *answer)
{
  if (status != ARES_ECANCELLED)
    host_resolved(search->id, answer->failed ? ARES_ENOMEM : status, answer->bytes);
  answer_free(answer);
  if (search->calling)
    search->ended = 1;
  else
    free(search);
}

static void
on_addrinfo(void *data, int status, int timeouts, struct ares_addrinfo *info)
{
  struct search *search = data;
  struct answer answer;

  (void)timeouts;
  answer_init(&answer);
  if (info) {
    answer_addrinfo(&answer, info, search->asked);
    ares_freeaddrinfo(info);
  }
  if (status == ARES_ECONNREFUSED && lookup_files_only(search->resolver->channel))
    status = ARES_ENOTFOUND; /* nobody was asked who could have refused */
  search_end(search, status, &answer);
}

static void
on_host(void *data, int status, int timeouts, struct hostent *host)
{
  struct answer answer;

  (void)timeouts;
  answer_init(&answer);
  if (host)
    answer_host(&answer, host);
  search_end(data, status, &answer);
}

static void
on_records(void *data, ares_status_t status, size_t timeouts, const ares_dns_record_t *record)
{
  struct search *search = data;
  struct answer answer;

  (void)timeouts;
  answer_init(&answer);
  if (record)
    answer_records(&answer, record, search->asked);
  search_end(search, status, &answer);
}

/* All three answer through host_resolved(id, …), perhaps before they return. */
EXPORT(resolver_getaddrinfo) struct search *
resolver_getaddrinfo(struct resolver *resolver, int id, const char *name, int family, int flags)
{
  struct ares_addrinfo_hints hints = {.ai_flags = flags, .ai_family = family};
  struct search *search = search_new(resolver, id, name);

  if (!search) {
    host_resolved(id, ARES_ENOMEM, 0);
    return 0;
  }
  ares_getaddrinfo(resolver->channel, search->asked, 0, &hints, on_addrinfo, search);
  return search_started(search);
}

EXPORT(resolver_gethostbyaddr) struct search *
resolver_gethostbyaddr(struct resolver *resolver, int id, const char *address)
{
  struct ares_addr binary = {.family = AF_UNSPEC};
  size_t length = 0;
  const void *bytes = ares_dns_pton(address, &binary, &length);
  struct search *search = bytes ? search_new(resolver, id, "") : 0;

  if (!search) {
    host_resolved(id, bytes ? ARES_ENOMEM : ARES_EBADNAME, 0);
    return 0;
  }
  ares_gethostbyaddr(resolver->channel, bytes, length, binary.family, on_host, search);
  return search_started(search);
}

EXPORT(resolver_query) struct search *
resolver_query(struct resolver *resolver, int id, const char *name, int type)
{
  struct search *search = search_new(resolver, id, name);

  if (!search) {
    host_resolved(id, ARES_ENOMEM, 0);
    return 0;
  }
  ares_query_dnsrec(resolver->channel, search->asked, ARES_CLASS_IN, type, on_records, search, 0);
  return search_started(search);
}

/* host_resolved() is not called for it, and its queries are freed now. */
EXPORT(resolver_cancel) void
resolver_cancel(struct search *search)
{
  struct resolver *resolver = search->resolver;

  lookup_cancel(resolver->channel, search);
  resolver_arm(resolver);
}

/* --- messages, for who carries them in another way --- */

/* A query, and its length: to be released. NULL when the name is none. */
EXPORT(message_write) unsigned char *message_write(const char *name, int type, int edns_size, size_t *length) { return lookup_message(name, type, edns_size, length); }

/* Answers at once through host_resolved(id, …). */
EXPORT(message_read) void
message_read(int id, const unsigned char *message, size_t length)
{
  ares_dns_record_t *record = 0;
  struct answer answer;
  int status = ares_dns_parse(message, length, 0, &record);

  answer_init(&answer);
  if (status == ARES_SUCCESS) {
    status = lookup_status(record);
    answer_records(&answer, record, 0);
  }
  ares_dns_record_destroy(record);
  host_resolved(id, answer.failed ? ARES_ENOMEM : status, answer.bytes);
  answer_free(&answer);
}

/* The canonical text of a numeric address of a family (0: of either) in `text`, which has room for 46 bytes, and its family; 0
 * when it is none. */
EXPORT(address_canonical) int
address_canonical(char *text, int family)
{
  struct ares_addr binary = {.family = family};
  size_t length = 0;
  const void *bytes = ares_dns_pton(text, &binary, &length);

  return bytes && ares_inet_ntop(binary.family, bytes, text, 46) ? binary.family : 0;
}

/* Where TypeScript puts the names that it calls with. */
static char scratch[4096];
EXPORT(resolver_scratch) char *resolver_scratch(void) { return scratch; }

EXPORT(resolver_error) const char *resolver_error(int status) { return ares_strerror(status); }
EXPORT(resolver_version) const char *resolver_version(void) { return ares_version(0); }

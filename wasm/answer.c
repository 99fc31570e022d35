#include "answer.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How a field's value is written: ts/resolver/answer.ts has the same numbers. */
enum { NUMBER, STRING, STRINGS, OPTIONS };
enum { ASKED = UINT16_MAX };

void
answer_init(struct answer *answer)
{
  answer->bytes = answer->first;
  answer->room = sizeof answer->first;
  answer->length = 0;
  answer->failed = 0;
}

void
answer_free(struct answer *answer)
{
  if (answer->bytes != answer->first)
    free(answer->bytes);
}

static uint8_t *
grow(struct answer *answer, size_t count)
{
  size_t length = answer->length + count;

  if (answer->failed)
    return 0;
  if (length > answer->room) {
    size_t room = length * 2;
    uint8_t *bytes = realloc(answer->bytes == answer->first ? 0 : answer->bytes, room);
    if (!bytes) {
      answer->failed = 1;
      return 0;
    }
    if (answer->bytes == answer->first)
      memcpy(bytes, answer->first, answer->length);
    answer->bytes = bytes;
    answer->room = room;
  }
  answer->length = length;
  return answer->bytes + length - count;
}

static void
number(struct answer *answer, unsigned size, uint32_t value)
{
  uint8_t *to = grow(answer, size);

  for (unsigned i = 0; to && i < size; i++)
    to[i] = value >> 8 * i;
}

static void
bytes(struct answer *answer, const void *from, size_t length)
{
  uint8_t *to;

  if (length > UINT16_MAX)
    length = UINT16_MAX; /* no field of a message is longer */
  number(answer, 2, length);
  if (length && (to = grow(answer, length)))
    memcpy(to, from, length);
}

static void string(struct answer *answer, const char *text) { bytes(answer, text, text ? strlen(text) : 0); }

static void
address(struct answer *answer, int family, const void *from)
{
  char text[INET6_ADDRSTRLEN] = "", *to = text;

  if (family == AF_INET) { /* c-ares uses snprintf() */
    for (const uint8_t *byte = from; byte < (const uint8_t *)from + 4; byte++) {
      if (*byte > 99)
        *to++ = '0' + *byte / 100;
      if (*byte > 9)
        *to++ = '0' + *byte / 10 % 10;
      *to++ = '0' + *byte % 10;
      *to++ = '.';
    }
    bytes(answer, text, to - text - 1);
    return;
  }
  ares_inet_ntop(family, from, text, sizeof text);
  string(answer, text);
}

static int lower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

/* The end that a name has in common with the one that was asked for is spelled as that: answers point into their question. The
 * whole of it is written as ASKED. */
static void
name(struct answer *answer, const char *text, const char *asked)
{
  size_t length = text ? strlen(text) : 0, left = asked ? strlen(asked) : 0;
  size_t at = answer->length + 2;

  if (length && length == left && strcasecmp(text, asked) == 0) {
    number(answer, 2, ASKED);
    return;
  }
  bytes(answer, text, length);
  if (answer->failed || answer->length != at + length)
    return;
  while (length && left && lower(text[length - 1]) == lower(asked[left - 1]))
    answer->bytes[at + --length] = asked[--left];
}

void
answer_addrinfo(struct answer *answer, const struct ares_addrinfo *info, const char *asked)
{
  const struct ares_addrinfo_cname *alias;
  const struct ares_addrinfo_node *node;
  const char *canonical = info->name;
  unsigned count = 0;

  for (alias = info->cnames; alias; alias = alias->next) {
    if (alias->name)
      canonical = alias->name;
    if (alias->alias)
      count++;
  }
  name(answer, canonical, asked);
  number(answer, 2, count);
  for (alias = info->cnames; alias; alias = alias->next)
    if (alias->alias)
      name(answer, alias->alias, asked);
  for (count = 0, node = info->nodes; node; node = node->ai_next)
    count++;
  number(answer, 2, count);
  for (node = info->nodes; node; node = node->ai_next) {
    number(answer, 4, node->ai_ttl);
    number(answer, 1, node->ai_family);
    address(answer, node->ai_family,
            node->ai_family == AF_INET ? (const void *)&((const struct sockaddr_in *)(const void *)node->ai_addr)->sin_addr
                                       : &((const struct sockaddr_in6 *)(const void *)node->ai_addr)->sin6_addr);
  }
}

void
answer_host(struct answer *answer, const struct hostent *host)
{
  unsigned count = 0;

  string(answer, host->h_name);
  while (host->h_aliases && host->h_aliases[count])
    count++;
  number(answer, 2, count);
  for (unsigned i = 0; i < count; i++)
    string(answer, host->h_aliases[i]);
  for (count = 0; host->h_addr_list && host->h_addr_list[count];)
    count++;
  number(answer, 2, count);
  for (unsigned i = 0; i < count; i++) {
    number(answer, 4, 0);
    number(answer, 1, host->h_addrtype);
    address(answer, host->h_addrtype, host->h_addr_list[i]);
  }
}

static void
field(struct answer *answer, const ares_dns_rr_t *rr, ares_dns_rr_key_t key, const char *asked)
{
  ares_dns_datatype_t type = ares_dns_rr_key_datatype(key);
  const unsigned char *data;
  size_t length = 0, count;

  number(answer, 1, key % 100);
  switch (type) {
  case ARES_DATATYPE_INADDR:
    number(answer, 1, STRING);
    address(answer, AF_INET, ares_dns_rr_get_addr(rr, key));
    break;
  case ARES_DATATYPE_INADDR6:
    number(answer, 1, STRING);
    address(answer, AF_INET6, ares_dns_rr_get_addr6(rr, key));
    break;
  case ARES_DATATYPE_U8:
    number(answer, 1, NUMBER);
    number(answer, 4, ares_dns_rr_get_u8(rr, key));
    break;
  case ARES_DATATYPE_U16:
    number(answer, 1, NUMBER);
    number(answer, 4, ares_dns_rr_get_u16(rr, key));
    break;
  case ARES_DATATYPE_U32:
    number(answer, 1, NUMBER);
    number(answer, 4, ares_dns_rr_get_u32(rr, key));
    break;
  case ARES_DATATYPE_NAME:
    number(answer, 1, STRING);
    name(answer, ares_dns_rr_get_str(rr, key), asked);
    break;
  case ARES_DATATYPE_STR:
    number(answer, 1, STRING);
    string(answer, ares_dns_rr_get_str(rr, key));
    break;
  case ARES_DATATYPE_BIN:
  case ARES_DATATYPE_BINP:
    number(answer, 1, STRING);
    data = ares_dns_rr_get_bin(rr, key, &length);
    bytes(answer, data, data ? length : 0);
    break;
  case ARES_DATATYPE_ABINP:
    number(answer, 1, STRINGS);
    number(answer, 2, count = ares_dns_rr_get_abin_cnt(rr, key));
    for (size_t i = 0; i < count; i++) {
      data = ares_dns_rr_get_abin(rr, key, i, &length);
      bytes(answer, data, data ? length : 0);
    }
    break;
  case ARES_DATATYPE_OPT:
    number(answer, 1, OPTIONS);
    number(answer, 2, count = ares_dns_rr_get_opt_cnt(rr, key));
    for (size_t i = 0; i < count; i++) {
      number(answer, 2, ares_dns_rr_get_opt(rr, key, i, &data, &length));
      bytes(answer, data, data ? length : 0);
    }
    break;
  }
}

void
answer_records(struct answer *answer, const ares_dns_record_t *record, const char *asked)
{
  size_t count = ares_dns_record_rr_cnt(record, ARES_SECTION_ANSWER), fields;

  number(answer, 2, ares_dns_record_get_rcode(record));
  number(answer, 2, count);
  for (size_t i = 0; i < count; i++) {
    const ares_dns_rr_t *rr = ares_dns_record_rr_get_const(record, ARES_SECTION_ANSWER, i);
    const ares_dns_rr_key_t *keys = ares_dns_rr_get_keys(ares_dns_rr_get_type(rr), &fields);
    number(answer, 2, ares_dns_rr_get_type(rr));
    number(answer, 2, ares_dns_rr_get_class(rr));
    number(answer, 4, ares_dns_rr_get_ttl(rr));
    name(answer, ares_dns_rr_get_name(rr), asked);
    number(answer, 1, keys ? fields : 0);
    for (size_t k = 0; keys && k < fields; k++)
      field(answer, rr, keys[k], asked);
  }
}

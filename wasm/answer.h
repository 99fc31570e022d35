/* An answer on its way to TypeScript: numbers of one, two and four bytes, little-endian, and strings with their length before
 * them. ts/resolver/answer.ts reads it. */
#ifndef GEVENT_ANSWER_H
#define GEVENT_ANSWER_H

#include <ares.h>
#include <stddef.h>
#include <stdint.h>

struct answer {
  uint8_t *bytes;
  size_t length, room;
  int failed; /* there was no memory */
  uint8_t first[512];
};

void answer_init(struct answer *answer);
void answer_free(struct answer *answer);

/* name, count of aliases, aliases, count of addresses, (ttl, family, address) each. Names get the spelling of `asked`, whose case
 * may have been changed on the way. */
void answer_addrinfo(struct answer *answer, const struct ares_addrinfo *info, const char *asked);

/* The same for what gethostbyaddr found. */
struct hostent;
void answer_host(struct answer *answer, const struct hostent *host);

/* code of the reply, count of records, (type, class, ttl, name, count of fields, (index, kind, value) each) each */
void answer_records(struct answer *answer, const ares_dns_record_t *record, const char *asked);

#endif

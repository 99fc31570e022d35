/* What c-ares does not offer: ending one search of a channel, reading the hosts file anew, and messages without a channel. */
#ifndef GEVENT_LOOKUP_H
#define GEVENT_LOOKUP_H

#include <ares.h>
#include <time.h>

/* Ends the search whose callback has the argument `arg`, which is called with ARES_ECANCELLED. Its queries are freed. */
void lookup_cancel(ares_channel_t *channel, const void *arg);

/* Closes the sockets that no query waits for, unless the flags keep them. */
void lookup_tidy(const ares_channel_t *channel);

/* The hosts file is read again at the next search. */
void lookup_forget_hosts(ares_channel_t *channel);

/* A query as a message, to be released; NULL when the name is none. */
unsigned char *lookup_message(const char *name, int type, int edns_size, size_t *length);

/* The ARES_ code that a reply stands for. */
int lookup_status(const ares_dns_record_t *reply);

/* Whether no server is ever asked for a name. */
int lookup_files_only(const ares_channel_t *channel);

/* When the first query has to be looked at again, in seconds of c-ares' clock; 0 when none waits. */
double lookup_deadline(const ares_channel_t *channel);

/* From the next reading on c-ares' clock stands still, until it is started again. */
void lookup_stop_clock(void);
void lookup_start_clock(void);

/* The seconds of the latest reading. */
time_t lookup_clock(void);

/* Queries that wait for an answer. */
size_t lookup_count(const ares_channel_t *channel);

#endif

/* c-ares' clock: it reads it for each answer of many that it takes at once, and a reading is a call of the host. */
#define ares_tvnow read_clock
#include "util/ares_timeval.c"
#undef ares_tvnow

#include "lookup.h"

static ares_timeval_t held, latest;
static enum { RUNS, STOPS, STOPPED } clock_state;

void
ares_tvnow(ares_timeval_t *now)
{
  if (clock_state == STOPPED) {
    *now = held;
    return;
  }
  read_clock(now);
  latest = *now;
  if (clock_state == STOPS) {
    held = *now;
    clock_state = STOPPED;
  }
}

time_t lookup_clock(void) { return latest.sec; }

void lookup_stop_clock(void) { clock_state = STOPS; }
void lookup_start_clock(void) { clock_state = RUNS; }

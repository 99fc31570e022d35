/* Event loops, as TypeScript sees them. A loop is turned from one host wake-up and never sleeps itself. */
#include "ev_core.h"
#include "host.h"

EXPORT(loop_new) struct ev_loop *
loop_new(unsigned flags, int is_default)
{
  flags |= EVFLAG_NOENV;
  return is_default ? ev_default_loop(flags) : ev_loop_new(flags);
}

/* Not while it runs: then loop_break() first, and this after the outermost loop_turn(). */
EXPORT(loop_destroy) void loop_destroy(struct ev_loop *loop) { ev_core_destroy(loop); }

/* The iterations that run end before they poll. */
EXPORT(loop_break) void loop_break(struct ev_loop *loop) { ev_break(loop, EVBREAK_ALL); }

EXPORT(loop_clock) const double *loop_clock(struct ev_loop *loop) { return ev_core_clock(loop); }

/* One iteration. Returns the seconds until the next one is due, as ev_core_timeout(). */
EXPORT(loop_turn) double
loop_turn(struct ev_loop *loop)
{
  ev_run(loop, EVRUN_NOWAIT);
  ev_core_flush(loop);
  return ev_core_timeout(loop);
}

/* What loop_turn() would return now, without an iteration: the run queue may have started watchers since. */
EXPORT(loop_timeout) double
loop_timeout(struct ev_loop *loop)
{
  ev_core_flush(loop);
  return ev_core_timeout(loop);
}

EXPORT(loop_active_count) int loop_active_count(struct ev_loop *loop) { return ev_core_active_count(loop); }
EXPORT(loop_fd_closed) void loop_fd_closed(struct ev_loop *loop, int fd) { ev_core_fd_closed(loop, fd); }
EXPORT(loop_ref) void loop_ref(struct ev_loop *loop) { ev_ref(loop); }
EXPORT(loop_unref) void loop_unref(struct ev_loop *loop) { ev_unref(loop); }
EXPORT(loop_now) double loop_now(struct ev_loop *loop) { return ev_now(loop); }
EXPORT(loop_now_update) void loop_now_update(struct ev_loop *loop) { ev_now_update(loop); }
EXPORT(loop_iteration) unsigned loop_iteration(struct ev_loop *loop) { return ev_iteration(loop); }
EXPORT(loop_depth) unsigned loop_depth(struct ev_loop *loop) { return ev_depth(loop); }
EXPORT(loop_pending_count) unsigned loop_pending_count(struct ev_loop *loop) { return ev_pending_count(loop); }
EXPORT(loop_backend) unsigned loop_backend(struct ev_loop *loop) { return ev_backend(loop); }
EXPORT(loop_verify) void loop_verify(struct ev_loop *loop) { ev_verify(loop); }
EXPORT(loop_feed_signal) void loop_feed_signal(struct ev_loop *loop, int signum) { ev_feed_signal_event(loop, signum); }

EXPORT(ev_version) int version(void) { return ev_version_major() << 16 | ev_version_minor(); }
EXPORT(ev_backends) unsigned backends(int which) { return which == 0 ? ev_supported_backends() : which == 1 ? ev_recommended_backends() : ev_embeddable_backends(); }
EXPORT(ev_wall) double wall(void) { return ev_time(); }

/* Watchers of every kind, as TypeScript sees them. A watcher has memory here only while it is started or pending: it is
 * made by *_start() and freed by watcher_stop(), or by itself once a callback finds it stopped. TypeScript knows it by the
 * number `id` that it gave, and learns from WATCHER_GONE in the events that the pointer it holds is void. */
#include "ev_core.h"
#include "host.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { WATCHER_GONE = 1 << 30 };
enum kind { TIMER, IO, SIGNAL, CHILD, STAT, IDLE, PREPARE, CHECK, ASYNC, FORK, KINDS };

struct watcher {
  int id;
  uint8_t kind;
  uint8_t unreferenced; /* started, and does not keep its loop alive */
  union {
    struct watcher *next_free;
    ev_watcher any;
    ev_timer timer;
    ev_io io;
    ev_signal signal;
    ev_child child;
    ev_stat stat;
    ev_idle idle;
    ev_prepare prepare;
    ev_check check;
    ev_async async;
    ev_fork fork;
  } ev;
};

static const uint16_t sizes[KINDS] = {
    sizeof(ev_timer), sizeof(ev_io),      sizeof(ev_signal), sizeof(ev_child), sizeof(ev_stat),
    sizeof(ev_idle),  sizeof(ev_prepare), sizeof(ev_check),  sizeof(ev_async), sizeof(ev_fork),
};

/* Timers and io watchers come and go with every wait. */
static struct watcher *free_watchers[2];

static struct watcher *
watcher_new(struct ev_loop *loop, int kind, int id, int priority, int referenced)
{
  struct watcher *w = 0;

  if (kind <= IO && (w = free_watchers[kind]))
    free_watchers[kind] = w->ev.next_free;
  if (!w && !(w = malloc(offsetof(struct watcher, ev) + sizes[kind])))
    return 0;
  w->id = id;
  w->kind = kind;
  w->unreferenced = !referenced;
  ev_init(&w->ev.any, 0);
  ev_set_priority(&w->ev.any, priority);
  w->ev.any.data = loop;
  return w;
}

static void
watcher_free(struct watcher *w)
{
  if (w->kind <= IO) {
    w->ev.next_free = free_watchers[w->kind];
    free_watchers[w->kind] = w;
  } else {
    if (w->kind == STAT)
      free((char *)w->ev.stat.path);
    free(w);
  }
}

static void
on_event(struct ev_loop *loop, ev_watcher *ev, int revents)
{
  struct watcher *w = (struct watcher *)((char *)ev - offsetof(struct watcher, ev));
  int id = w->id;

  if (!ev_is_active(ev)) { /* a one-shot timer, a fed watcher, an fd that was closed */
    if (w->unreferenced)
      ev_ref(loop);
    watcher_free(w);
    revents |= WATCHER_GONE;
  }
  host_event(id, revents);
}

static struct watcher *
started(struct ev_loop *loop, struct watcher *w)
{
  if (w->unreferenced)
    ev_unref(loop);
  return w;
}

EXPORT(timer_start) struct watcher *
timer_start(struct ev_loop *loop, int id, int priority, int referenced, double after, double repeat)
{
  struct watcher *w = watcher_new(loop, TIMER, id, priority, referenced);

  if (!w)
    return 0;
  ev_set_cb(&w->ev.timer, (void (*)(struct ev_loop *, ev_timer *, int))on_event);
  ev_timer_set(&w->ev.timer, after, repeat);
  ev_timer_start(loop, &w->ev.timer);
  return started(loop, w);
}

/* libev's ev_timer_again(): true when the timer is active afterwards. */
EXPORT(timer_again) int
timer_again(struct ev_loop *loop, struct watcher *w, double repeat)
{
  w->ev.timer.repeat = repeat;
  ev_timer_again(loop, &w->ev.timer);
  if (ev_is_active(&w->ev.timer))
    return 1;
  if (w->unreferenced)
    ev_ref(loop);
  watcher_free(w);
  return 0;
}

EXPORT(timer_remaining) double timer_remaining(struct ev_loop *loop, struct watcher *w) { return ev_timer_remaining(loop, &w->ev.timer); }

EXPORT(io_start) struct watcher *
io_start(struct ev_loop *loop, int id, int priority, int referenced, int fd, int events)
{
  struct watcher *w = watcher_new(loop, IO, id, priority, referenced);

  if (!w)
    return 0;
  ev_core_io_init(&w->ev.io, (void (*)(struct ev_loop *, ev_io *, int))on_event, fd, events);
  ev_set_priority(&w->ev.any, priority);
  ev_core_io_start(loop, &w->ev.io);
  return started(loop, w);
}

EXPORT(stat_start) struct watcher *
stat_start(struct ev_loop *loop, int id, int priority, int referenced, char *path, double interval)
{
  struct watcher *w = watcher_new(loop, STAT, id, priority, referenced);

  if (!w)
    return 0;
  ev_set_cb(&w->ev.stat, (void (*)(struct ev_loop *, ev_stat *, int))on_event);
  memset(&w->ev.stat.attr, 0, sizeof w->ev.stat.attr);
  memset(&w->ev.stat.prev, 0, sizeof w->ev.stat.prev);
  ev_stat_set(&w->ev.stat, path, interval); /* the path is ours: it was allocated for us */
  ev_stat_start(loop, &w->ev.stat);
  return started(loop, w);
}

/* `number` is the signal of a signal watcher, the pid of a child watcher; `trace` is a child watcher's. */
EXPORT(watcher_start) struct watcher *
watcher_start(struct ev_loop *loop, int id, int priority, int referenced, int kind, int number, int trace)
{
  struct watcher *w = watcher_new(loop, kind, id, priority, referenced);

  if (!w)
    return 0;
  ev_set_cb(&w->ev.any, on_event);
  switch (kind) {
  case SIGNAL: ev_signal_set(&w->ev.signal, number); ev_signal_start(loop, &w->ev.signal); break;
  case CHILD: ev_child_set(&w->ev.child, number, trace); ev_child_start(loop, &w->ev.child); break;
  case IDLE: ev_idle_start(loop, &w->ev.idle); break;
  case PREPARE: ev_prepare_start(loop, &w->ev.prepare); break;
  case CHECK: ev_check_start(loop, &w->ev.check); break;
  case ASYNC: w->ev.async.sent = 0; ev_async_start(loop, &w->ev.async); break;
  case FORK: ev_fork_start(loop, &w->ev.fork); break;
  }
  return started(loop, w);
}

/* A watcher that is not started but has events to deliver: ev_feed_event(). */
EXPORT(watcher_feed_new) struct watcher *
watcher_feed_new(struct ev_loop *loop, int id, int priority, int kind, int revents)
{
  struct watcher *w = watcher_new(loop, kind == STAT ? IDLE : kind, id, priority, 1);

  if (!w)
    return 0;
  ev_set_cb(&w->ev.any, on_event);
  ev_feed_event(loop, &w->ev, revents);
  return w;
}

EXPORT(watcher_feed) void watcher_feed(struct ev_loop *loop, struct watcher *w, int revents) { ev_feed_event(loop, &w->ev, revents); }

EXPORT(watcher_stop) void
watcher_stop(struct watcher *w)
{
  struct ev_loop *loop = w->ev.any.data;

  if (w->unreferenced)
    ev_ref(loop);
  switch (w->kind) {
  case TIMER: ev_timer_stop(loop, &w->ev.timer); break;
  case IO: ev_io_stop(loop, &w->ev.io); break;
  case SIGNAL: ev_signal_stop(loop, &w->ev.signal); break;
  case CHILD: ev_child_stop(loop, &w->ev.child); break;
  case STAT: ev_stat_stop(loop, &w->ev.stat); break;
  case IDLE: ev_idle_stop(loop, &w->ev.idle); break;
  case PREPARE: ev_prepare_stop(loop, &w->ev.prepare); break;
  case CHECK: ev_check_stop(loop, &w->ev.check); break;
  case ASYNC: ev_async_stop(loop, &w->ev.async); break;
  case FORK: ev_fork_stop(loop, &w->ev.fork); break;
  }
  watcher_free(w);
}

EXPORT(watcher_active) int watcher_active(struct watcher *w) { return ev_is_active(&w->ev.any); }
EXPORT(watcher_loop) struct ev_loop *watcher_loop(struct watcher *w) { return w->ev.any.data; }
EXPORT(watcher_pending) int watcher_pending(struct watcher *w) { return ev_is_pending(&w->ev.any); }
EXPORT(watcher_clear_pending) int watcher_clear_pending(struct ev_loop *loop, struct watcher *w) { return ev_clear_pending(loop, &w->ev); }

EXPORT(watcher_set_ref) void
watcher_set_ref(struct ev_loop *loop, struct watcher *w, int referenced)
{
  if (w->unreferenced == !referenced || !ev_is_active(&w->ev.any))
    return;
  w->unreferenced = !referenced;
  if (referenced)
    ev_ref(loop);
  else
    ev_unref(loop);
}

EXPORT(async_send) void async_send(struct ev_loop *loop, struct watcher *w) { ev_async_send(loop, &w->ev.async); }
EXPORT(async_pending) int async_pending(struct watcher *w) { return ev_async_pending(&w->ev.async); }
EXPORT(child_rpid) int child_rpid(struct watcher *w) { return w->ev.child.rpid; }
EXPORT(child_rstatus) int child_rstatus(struct watcher *w) { return w->ev.child.rstatus; }

static double seconds(const struct timespec *time) { return time->tv_sec + time->tv_nsec * 1e-9; }

/* The fields of `attr` (which = 0) or `prev` in the order of host.h's lstat; false when the path did not exist. */
EXPORT(stat_fields) int
stat_fields(struct watcher *w, int which, double field[11])
{
  ev_statdata *s = which ? &w->ev.stat.prev : &w->ev.stat.attr;

  field[0] = s->st_dev;
  field[1] = s->st_ino;
  field[2] = s->st_mode;
  field[3] = s->st_nlink;
  field[4] = s->st_uid;
  field[5] = s->st_gid;
  field[6] = s->st_rdev;
  field[7] = s->st_size;
  field[8] = seconds(&s->st_atim);
  field[9] = seconds(&s->st_mtim);
  field[10] = seconds(&s->st_ctim);
  return s->st_nlink != 0;
}
EXPORT(stat_interval) double stat_interval(struct watcher *w) { return w->ev.stat.interval; }

EXPORT(allocate) void *allocate(size_t size) { return malloc(size); }
EXPORT(release) void release(void *pointer) { free(pointer); }

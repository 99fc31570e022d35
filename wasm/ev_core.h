/* What ev_core.c adds to libev. */
#ifndef GEVENT_EV_CORE_H
#define GEVENT_EV_CORE_H

#include "ev_config.h"

#include "ev.h"

double ev_core_timeout(struct ev_loop *loop);
int ev_core_active_count(struct ev_loop *loop);
void ev_core_flush(struct ev_loop *loop);
void ev_core_fd_closed(struct ev_loop *loop, int fd);
void ev_core_io_init(ev_io *w, void (*callback)(struct ev_loop *, ev_io *, int), int fd, int events);
void ev_core_io_start(struct ev_loop *loop, ev_io *w);
const double *ev_core_clock(struct ev_loop *loop);
void ev_core_destroy(struct ev_loop *loop);

#endif

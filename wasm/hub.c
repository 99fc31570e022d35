#include "hub.h"
#include "fiber.h"
#include "host.h"

struct ev_loop *hub_loop;

EXPORT(hub_init) int
hub_init(void)
{
  if (!hub_loop)
    hub_loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
  return hub_loop != 0;
}

/* One turn: events first, then every green thread that is ready, for `slice` seconds at most. Returns the seconds until the
 * next turn is due: 0 = threads are ready, -1 = only an event can wake it, -2 = nothing ever will. */
EXPORT(hub_turn) double
hub_turn(double slice)
{
  double delay;

  if (fiber_current) /* a host call of a green thread must not switch: its JavaScript frames cannot be suspended */
    return -1.;
  ev_run(hub_loop, EVRUN_NOWAIT);
  fiber_run(slice);
  ev_core_flush(hub_loop);
  if (fiber_runnable())
    return 0.;
  delay = ev_core_timeout(hub_loop);
  return delay < 0. && !ev_core_active_count(hub_loop) ? -2. : delay;
}

EXPORT(hub_fd_closed) void hub_fd_closed(int fd) { ev_core_fd_closed(hub_loop, fd); }

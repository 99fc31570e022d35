/* How libev is built for WebAssembly: one backend (epoll, supplied by the host), every watcher kind of gevent.core. */
#ifndef EV_CONFIG_H_
#define EV_CONFIG_H_

#define EV_STANDALONE 1
#define EV_MULTIPLICITY 1
#define EV_COMPAT3 0
#define EV_NO_THREADS 1
#define EV_AVOID_STDIO 1
#define EV_VERIFY 1

#define EV_USE_EPOLL 1
#define EV_USE_SELECT 0
#define EV_USE_POLL 0
#define EV_USE_LINUXAIO 0
#define EV_USE_IOURING 0
#define EV_USE_KQUEUE 0
#define EV_USE_PORT 0
#define EV_USE_INOTIFY 0
#define EV_USE_EVENTFD 0
#define EV_USE_SIGNALFD 0
#define EV_USE_TIMERFD 0
#define EV_USE_NANOSLEEP 0

/* CLOCK_REALTIME through gettimeofday would go through the same import: one clock call is enough */
#define EV_USE_CLOCK_SYSCALL 0
#define EV_USE_MONOTONIC 1
#define EV_USE_REALTIME 1
#define EV_USE_FLOOR 1

#define EV_CHILD_ENABLE 1
#define EV_PERIODIC_ENABLE 0
#define EV_EMBED_ENABLE 0

#endif

/* gevent for C: green threads that run blocking, straight-line code, thousands on one JavaScript thread.
 *
 * Link a program with `gevent cc app.c -o app.wasm`. Its main() is the first green thread; when main() returns, the program
 * ends and the other threads with it. These calls, and socket(), connect(), bind(), listen(), accept(), recv(), send(),
 * read(), write(), poll(), select(), sleep() and usleep(), park the calling green thread only.
 *
 * Unless noted, a function returns 0, or -1 with errno. A call that waits fails with ECANCELED in a thread that
 * gevent_kill() was called for. */
#ifndef GEVENT_H
#define GEVENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gevent_thread gevent_thread;
typedef struct gevent_channel gevent_channel;

/* Makes a green thread that will run function(argument), and returns at once; gevent.spawn. The thread must be given to
 * gevent_join() or gevent_detach() once. NULL with errno ENOMEM when there is no memory for its stack. */
gevent_thread *gevent_spawn(void (*function)(void *), void *argument);

/* Lets every thread that is ready run first; gevent.sleep(0). Does nothing outside a green thread. */
void gevent_yield(void);

/* Parks the caller for `seconds`; 0 or less is gevent_yield(). ECANCELED when killed meanwhile. */
int gevent_sleep(double seconds);

/* Waits until the thread has finished and releases it; Greenlet.join. `seconds` < 0 waits for ever.
 * Returns how it ended, or -1: ETIMEDOUT (it still runs, and is still yours), EDEADLK (the caller itself),
 * ESRCH (already released or detached), EBUSY (another thread joins it), ECANCELED. */
enum { GEVENT_RETURNED = 0, GEVENT_KILLED = 1, GEVENT_CRASHED = 2 };
int gevent_join(gevent_thread *thread, double seconds);

/* Joins `count` threads within `seconds` altogether. Returns how many of them are not finished: 0 when all are. */
int gevent_joinall(gevent_thread **threads, size_t count, double seconds);

/* Nobody will join the thread: it is released when it ends. ESRCH when it is released already. */
int gevent_detach(gevent_thread *thread);

/* Asks the thread to end; Greenlet.kill. One that has not started never runs. In any other, the call that waits now and
 * every later one fails with ECANCELED, so that its own error paths close what it opened. ESRCH when it has finished. */
int gevent_kill(gevent_thread *thread);

/* The running green thread; NULL outside one. */
gevent_thread *gevent_current(void);

/* The number of green threads that have not finished. */
size_t gevent_count(void);

/* Bytes of stack for threads spawned from now on: 4096 to 16777216, default 65536. EINVAL outside that. A thread that needs
 * more is ended with a stack overflow error; the others live. */
int gevent_set_stack_size(size_t bytes);

/* A channel of pointers; gevent.queue.Channel (capacity 0: send waits for a receiver) or Queue (send waits while full).
 * NULL with errno ENOMEM. */
gevent_channel *gevent_channel_new(size_t capacity);

/* Hands `value` over. EPIPE when the channel is closed. ECANCELED: the value was not taken. */
int gevent_channel_send(gevent_channel *channel, void *value);

/* Takes the oldest value. EPIPE when the channel is closed and empty. */
int gevent_channel_receive(gevent_channel *channel, void **value);

/* Wakes all who wait: receivers first drain what is queued. EPIPE when it is closed already. */
int gevent_channel_close(gevent_channel *channel);

/* Frees a channel that nobody waits for; EBUSY otherwise. Values that are still queued are forgotten. */
int gevent_channel_free(gevent_channel *channel);

#ifdef __cplusplus
}
#endif
#endif

#include "thread.h"

#include <errno.h>
#include <stdlib.h>

/* Waiting threads form a ring around a sentinel, oldest first. */
struct gevent_channel {
  size_t capacity, length, head;
  struct waiting senders, receivers;
  int closed;
  void *values[];
};

/* What became of a wait; the one who ends it says so, and a kill that comes too late changes nothing. */
enum exchange { WAITING, EXCHANGED, CLOSED };

static void ring_init(struct waiting *ring) { ring->next = ring->previous = ring; }
static int ring_empty(struct waiting *ring) { return ring->next == ring; }

static void
ring_remove(struct waiting *waiting)
{
  waiting->next->previous = waiting->previous;
  waiting->previous->next = waiting->next;
  waiting->next = waiting->previous = 0;
}

/* Takes the oldest waiter off, tells it how its wait ended and makes it ready; NULL when there is none. */
static struct gevent_thread *
ring_shift(struct waiting *ring, enum exchange exchange)
{
  struct gevent_thread *thread;

  if (ring_empty(ring))
    return 0;
  thread = (struct gevent_thread *)((char *)ring->next - offsetof(struct gevent_thread, waiting));
  ring_remove(&thread->waiting);
  thread->exchange = exchange;
  thread_wake(thread);
  return thread;
}

static int
ring_wait(struct waiting *ring)
{
  struct gevent_thread *self = thread_current();

  if (!self) {
    errno = EDEADLK;
    return -1;
  }
  self->exchange = WAITING;
  if (!self->cancelled) {
    self->waiting = (struct waiting){.next = ring, .previous = ring->previous};
    ring->previous->next = &self->waiting;
    ring->previous = &self->waiting;
  }
  thread_wait(-1.);
  if (self->waiting.next)
    ring_remove(&self->waiting);
  if (self->exchange == EXCHANGED)
    return 0;
  errno = self->exchange == CLOSED ? EPIPE : ECANCELED;
  return -1;
}

gevent_channel *
gevent_channel_new(size_t capacity)
{
  gevent_channel *channel = 0;

  if (capacity <= (SIZE_MAX - sizeof *channel) / sizeof(void *))
    channel = malloc(sizeof *channel + capacity * sizeof(void *));
  if (!channel) {
    errno = ENOMEM;
    return 0;
  }
  channel->capacity = capacity;
  channel->length = channel->head = 0;
  channel->closed = 0;
  ring_init(&channel->senders);
  ring_init(&channel->receivers);
  return channel;
}

static void
enqueue(gevent_channel *channel, void *value)
{
  channel->values[(channel->head + channel->length++) % channel->capacity] = value;
}

int
gevent_channel_send(gevent_channel *channel, void *value)
{
  struct gevent_thread *receiver;

  if (channel->closed) {
    errno = EPIPE;
    return -1;
  }
  if ((receiver = ring_shift(&channel->receivers, EXCHANGED))) {
    receiver->handed = value;
    return 0;
  }
  if (channel->length < channel->capacity) {
    enqueue(channel, value);
    return 0;
  }
  if (fiber_current)
    thread_current()->handed = value;
  return ring_wait(&channel->senders);
}

int
gevent_channel_receive(gevent_channel *channel, void **value)
{
  struct gevent_thread *sender;

  if (channel->length) {
    *value = channel->values[channel->head];
    channel->head = (channel->head + 1) % channel->capacity;
    channel->length--;
    if ((sender = ring_shift(&channel->senders, EXCHANGED)))
      enqueue(channel, sender->handed);
    return 0;
  }
  if ((sender = ring_shift(&channel->senders, EXCHANGED))) {
    *value = sender->handed;
    return 0;
  }
  if (channel->closed) {
    errno = EPIPE;
    return -1;
  }
  if (ring_wait(&channel->receivers) == -1)
    return -1;
  *value = thread_current()->handed;
  return 0;
}

int
gevent_channel_close(gevent_channel *channel)
{
  if (channel->closed) {
    errno = EPIPE;
    return -1;
  }
  channel->closed = 1;
  while (ring_shift(&channel->senders, CLOSED) || ring_shift(&channel->receivers, CLOSED))
    ;
  return 0;
}

int
gevent_channel_free(gevent_channel *channel)
{
  if (!ring_empty(&channel->senders) || !ring_empty(&channel->receivers)) {
    errno = EBUSY;
    return -1;
  }
  free(channel);
  return 0;
}

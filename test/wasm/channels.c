/* Channels, as gevent.h says. */
#include "check.h"

static gevent_channel *channel;
static int log_of[64], logged;

static void note(intptr_t value) { log_of[logged++] = (int)value; }
#define VALUE(n) ((void *)(intptr_t)(n))

static void
sends(void *argument)
{
  if (gevent_channel_send(channel, argument) == -1)
    note(-errno);
  else
    note((intptr_t)argument);
}

static void
receives(void *argument)
{
  void *value = 0;
  (void)argument;
  if (gevent_channel_receive(channel, &value) == -1)
    note(-errno);
  else
    note((intptr_t)value);
}

static void settle(void) { for (int i = 0; i < 5; i++) gevent_yield(); }

static void
rendezvous(void)
{
  void *value;
  gevent_thread *senders[3];

  channel = gevent_channel_new(0);
  for (int i = 0; i < 3; i++)
    senders[i] = gevent_spawn(sends, VALUE(i + 1));
  settle();
  CHECK(logged == 0); /* each waits for its receiver */
  for (int i = 0; i < 3; i++) {
    CHECK(gevent_channel_receive(channel, &value) == 0);
    CHECK(value == VALUE(i + 1));
    settle();
    CHECK(logged == i + 1);
  }
  CHECK(gevent_joinall(senders, 3, -1) == 0);
  CHECK(gevent_channel_free(channel) == 0);
}

static void
waiting_receivers(void)
{
  gevent_thread *threads[3];

  channel = gevent_channel_new(0);
  for (int i = 0; i < 3; i++)
    threads[i] = gevent_spawn(receives, 0);
  settle();
  for (int i = 1; i <= 3; i++)
    CHECK(gevent_channel_send(channel, VALUE(i)) == 0); /* never waits */
  CHECK(gevent_joinall(threads, 3, -1) == 0);
  CHECK(logged == 3);
  for (int i = 0; i < 3; i++)
    CHECK(log_of[i] == i + 1);
  CHECK(gevent_channel_free(channel) == 0);
}

static void
buffered(void)
{
  void *value;
  gevent_thread *threads[2];

  channel = gevent_channel_new(3);
  for (int round = 0; round < 4; round++) {
    logged = 0;
    for (int i = 1; i <= 3; i++)
      CHECK(gevent_channel_send(channel, VALUE(i)) == 0);
    for (int i = 0; i < 2; i++)
      threads[i] = gevent_spawn(sends, VALUE(4 + i));
    settle();
    CHECK(logged == 0);
    for (int i = 1; i <= 5; i++) {
      CHECK(gevent_channel_receive(channel, &value) == 0);
      CHECK(value == VALUE(i));
    }
    CHECK(gevent_joinall(threads, 2, -1) == 0);
    CHECK(logged == 2 && log_of[0] == 4 && log_of[1] == 5);
  }
  CHECK(gevent_channel_free(channel) == 0);
}

static void
closing(void)
{
  void *value;
  gevent_thread *threads[4];

  channel = gevent_channel_new(0);
  threads[0] = gevent_spawn(receives, 0);
  threads[1] = gevent_spawn(receives, 0);
  settle();
  FAILS(gevent_channel_free(channel), EBUSY);
  CHECK(gevent_channel_close(channel) == 0);
  CHECK(gevent_joinall(threads, 2, -1) == 0);
  CHECK(logged == 2 && log_of[0] == -EPIPE && log_of[1] == -EPIPE);
  FAILS(gevent_channel_close(channel), EPIPE);
  FAILS(gevent_channel_send(channel, 0), EPIPE);
  FAILS(gevent_channel_receive(channel, &value), EPIPE);
  CHECK(gevent_channel_free(channel) == 0);

  logged = 0;
  channel = gevent_channel_new(2);
  for (int i = 1; i <= 4; i++)
    threads[i - 1] = gevent_spawn(sends, VALUE(i));
  settle();
  CHECK(logged == 2);
  CHECK(gevent_channel_close(channel) == 0);
  CHECK(gevent_joinall(threads, 4, -1) == 0);
  CHECK(logged == 4 && log_of[2] == -EPIPE && log_of[3] == -EPIPE);
  for (int i = 1; i <= 2; i++) { /* what is queued can still be taken */
    CHECK(gevent_channel_receive(channel, &value) == 0);
    CHECK(value == VALUE(i));
  }
  FAILS(gevent_channel_receive(channel, &value), EPIPE);
  CHECK(gevent_channel_free(channel) == 0);
}

/* A kill takes nothing with it: a value is with the sender, in the channel or with a receiver. */
static void
killing(void)
{
  void *value;
  gevent_thread *threads[3];

  channel = gevent_channel_new(0);
  for (int i = 0; i < 3; i++)
    threads[i] = gevent_spawn(sends, VALUE(i + 1));
  settle();
  CHECK(gevent_kill(threads[1]) == 0);
  CHECK(gevent_join(threads[1], -1) == GEVENT_KILLED);
  CHECK(logged == 1 && log_of[0] == -ECANCELED);
  CHECK(gevent_channel_receive(channel, &value) == 0 && value == VALUE(1));
  CHECK(gevent_channel_receive(channel, &value) == 0 && value == VALUE(3));
  CHECK(gevent_join(threads[0], -1) == 0 && gevent_join(threads[2], -1) == 0);

  logged = 0;
  for (int i = 0; i < 3; i++)
    threads[i] = gevent_spawn(receives, 0);
  settle();
  CHECK(gevent_kill(threads[0]) == 0); /* before the value comes: the next one gets it */
  CHECK(gevent_join(threads[0], -1) == GEVENT_KILLED);
  CHECK(gevent_channel_send(channel, VALUE(7)) == 0);
  CHECK(gevent_kill(threads[1]) == 0); /* after it came: it is kept */
  CHECK(gevent_join(threads[1], -1) == GEVENT_KILLED);
  CHECK(logged == 2 && log_of[0] == -ECANCELED && log_of[1] == 7);
  CHECK(gevent_kill(threads[2]) == 0);
  CHECK(gevent_join(threads[2], -1) == GEVENT_KILLED);

  logged = 0;
  threads[0] = gevent_spawn(sends, VALUE(9));
  settle();
  CHECK(gevent_channel_receive(channel, &value) == 0 && value == VALUE(9));
  CHECK(gevent_kill(threads[0]) == 0); /* its value was taken: the send succeeded */
  CHECK(gevent_join(threads[0], -1) == GEVENT_KILLED);
  CHECK(logged == 1 && log_of[0] == 9);
  CHECK(gevent_channel_free(channel) == 0);
}

enum { PRODUCERS = 10, EACH = 500 };
static unsigned total;
static void
producer(void *argument)
{
  for (int i = 1; i <= EACH; i++)
    CHECK(gevent_channel_send(channel, VALUE((intptr_t)argument * 1000 + i)) == 0);
}
static void
consumer(void *argument)
{
  void *value;
  (void)argument;
  while (gevent_channel_receive(channel, &value) == 0) {
    total += (unsigned)(intptr_t)value;
    if ((intptr_t)value % 7 == 0)
      gevent_yield();
  }
}

static void
traffic(void)
{
  for (size_t capacity = 0; capacity < 20; capacity += 3) {
    gevent_thread *producers[PRODUCERS], *consumers[4];
    unsigned expected = 0;

    total = 0;
    channel = gevent_channel_new(capacity);
    for (int i = 0; i < 4; i++)
      consumers[i] = gevent_spawn(consumer, 0);
    for (int i = 0; i < PRODUCERS; i++) {
      producers[i] = gevent_spawn(producer, VALUE(i));
      expected += (unsigned)(i * 1000 * EACH + EACH * (EACH + 1) / 2);
    }
    CHECK(gevent_joinall(producers, PRODUCERS, -1) == 0);
    CHECK(gevent_channel_close(channel) == 0);
    CHECK(gevent_joinall(consumers, 4, -1) == 0);
    CHECK(total == expected);
    CHECK(gevent_channel_free(channel) == 0);
  }
}

static void
memory(void)
{
  errno = 0;
  CHECK(gevent_channel_new(SIZE_MAX) == 0);
  CHECK(errno == ENOMEM);
  errno = 0;
  CHECK(gevent_channel_new(SIZE_MAX / 8) == 0);
  CHECK(errno == ENOMEM);
}

/* Nobody will ever send: the embedder is told. */
static void
deadlock(void)
{
  channel = gevent_channel_new(0);
  gevent_spawn(receives, 0);
  receives(0);
}

static const struct check checks[] = {
    {"rendezvous", rendezvous}, {"waiting_receivers", waiting_receivers},
    {"buffered", buffered},     {"closing", closing},
    {"killing", killing},       {"traffic", traffic},
    {"memory", memory},         {"deadlock", deadlock},
};
MAIN(checks)

/* UDP through the POSIX names. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in
loopback(int port)
{
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int
bound(struct sockaddr_in *address)
{
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  socklen_t size = sizeof *address;

  *address = loopback(0);
  CHECK(fd >= 0);
  CHECK(!bind(fd, (struct sockaddr *)address, size));
  CHECK(!getsockname(fd, (struct sockaddr *)address, &size));
  CHECK(ntohs(address->sin_port) > 0);
  return fd;
}

static void
echo(void *server)
{
  char buffer[100];
  struct sockaddr_in from;
  socklen_t size = sizeof from;

  for (int i = 0; i < 3; i++) {
    ssize_t n = recvfrom(*(int *)server, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);
    CHECK(n >= 0);
    CHECK(size == sizeof from);
    CHECK(sendto(*(int *)server, buffer, n, 0, (struct sockaddr *)&from, size) == n);
  }
}

static void
exchange(void)
{
  struct sockaddr_in address, from;
  socklen_t size = sizeof from;
  char buffer[100];
  int server = bound(&address), client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
  gevent_thread *thread = gevent_spawn(echo, &server);

  CHECK(sendto(client, "one", 3, 0, (struct sockaddr *)&address, sizeof address) == 3);
  CHECK(recvfrom(client, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size) == 3);
  CHECK(!memcmp(buffer, "one", 3) && from.sin_port == address.sin_port);
  CHECK(from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));

  FAILS(send(client, "x", 1, 0), EDESTADDRREQ);
  CHECK(!connect(client, (struct sockaddr *)&address, sizeof address));
  CHECK(!getpeername(client, (struct sockaddr *)&from, &size) && from.sin_port == address.sin_port);
  CHECK(send(client, "", 0, 0) == 0);
  CHECK(recv(client, buffer, sizeof buffer, 0) == 0);
  CHECK(write(client, "three", 5) == 5);
  CHECK(read(client, buffer, sizeof buffer) == 5);
  FAILS(recv(client, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);
  CHECK(gevent_join(thread, -1) == 0);

  CHECK(!connect(client, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)));
  FAILS(getpeername(client, (struct sockaddr *)&from, &size), ENOTCONN);
  FAILS(listen(client, 1), EOPNOTSUPP);
  close(server);
  close(client);
  FAILS(sendto(client, "x", 1, 0, (struct sockaddr *)&address, sizeof address), EBADF);
}

static void
truncation(void)
{
  struct sockaddr_in address;
  char buffer[4];
  int fd = bound(&address);

  for (int i = 0; i < 4; i++)
    CHECK(sendto(fd, "0123456789", 10, 0, (struct sockaddr *)&address, sizeof address) == 10);
  CHECK(recv(fd, buffer, 4, MSG_PEEK) == 4);
  CHECK(recv(fd, buffer, 4, MSG_PEEK | MSG_TRUNC) == 10);
  CHECK(recv(fd, buffer, 4, 0) == 4);
  CHECK(!memcmp(buffer, "0123", 4));
  CHECK(recv(fd, buffer, 4, MSG_TRUNC) == 10);
  CHECK(read(fd, buffer, 4) == 4);
  CHECK(recv(fd, buffer, 0, 0) == 0);
  FAILS(recv(fd, buffer, 4, MSG_DONTWAIT), EAGAIN);
  FAILS(recv(fd, buffer, 4, MSG_OOB), EOPNOTSUPP);
  close(fd);
}

static void
messages(void)
{
  struct sockaddr_in address, from;
  char first[3], second[4], control[64];
  struct iovec out[] = {{"01234", 5}, {"", 0}, {"56789", 5}};
  struct iovec in[] = {{first, sizeof first}, {second, sizeof second}};
  struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = out, .msg_iovlen = 3};
  struct msghdr received = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = in, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof control};
  int fd = bound(&address);

  CHECK(sendmsg(fd, &message, 0) == 10);
  CHECK(recvmsg(fd, &received, 0) == 7);
  CHECK(!memcmp(first, "012", 3) && !memcmp(second, "3456", 4));
  CHECK(received.msg_flags == MSG_TRUNC && received.msg_controllen == 0);
  CHECK(received.msg_namelen == sizeof from && from.sin_port == address.sin_port);

  message.msg_iovlen = received.msg_iovlen = 1;
  CHECK(sendmsg(fd, &message, 0) == 5);
  CHECK(recvmsg(fd, &received, MSG_TRUNC) == 5);
  FAILS(recvmsg(fd, &received, MSG_DONTWAIT), EAGAIN);
  out[0] = (struct iovec){NULL, 0};
  CHECK(sendmsg(fd, &message, 0) == 0);
  CHECK(recvmsg(fd, &received, 0) == 0 && received.msg_flags == 0);
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  FAILS(sendmsg(fd, &message, 0), EOPNOTSUPP);
  close(fd);
}

static void
options(void)
{
  struct sockaddr_in address, group;
  struct ip_mreq membership = {.imr_multiaddr.s_addr = inet_addr("239.7.7.8"), .imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
  struct in_addr interface = {htonl(INADDR_LOOPBACK)};
  unsigned char hops = 3;
  char buffer[10];
  int member = socket(AF_INET, SOCK_DGRAM, 0), sender = bound(&address), value = 0, on = 1;
  socklen_t size = sizeof value;

  CHECK(!getsockopt(member, SOL_SOCKET, SO_TYPE, &value, &size) && value == SOCK_DGRAM);
  CHECK(!setsockopt(member, SOL_SOCKET, SO_BROADCAST, &on, sizeof on));
  CHECK(!setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership));
  group = loopback(0);
  group.sin_addr.s_addr = htonl(INADDR_ANY);
  CHECK(!bind(member, (struct sockaddr *)&group, sizeof group));
  size = sizeof group;
  CHECK(!getsockname(member, (struct sockaddr *)&group, &size));
  CHECK(!setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface));
  CHECK(!setsockopt(sender, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops));
  size = sizeof value;
  CHECK(!getsockopt(sender, IPPROTO_IP, IP_MULTICAST_TTL, &value, &size) && value == 3);
  group.sin_addr = membership.imr_multiaddr;
  CHECK(sendto(sender, "all", 3, 0, (struct sockaddr *)&group, sizeof group) == 3);
  CHECK(recv(member, buffer, sizeof buffer, 0) == 3);
  CHECK(!setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &membership, sizeof membership));
  FAILS(setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &membership, sizeof membership), EADDRNOTAVAIL);
  close(member);
  close(sender);
}

static void
streams(void)
{
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  char first[3], second[4];
  struct iovec parts[] = {{"012", 3}, {"3456", 4}};
  struct iovec in[] = {{first, sizeof first}, {second, sizeof second}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  struct msghdr received = {.msg_iov = in, .msg_iovlen = 2};
  int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), server;

  CHECK(!bind(listener, (struct sockaddr *)&address, size) && !listen(listener, 10));
  CHECK(!getsockname(listener, (struct sockaddr *)&address, &size));
  CHECK(!connect(client, (struct sockaddr *)&address, size));
  CHECK((server = accept(listener, NULL, NULL)) >= 0);
  CHECK(sendmsg(client, &message, 0) == 7);
  CHECK(recv(server, first, 1, MSG_PEEK) == 1 && first[0] == '0');
  CHECK(recvmsg(server, &received, 0) == 7);
  CHECK(!memcmp(first, "012", 3) && !memcmp(second, "3456", 4));
  close(client);
  CHECK(recvmsg(server, &received, 0) == 0);
  close(server);
  close(listener);
}

static void
kill_receiver(void *fd)
{
  char buffer[10];
  FAILS(recvfrom(*(int *)fd, buffer, sizeof buffer, 0, NULL, NULL), EBADF);
}

static void
closing(void)
{
  struct sockaddr_in address;
  int fd = bound(&address);
  gevent_thread *thread = gevent_spawn(kill_receiver, &fd);

  gevent_yield();
  close(fd);
  CHECK(gevent_join(thread, -1) == 0);
}

static const struct check checks[] = {{"exchange", exchange}, {"truncation", truncation}, {"messages", messages}, {"options", options}, {"streams", streams}, {"closing", closing}};

MAIN(checks)

/* A name server that needs little of a processor, so that who asks it is what is measured: each name has the address 192.0.2.1, and
 * nothing else. It prints its port, on 127.0.0.1, and ends with its standard input. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, LARGEST = 4096, A = 1 };

/* A pointer to the question's name, type A, class IN, an hour, 4 bytes. */
static const unsigned char RECORD[] = {0xc0, HEADER, 0, A, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1};

/* Turns a query into its answer: the length, or 0 for what is none. */
static size_t
answer(unsigned char *message, size_t length)
{
  size_t end = HEADER;
  int known;

  while (end < length && message[end])
    end += message[end] + 1u;
  end += 5; /* the root, the type and the class */
  if (length < HEADER || end > length)
    return 0;
  known = message[end - 4] == 0 && message[end - 3] == A;
  message[2] = 0x84 | (message[2] & 1); /* an answer, with authority */
  message[3] = 0x80;
  memcpy(message + 4, "\0\1\0\0\0\0\0\0", 8); /* one question */
  if (known) {
    message[7] = 1;
    memcpy(message + end, RECORD, sizeof RECORD);
    end += sizeof RECORD;
  }
  return end;
}

int
main(void)
{
  unsigned char message[LARGEST + sizeof RECORD];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  struct pollfd polled[] = {{.fd = udp, .events = POLLIN}, {.fd = 0, .events = POLLIN}};

  if (bind(udp, (struct sockaddr *)&address, size) || getsockname(udp, (struct sockaddr *)&address, &size)) {
    perror("nameserver");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  while (poll(polled, 2, -1) > 0 && !polled[1].revents) {
    struct sockaddr_in from;
    ssize_t length;

    while (size = sizeof from, (length = recvfrom(udp, message, LARGEST, MSG_DONTWAIT, (struct sockaddr *)&from, &size)) >= 0)
      if ((length = answer(message, length)))
        sendto(udp, message, length, 0, (struct sockaddr *)&from, size);
  }
  return 0;
}

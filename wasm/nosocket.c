/* c-ares' own socket functions, which it links but never calls: connection.c gives each channel the host's. */
#include <errno.h>
#include <sys/select.h>
#include <sys/socket.h>

static int
refuse(void)
{
  errno = ENOSYS;
  return -1;
}

int socket(int family, int type, int protocol) { (void)family, (void)type, (void)protocol; return refuse(); }
int bind(int fd, const struct sockaddr *address, socklen_t length) { (void)fd, (void)address, (void)length; return refuse(); }
int connect(int fd, const struct sockaddr *address, socklen_t length) { (void)fd, (void)address, (void)length; return refuse(); }
int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) { (void)fd, (void)address, (void)length; return refuse(); }
int setsockopt(int fd, int level, int name, const void *value, socklen_t length) { (void)fd, (void)level, (void)name, (void)value, (void)length; return refuse(); }
ssize_t send(int fd, const void *data, size_t length, int flags) { (void)fd, (void)data, (void)length, (void)flags; return refuse(); }

ssize_t
sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *address, socklen_t size)
{
  (void)fd, (void)data, (void)length, (void)flags, (void)address, (void)size;
  return refuse();
}

ssize_t
recvfrom(int fd, void *restrict data, size_t length, int flags, struct sockaddr *restrict address, socklen_t *restrict size)
{
  (void)fd, (void)data, (void)length, (void)flags, (void)address, (void)size;
  return refuse();
}

int
select(int count, fd_set *restrict readers, fd_set *restrict writers, fd_set *restrict others, struct timeval *restrict timeout)
{
  (void)count, (void)readers, (void)writers, (void)others, (void)timeout;
  return refuse();
}

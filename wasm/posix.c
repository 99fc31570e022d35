/* The part of POSIX that libev calls and this libc lacks or would send elsewhere: epoll, pipe, waitpid, lstat, signals. */
#include "host.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int epoll_create1(int flags) { (void)flags; return host_result(host_epoll_create()); }
int epoll_create(int size) { (void)size; return host_result(host_epoll_create()); }

int
epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
  uint64_t data = event ? event->data.u64 : 0;
  return host_result(host_epoll_ctl(epfd, op, fd, event ? event->events : 0, (uint32_t)data, (uint32_t)(data >> 32)));
}

int
epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
  (void)timeout; /* a hub never blocks */
  return host_result(host_epoll_wait(epfd, events, max));
}

/* libev closes its epoll instance as the file descriptor that it is elsewhere. */
int
close(int fd)
{
  if (fd >= HOST_EPOLL_FIRST)
    return host_result(host_epoll_close(fd));
  return fd >= 0 && fd <= 2 ? 0 : host_result(host_fd_close(fd)); /* stdio belongs to the host */
}

int pipe(int fds[2]) { return host_result(host_pipe(fds)); }
pid_t waitpid(pid_t pid, int *status, int options) { return host_result(host_waitpid(pid, status, options)); }

static struct timespec
timespec_of(double seconds)
{
  time_t whole = (time_t)seconds;
  return (struct timespec){.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};
}

int
lstat(const char *restrict path, struct stat *restrict out)
{
  double field[11];
  int rc = host_lstat(path, field);

  if (rc < 0)
    return host_result(rc);
  memset(out, 0, sizeof *out);
  out->st_dev = field[0];
  out->st_ino = field[1];
  out->st_mode = field[2];
  out->st_nlink = field[3];
  out->st_uid = field[4];
  out->st_gid = field[5];
  out->st_rdev = field[6];
  out->st_size = field[7];
  out->st_atim = timespec_of(field[8]);
  out->st_mtim = timespec_of(field[9]);
  out->st_ctim = timespec_of(field[10]);
  return 0;
}

/* The host delivers signals; what libev asks the kernel for has no counterpart in a module. */
int sigaction(int signum, const struct sigaction *restrict act, struct sigaction *restrict old) { (void)signum; (void)act; (void)old; return 0; }
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) { (void)how; (void)set; (void)old; return 0; }

uid_t getuid(void) { return 0; }
uid_t geteuid(void) { return 0; }
gid_t getgid(void) { return 0; }
gid_t getegid(void) { return 0; }

/* Every import of our modules that WASI does not have. The module name is `host`; TypeScript implements it once, in
 * ts/core/imports.ts, over the Host interface. Results are >= 0, or a negative WASI errno. Nothing blocks.
 *
 * Clocks, random numbers, files, stdout/stderr and exit come from `wasi_snapshot_preview1`. */
#ifndef GEVENT_HOST_H
#define GEVENT_HOST_H

#include <errno.h>
#include <stdint.h>

#define HOST(name) __attribute__((import_module("host"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name)))

/* A result as POSIX has it. */
static inline int
host_result(int value)
{
  if (value >= 0)
    return value;
  errno = -value;
  return -1;
}

struct epoll_event;

/* readiness: one epoll instance a loop; its numbers begin where those of descriptors cannot be */
enum { HOST_EPOLL_FIRST = 1 << 30 };
HOST(epoll_create) int host_epoll_create(void);
HOST(epoll_ctl) int host_epoll_ctl(int epfd, int op, int fd, uint32_t events, uint32_t data_low, uint32_t data_high);
HOST(epoll_wait) int host_epoll_wait(int epfd, struct epoll_event *events, int max);
HOST(epoll_close) int host_epoll_close(int epfd);

/* the epoll bits that hold for a descriptor now, which are those of poll(2) */
HOST(readiness) int host_readiness(int fd);

/* A watcher's callback: `id` is the number that TypeScript gave when it started the watcher. */
HOST(event) void host_event(int id, int revents);

/* sockets; an address is a sockaddr of the libc that the module is linked with */
HOST(sock_open) int host_sock_open(int family, int type, int protocol);
HOST(sock_bind) int host_sock_bind(int fd, const void *address, int length);
HOST(sock_listen) int host_sock_listen(int fd, int backlog);
HOST(sock_accept) int host_sock_accept(int fd, void *address, int *length);
HOST(sock_connect) int host_sock_connect(int fd, const void *address, int length);
HOST(sock_recv) int host_sock_recv(int fd, void *buffer, int length);
HOST(sock_send) int host_sock_send(int fd, const void *buffer, int length);
HOST(sock_recvfrom) int host_sock_recvfrom(int fd, void *buffer, int length, int peek, void *address, int *size); /* a datagram's own length, which may be more */
HOST(sock_sendto) int host_sock_sendto(int fd, const void *buffer, int length, const void *address, int size);
HOST(sock_shutdown) int host_sock_shutdown(int fd, int how);
HOST(sock_name) int host_sock_name(int fd, int peer, void *address, int *length);
HOST(sock_setopt) int host_sock_setopt(int fd, int level, int name, int value);
HOST(sock_setopt_bytes) int host_sock_setopt_bytes(int fd, int level, int name, const void *value, int length);
HOST(sock_getopt) int host_sock_getopt(int fd, int level, int name, int *value);
HOST(sock_pair) int host_sock_pair(int family, int type, int protocol, int fds[2]);
HOST(fd_close) int host_fd_close(int fd);
HOST(fd_dup) int host_fd_dup(int fd, int to); /* `to` < 0: the lowest free number */
HOST(pipe) int host_pipe(int fds[2]);

/* processes and paths, for child and stat watchers */
HOST(waitpid) int host_waitpid(int pid, int *status, int options);
HOST(lstat) int host_lstat(const char *path, double fields[11]);

/* c-ares: the answer to the search `id`; `status` is an ARES_ code, and the answer is what wasm/answer.c writes */
HOST(resolved) void host_resolved(int id, int status, const void *answer);

/* The length of a configuration file, of which as much as there is room for is put into the buffer. */
HOST(config) int host_config(const char *path, void *buffer, int size);

/* Names: the hub's resolver searches, and netdb_answer(question, …) tells what it has found, later. See wasm/netdb.c. */
HOST(name_search) int host_name_search(void *question, int kind, const void *name, const char *service, int family, int type, int protocol, int flags);
HOST(name_cancel) void host_name_cancel(void *question);

/* A green thread trapped or overflowed its stack and was ended; the others live. */
HOST(crashed) void host_crashed(int thread, int overflowed);

/* An assertion of libev or ours does not hold: throws, the instance is lost. */
HOST(panic) _Noreturn void host_panic(const char *message);

#endif

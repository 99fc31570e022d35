/* The platform half of emscripten's libc, in the place of its `standalone.o`: memory growth, clocks, aborting. All of its
 * symbols are defined here, so that the linker never takes that object too. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>
#include <wasi/api.h>

static size_t heap_size(void) { return (size_t)__builtin_wasm_memory_size(0) * 65536u; }
size_t emscripten_get_heap_size(void) { return heap_size(); }
size_t emscripten_get_heap_max(void) { return 0xffff0000u; }

/* Growing by a quarter keeps the number of detached buffers low while the heap grows. */
int
emscripten_resize_heap(size_t wanted)
{
  size_t now = heap_size(), generous = now + now / 4;

  if (wanted > emscripten_get_heap_max())
    return 0;
  if (generous > wanted && generous <= emscripten_get_heap_max()
      && __builtin_wasm_memory_grow(0, (generous - now + 65535) / 65536) != (size_t)-1)
    return 1;
  return __builtin_wasm_memory_grow(0, (wanted - now + 65535) / 65536) != (size_t)-1;
}

void *
emscripten_memcpy_big(void *restrict to, const void *restrict from, size_t length)
{
  __asm__ volatile("local.get %0\n\tlocal.get %1\n\tlocal.get %2\n\tmemory.copy 0,0" ::"r"(to), "r"(from), "r"(length));
  return to;
}

struct timespec
__wasi_timestamp_to_timespec(uint64_t nanoseconds)
{
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
}

double
emscripten_get_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

int
clock_getres(clockid_t clock, struct timespec *resolution)
{
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
    errno = EINVAL;
    return -1;
  }
  if (resolution)
    *resolution = (struct timespec){.tv_nsec = 1000};
  return 0;
}

ssize_t
getrandom(void *buffer, size_t length, unsigned flags)
{
  (void)flags;
  return __wasi_random_get(buffer, length) == 0 ? (ssize_t)length : -1;
}

/* Paths reach a program through WASI preopens only, and it has none: there is no file to open or map. */
int __syscall_open(const char *path, int flags, ...) { (void)path, (void)flags; return -ENOENT; }
int __map_file(int a, int b) { (void)a, (void)b; return -ENOSYS; }
int _mmap_js(int a, int b, int c, int d, int e, int f) { (void)a, (void)b, (void)c, (void)d, (void)e, (void)f; return -ENOSYS; }
int _munmap_js(int a, int b, int c, int d, int e, int f) { (void)a, (void)b, (void)c, (void)d, (void)e, (void)f; return -ENOSYS; }
/* Descriptors are non-blocking underneath whatever a program asks for: its own calls wait, not the thread. */
int
__syscall_fcntl64(int fd, int command, ...)
{
  return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? host_fd_dup(fd, -1) : 0;
}

int __syscall_ioctl(int fd, int request, ...) { (void)fd, (void)request; return -ENOSYS; }
int __syscall_dup3(int from, int to, int flags) { (void)from, (void)to, (void)flags; return -ENOSYS; }

_Noreturn void abort(void) { host_panic("abort() was called"); }

_Noreturn void
__assert_fail(const char *expression, const char *file, int line, const char *function)
{
  (void)file, (void)line, (void)function;
  host_panic(expression);
}

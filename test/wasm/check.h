/* What the C tests share: a check that is reported and counted, and the choice of a test by its name. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <gevent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      failures++; \
      printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno); \
    } \
  } while (0)

/* The call fails with this errno. */
#define FAILS(call, error) \
  do { \
    errno = 0; \
    CHECK((call) == -1); \
    CHECK(errno == (error)); \
  } while (0)

struct check {
  const char *name;
  void (*run)(void);
};

/* argv[1] names the test; "ok" and the status 0 mean that every check held. */
static inline int
run_check(const struct check *checks, size_t count, int argc, char **argv)
{
  for (size_t i = 0; i < count; i++)
    if (argc > 1 && !strcmp(checks[i].name, argv[1])) {
      checks[i].run();
      puts(failures ? "failed" : "ok");
      return failures != 0;
    }
  return 2;
}

#define MAIN(checks) \
  int main(int argc, char **argv) { return run_check(checks, sizeof checks / sizeof *checks, argc, argv); }

#endif

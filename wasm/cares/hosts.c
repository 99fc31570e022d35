/* The hosts file. c-ares has no stat(2) here and asks for the time at each search, to read the file again after a minute: the reading
 * of its own clock that came last will do. */
#include <time.h>

#include "lookup.h"

#define time(unused) lookup_clock()
#include "ares_hosts_file.c"

/* What ares.h has to know about the libc of this target. Takes the place of the header that c-ares' own build would
 * generate (and of the one in its tarball, which is for systems that cannot run a configure script). */
#ifndef __CARES_BUILD_H
#define __CARES_BUILD_H

#define CARES_TYPEOF_ARES_SOCKLEN_T socklen_t
#define CARES_TYPEOF_ARES_SSIZE_T ssize_t

#define CARES_HAVE_SYS_TYPES_H
#define CARES_HAVE_SYS_SOCKET_H
#define CARES_HAVE_SYS_SELECT_H
#define CARES_HAVE_ARPA_NAMESER_H
#define CARES_HAVE_ARPA_NAMESER_COMPAT_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/select.h>

#endif

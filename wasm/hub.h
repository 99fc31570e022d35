/* The hub of a linked C program: its libev loop and the turn that the host gives it. */
#ifndef GEVENT_HUB_H
#define GEVENT_HUB_H

#include "ev_core.h"

extern struct ev_loop *hub_loop;

#endif

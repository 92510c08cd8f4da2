/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Kernel and udev events, from sockets of our own in the main loop. A library's monitor would hide
 * that its queue overflowed: here that is an observation, OBS_UEVENTS_LOST, after which everything
 * is to be read again.
 */
#include "model/observation.h"

struct loop;
struct uevent;

/* sink gets OBS_UEVENT and OBS_UEVENTS_LOST. 0 or negative errno. */
int uevent_new(struct loop *loop, observation_sink sink, void *arg, struct uevent **ret);
struct uevent *uevent_free(struct uevent *uevent);

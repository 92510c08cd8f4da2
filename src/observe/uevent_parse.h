/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Bytes of a uevent socket to what they say of a SCSI device. The kernel speaks first, and of a
 * removal only its word counts; udev repeats an event when its rules are through, behind a binary
 * header of its own. Either can be heard by everybody and the second be sent by root only.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/observation.h"

enum uevent_origin { UEVENT_FROM_KERNEL, UEVENT_FROM_UDEV };

/* 1: it concerns a SCSI device (or a path of a map) and *ret says what; 0: it does not; -EBADMSG.
 * *ret is written with 1 only. */
int uevent_parse(
	enum uevent_origin origin, const uint8_t *bytes, size_t len, struct obs_uevent *ret);

/* Does a message with this sender come from where it should? The kernel has port 0; udev any other,
 * and the privileges of root. */
bool uevent_is_genuine(
	enum uevent_origin origin, uint32_t port, uint32_t groups, bool has_uid, uid_t uid);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * SCSI devices as sysfs tells of them. Everything is read below the device's own directory, so that
 * one observation never mixes two devices; only attributes that take no lock of the device are
 * read. What cannot be read is left empty: opinions are formed elsewhere.
 */
#include "model/observation.h"

/* Where to look: directory descriptors, in tests on trees like these. */
struct discover {
	int sys; /* /sys */
	int run; /* /run, where udev keeps what it knows; -1: it knows nothing */
};

/* An OBS_DEVICE for every SCSI device with a disk's peripheral type. 0 or negative errno (the bus
 * itself cannot be listed: there is no SCSI at all when that is -ENOENT). */
int discover_all(const struct discover *from, observation_sink sink, void *arg);

/* Every SCSI host, as OBS_HOST. 0 or negative errno. */
int discover_hosts(const struct discover *from, observation_sink sink, void *arg);

/* The device at this directory ("devices/...", or only its address when that is all that is known)
 * as OBS_DEVICE: present or not. */
void discover_one(const struct discover *from, const char *sysfs, struct observation *ret);

/* The helper: answers ACT_READ_DEVICES and ACT_LOOK until the socket closes. */
int scout_main(int socket, uint32_t tag);

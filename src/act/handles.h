/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * All that is held open of one SCSI device, opened before any verdict on it and used for nothing
 * but it: a write to this `delete` after the device went is refused by the kernel and never reaches
 * a successor at the same address. Handles pin the kernel's device and its driver, so they are
 * given back as soon as the device goes or nobody wants it watched.
 */
#include "model/action.h"
#include "model/observation.h"

struct transport;

struct handles {
	int dir;	 /* the sysfs directory; only to look below */
	int delete_file; /* for writing */
	int state;	 /* to read, and for a fence to write */
	int transport;	 /* -1: this transport has no word on its state */
	int sg;		 /* -1: there is no sg node */
	int disk;	 /* only where there is no sg node: for SG_IO, no use and no claim */
	const struct transport *transport_words; /* borrowed: a row of a table */
	uint64_t ino;
	uint32_t timeout_ms; /* the device's own for a command */
};

#define HANDLES_NONE ((struct handles){ -1, -1, -1, -1, -1, -1, NULL, 0, 0 })

/* 0, or negative errno and nothing is open. -ESTALE: the directory is another device's now;
 * -ENXIO: it can be asked by no node. May block for as long as the open of a node does. */
int handles_open(const struct act_watch *watch, struct handles *ret);
/* Accepts handles that are not open. */
void handles_close(struct handles *h);

static inline bool handles_are_open(const struct handles *h)
{
	return h->dir >= 0;
}

/* By which commands are sent. */
static inline int handles_node(const struct handles *h)
{
	return h->sg >= 0 ? h->sg : h->disk;
}

/* Read now; neither waits for the device. */
enum device_state handles_device_state(const struct handles *h);
enum transport_state handles_transport_state(const struct handles *h);

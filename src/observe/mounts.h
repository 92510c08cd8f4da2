/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The mounts of every mount namespace that lie on a block device. A namespace lives as long as a
 * process is in it or its file is bound somewhere; each is read once, through one of its processes,
 * or through a visitor where there is none.
 */
#include "model/observation.h"
#include "observe/scan.h"

struct mount_use {
	struct devt devt;   /* major 0: its file system has no one device */
	struct devt source; /* the device that was named when it was mounted; major 0: none */
	uint32_t pid;	    /* who sees it; 0: the first process, or nobody */
	bool critical;
	char point[sizeof((struct hold *)0)->what];
};

/* A path, and the file system that it lies in as we see it. */
struct mount_place {
	const char *path; /* borrowed */
	size_t matched;	  /* length of the longest mount point so far */
	struct devt devt, source;
};

struct mount_namespace {
	uint64_t inode;
	bool is_read;
};

/* A namespace's file that is bound somewhere. */
struct mount_bound {
	uint64_t inode;
	char *path; /* owned; where we see it, NULL: we do not */
};

struct mounts {
	struct scan *scan; /* borrowed */
	struct mount_use *uses;
	size_t n_uses;
	struct mount_namespace *namespaces;
	size_t n_namespaces;
	struct mount_bound *bound;
	size_t n_bound;
	uint32_t *local_ids; /* mounts whose files may be asked for, in order */
	size_t n_local_ids;
	struct mount_place *places; /* borrowed */
	size_t n_places;
	uint64_t first, own; /* namespaces of the first process, and ours */
};

/* Also finds the places. What could not be read makes the scan incomplete. */
void mounts_read(
	struct scan *scan, struct mount_place *places, size_t n_places, struct mounts *ret);
void mounts_done(struct mounts *mounts);

/* Does a file below this mount answer without asking anybody else? */
bool mounts_is_local(const struct mounts *mounts, uint32_t id);

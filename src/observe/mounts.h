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
	uint32_t shared, master;
	uint64_t namespace;
	bool critical;
	char *point; /* owned */
	char *bound; /* owned: the file of a namespace that no process is in; NULL: of another */
};

/* A file system, as of a mount_use. */
struct mount_spot {
	struct devt devt, source;
};

/* A path of which nobody tells in which namespace it was meant, and the file systems that it may
 * lie in: as we see it, and where another namespace has one mounted closer to it. */
struct mount_place {
	const char *path; /* borrowed; "": lies in none */
	struct mount_spot own, elsewhere;
};

/* A line of a namespace's list, of whatever it is that is mounted. */
struct mount_line {
	uint64_t namespace;
	uint32_t id;
	bool is_local;	    /* its files answer without asking anybody else */
	struct devt devt;   /* as of a mount_use */
	struct devt source; /* looked for where devt has no major */
	char *point;	    /* owned */
};

struct mount_index {
	uint32_t id;
	size_t line;
};

struct mount_namespace {
	uint64_t inode;
	bool is_read;
	uint32_t jailed; /* a process that has another root than it, and so does not see all; 0:
			    none */
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
	struct mount_line *lines; /* those of a namespace in its order */
	size_t n_lines;
	struct mount_index *by_id; /* of the lines, in order */
	uint64_t first, own;	   /* namespaces of the first process, and ours */
};

/* Also finds the places. What could not be read makes the scan incomplete. */
void mounts_read(
	struct scan *scan, struct mount_place *places, size_t n_places, struct mounts *ret);
void mounts_done(struct mounts *mounts);

/* The mount with this number, NULL when nobody has it mounted any more. Borrowed. */
const struct mount_line *mounts_by_id(const struct mounts *mounts, uint32_t id);

/* The mount that a path of this namespace lies on, NULL: none. Compares texts: nobody is asked.
 * Borrowed. */
const struct mount_line *mounts_by_path(
	const struct mounts *mounts, uint64_t namespace, const char *path);

/* The mount namespace of a process, by its directory. 0 or negative errno. */
int mounts_namespace(int dir, uint64_t *ret);

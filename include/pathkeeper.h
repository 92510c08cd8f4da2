/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATHKEEPER_H
#define PATHKEEPER_H
/*
 * libpathkeeper: a client of pathkeeperd. Every call asks the daemon over its private socket and
 * gives back one JSON document (docs/json.md, "version": 1). A struct pk belongs to one thread at
 * a time. Names of devices are what the command takes: "sdb", "8:16", "3:0:0:1", a WWID, a map.
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pk;

enum {
	PK_CONNECT_READ = 1, /* everyone may: status, paths, maps, events, config */
};

enum {
	PK_PURGE_DRY_RUN = 1, /* go all rungs up to the deed, and say so */
	PK_PURGE_HELD = 2,    /* let go what the limits hold back */
	PK_PURGE_FENCED = 4,  /* remove what is fenced, which is not asked again */
};

/**
 * pk_connect() - connect to the daemon
 * @flags:	0 or PK_CONNECT_READ
 * @ret:	set on success; to be closed with pk_close()
 *
 * Shape:	$PATHKEEPER_RUNTIME_DIR/private (or read), else /run/pathkeeper/...
 * Errors:	-ECONNREFUSED	no daemon answers
 *		-ETIMEDOUT	one is there, and does not answer in time
 *		-EPERM		not allowed: the private socket is uid 0's
 * Blocks:	until the daemon answered, 5 s at most
 *
 * Return: 0 or a negative errno.
 */
int pk_connect(unsigned flags, struct pk **ret);

/**
 * pk_close() - close the connection; what it asked for and is not answered is given up
 * @pk:		may be NULL
 *
 * Blocks:	no
 *
 * Return: NULL.
 */
struct pk *pk_close(struct pk *pk);

/**
 * pk_error() - the words of the daemon about the last call that failed
 * @pk:		a connection
 *
 * Shape:	one line, "" when there is none; borrowed until the next call
 * Blocks:	no
 */
const char *pk_error(const struct pk *pk);

/**
 * pk_status() - the daemon: mode, counts by state, what is stuck, held
 * @pk:		a connection
 * @ret:	set on success: the document; free() it
 *
 * Errors:	-ECONNRESET	the daemon went away
 *		-ETIMEDOUT	it did not answer in 25 s
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_status(struct pk *pk, char **ret);

/**
 * pk_paths() - one object a path
 * @names:	NULL-terminated; NULL or empty: all paths
 * @ret:	set on success: the document; free() it
 *
 * Errors:	as pk_status(), and -ENODEV: no device is called so
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_paths(struct pk *pk, const char *const *names, char **ret);

/**
 * pk_maps() - one object a multipath map, with its groups and their paths
 * @names:	NULL-terminated, of maps or of paths in them; NULL or empty: all maps
 * @ret:	set on success: the document; free() it
 *
 * Shape:	multipathd's "show maps json"
 * Errors:	as pk_paths()
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_maps(struct pk *pk, const char *const *names, char **ret);

/**
 * pk_check() - ask the devices now
 * @names:	NULL-terminated, at least one
 * @timeout_ms:	what is not answered then is "pending"; 0: the daemon's usual (40 s)
 * @ret:	set on success: the document; free() it
 *
 * Shape:	state, sense (SPC-6 4.5), WWID of each
 * Errors:	as pk_paths()
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_check(struct pk *pk, const char *const *names, uint64_t timeout_ms, char **ret);

/**
 * pk_purge() - verify that the devices are gone, remove them, wait for the end
 * @names:	NULL-terminated; may be empty with PK_PURGE_HELD, PK_PURGE_FENCED: all that is
 *		held back, fenced
 * @flags:	PK_PURGE_...
 * @timeout_ms:	what is not done then is "pending"; 0: wait for ever
 * @ret:	set on success: the document, a result for each device; free() it
 *
 * Errors:	as pk_paths(); that a device is refused or busy is a result, no error
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_purge(
	struct pk *pk, const char *const *names, unsigned flags, uint64_t timeout_ms, char **ret);

/**
 * pk_holders() - who uses the device, in every mount namespace
 * @name:	a device
 * @ret:	set on success: the document; free() it
 *
 * Errors:	as pk_paths()
 * Blocks:	until the scan ended, which has a deadline of 5 s
 *
 * Return: 0 or a negative errno.
 */
int pk_holders(struct pk *pk, const char *name, char **ret);

/**
 * pk_rescan() - look for new logical units
 * @names:	NULL-terminated; a host, target, session or port, or a device on it; NULL or empty:
 *		every host that an array may be behind
 * @timeout_ms:	what is not done then is "pending"; 0: the daemon's usual (120 s)
 * @ret:	set on success: the document, a result for each place; free() it
 *
 * Errors:	as pk_paths()
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_rescan(struct pk *pk, const char *const *names, uint64_t timeout_ms, char **ret);

/**
 * pk_grow() - volumes grew on their array: have the kernel see it on every good path, and the map
 * @names:	NULL-terminated, at least one; one path means its whole volume
 * @timeout_ms:	what is not done then is "pending"; 0: the daemon's usual (120 s)
 * @ret:	set on success: the document, a result for each volume; free() it
 *
 * A path is read again only while it says itself that it is the volume's (page 83h, SPC-4); the map
 * is made longer by its owner, directly where it has none, and never shorter.
 *
 * Errors:	as pk_status(), and -ENODEV: no name is a device
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_grow(struct pk *pk, const char *const *names, uint64_t timeout_ms, char **ret);

/**
 * pk_wait() - until devices are there, with so many good paths
 * @names:	NULL-terminated, at least one; what is not there yet is waited for
 * @paths:	up or ghost, leading to the logical unit that they should, as read after the call
 *		came; of each name, from 1 to 65536
 * @timeout_ms:	what is not there then is "pending"; 0: the daemon's usual (120 s)
 * @ret:	set on success: the document, a result for each name; free() it
 *
 * Errors:	as pk_status(), and -ENODEV: no device can be called so
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_wait(
	struct pk *pk, const char *const *names, unsigned paths, uint64_t timeout_ms, char **ret);

/**
 * pk_config() - the configuration that is in force
 * @with_origin: also where each value came from
 * @ret:	set on success: the document; free() it
 *
 * Errors:	as pk_status()
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_config(struct pk *pk, int with_origin, char **ret);

/**
 * pk_reconfigure() - read the configuration files again
 * @ret:	set on success: the document with what is to be said about them; free() it
 *
 * Errors:	as pk_status(); that it is refused is said in the document
 * Blocks:	until it was read, 10 s at most
 *
 * Return: 0 or a negative errno.
 */
int pk_reconfigure(struct pk *pk, char **ret);

/**
 * pk_events() - what happened
 * @after:	only events with a greater number; 0: all that are kept (1024)
 * @ret:	set on success: the document, with the last number; free() it
 *
 * Errors:	as pk_status()
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_events(struct pk *pk, uint64_t after, char **ret);

/**
 * pk_follow() - call back for every event from now on
 * @visit:	gets the event's number and its JSON object (borrowed); nonzero ends it
 *
 * After pk_events() on the same connection "now" is where that ended: nothing is missed. Numbers
 * that are left out are events that came faster than they were read.
 *
 * Errors:	-ECONNRESET	the daemon went away
 * Blocks:	until visit returned nonzero or the connection ended
 *
 * Return: what visit returned, or a negative errno.
 */
int pk_follow(struct pk *pk, int (*visit)(void *arg, uint64_t number, const char *json), void *arg);

#ifdef __cplusplus
}
#endif
#endif

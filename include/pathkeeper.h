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

enum {
	PK_DETACH_DRY_RUN = 1, /* look at everything, and say what would be done */
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
 * pk_clean_device() - close what the daemon has open below a device and nobody uses
 * @name:	a device, or something above devices: a host, a target, a directory
 * @below:	NULL, or what its first level is called that alone is meant
 * @flags:	PK_CLEAN_FORCE, PK_CLEAN_DRY_RUN
 * @ret:	set on success: the document, what became of each node; free() it
 *
 * The daemon's own cache of nodes, cleaned by pk_clean(). What was closed is opened again when its
 * next check is due.
 *
 * Errors:	as pk_status(), and -ENODEV: no device is called so; -EINVAL: an unknown flag
 * Blocks:	until it was closed, 10 s at most
 *
 * Return: 0 or a negative errno.
 */
int pk_clean_device(struct pk *pk, const char *name, const char *below, unsigned flags, char **ret);

/**
 * pk_detach() - take devices that are there, and unused, out of service and away
 * @names:	NULL-terminated, at least one; each is one transaction: a volume with its map, a
 *path, or all paths of a target, session, port, host, directory
 * @flags:	PK_DETACH_...
 * @timeout_ms:	what is not done then is "pending", and goes on if it has begun; 0: the daemon's
 *		usual (120 s)
 * @ret:	set on success: the document, a result for each device; free() it
 *
 * Errors:	as pk_paths(); that a device is refused or busy is a result, no error
 * Blocks:	until answered
 *
 * Return: 0 or a negative errno.
 */
int pk_detach(
	struct pk *pk, const char *const *names, unsigned flags, uint64_t timeout_ms, char **ret);

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

/*
 * A cache of nodes: the device tree as somebody has looked at it, made of directories and leaves.
 * The daemon keeps one of the handles that it checks devices by, a file system of devices keeps
 * one of what it has shown; whoever caches something of a device makes a node for it, and gives it
 * back when the node is let go. What is cached is no use: pk_clean() takes it away. A tree belongs
 * to one thread at a time; nothing here asks the daemon, and nothing blocks.
 */
struct pk_node;

enum {
	PK_NODE_LEAF = 1,     /* a special file: nothing is ever below it */
	PK_NODE_VIRTUAL = 2,  /* a directory of clients, which are reached through other devices */
	PK_NODE_INTERNAL = 4, /* shown to nobody but who keeps the cache */
	PK_NODE_HIDDEN = 8,   /* its device was taken away while somebody holds it */
};

enum {
	PK_LOOKUP_INTERNAL = 1, /* also what is shown to nobody */
};

/* Who keeps the cache. Each call may be NULL, and may not free the tree. */
struct pk_node_owner {
	/* Make what is called name in directory, or all there is (NULL), by pk_node_make(). 0 or
	 * negative errno. */
	int (*find)(void *arg, struct pk_node *directory, const char *name);
	/* Called once for each node, before it leaves its directory, to be freed or stale: give
	 * back what is cached of pk_node_device(), which is NULL from then on. */
	void (*let_go)(void *arg, struct pk_node *node);
	/* Is client, a child of a virtual directory, reached through a device below root? NULL: a
	 * forced clean concerns all clients, as in the original. */
	int (*concerns)(void *arg, const struct pk_node *client, const struct pk_node *root);
	void *arg;
};

/**
 * pk_tree_new() - a cache with nothing in it
 * @owner:	copied; NULL: nobody is called
 * @ret:	set on success: the root, a directory; to be freed with pk_tree_free()
 *
 * Errors:	-ENOMEM
 * Blocks:	no
 *
 * Return: 0 or a negative errno.
 */
int pk_tree_new(const struct pk_node_owner *owner, struct pk_node **ret);

/**
 * pk_tree_free() - let go of everything
 * @root:	may be NULL. Who holds a node of it keeps a stale one
 *
 * Blocks:	no
 *
 * Return: NULL.
 */
struct pk_node *pk_tree_free(struct pk_node *root);

/**
 * pk_node_make() - a node of this name in a directory
 * @name:	without '/', and not beginning with '@' or ':'
 * @flags:	PK_NODE_...
 * @device:	whatever the owner knows it by; may be NULL
 * @ret:	set on success: the node, borrowed until it is let go
 *
 * Errors:	-EINVAL		no node can be called so, or be virtual there
 *		-ENOTDIR	directory is a leaf
 *		-ESTALE		directory is not there any more
 *		-EBUSY		directory is locked; a clean is at work in it
 *		-ENOMEM
 * Blocks:	no
 *
 * Return: 0, 1: it was there and stays as it is, or a negative errno.
 */
int pk_node_make(struct pk_node *directory, const char *name, unsigned flags, void *device,
	struct pk_node **ret);

/**
 * pk_node_lookup() - the node of this name, found by the owner when it is not cached
 * @flags:	PK_LOOKUP_...
 * @ret:	set on success: the node, borrowed until it is let go; hold it to keep it
 *
 * From within a clean only what is cached is found.
 *
 * Errors:	-ENOENT		there is none, it is hidden, or it is internal
 *		-ENOTDIR, -ESTALE as pk_node_make(); what find returned
 * Blocks:	no
 *
 * Return: 0 or a negative errno.
 */
int pk_node_lookup(
	struct pk_node *directory, const char *name, unsigned flags, struct pk_node **ret);

/**
 * pk_node_list() - every node of a directory in the order of the bytes of their names
 * @after:	begin behind this name; NULL: with the first
 * @visit:	gets the node (borrowed); nonzero ends it
 *
 * What is not cached is found first, unless everything was found since the last clean. visit may
 * clean: the list goes on behind the node's name, and directory itself stays.
 *
 * Errors:	-ENOTDIR, -ESTALE as pk_node_make(); what find returned
 * Blocks:	no
 *
 * Return: what visit returned, 0, or a negative errno.
 */
int pk_node_list(struct pk_node *directory, const char *after,
	int (*visit)(void *arg, struct pk_node *node), void *arg);

/* Somebody has it (an open file, a working directory), or has it no longer. A stale node is freed
 * when the last one releases it. */
void pk_node_hold(struct pk_node *node);
void pk_node_release(struct pk_node *node);

/* Somebody looks something up below it right now: held meanwhile, and never made stale. */
void pk_node_enter(struct pk_node *directory);
void pk_node_leave(struct pk_node *directory);

/* Whoever reads or changes a directory for longer than one call. -EBUSY: it is locked otherwise. */
int pk_node_lock(struct pk_node *directory, int for_writing);
void pk_node_unlock(struct pk_node *directory);

/* Its device was taken away while somebody holds it: listed and found no more. */
void pk_node_hide(struct pk_node *node);

/* Strings and nodes are borrowed from the node. */
const char *pk_node_name(const struct pk_node *node);
void *pk_node_device(const struct pk_node *node);	    /* NULL: it was given back */
struct pk_node *pk_node_parent(const struct pk_node *node); /* NULL: the root, or stale */
unsigned pk_node_flags(const struct pk_node *node);
unsigned pk_node_links(const struct pk_node *node); /* 2 and its directories; 0: stale */
int pk_node_is_stale(const struct pk_node *node);
int pk_node_is_held(const struct pk_node *node);
int pk_node_is_partial(
	const struct pk_node *directory); /* the next list finds what else is there */

enum {
	PK_CLEAN_FORCE = 1,   /* referenced empty directories become stale */
	PK_CLEAN_DRY_RUN = 2, /* of pk_clean_device() alone: only say what would be done */
};

/* What became of a node. */
enum pk_clean_word {
	PK_CLEANED, /* let go, and gone */
	PK_STALE,   /* let go; who holds it has a shell that leads nowhere */
	PK_BUSY,    /* it stays */
	PK_SKIPPED, /* it was not looked at */
};

enum pk_clean_reason {
	PK_BECAUSE_NOTHING,
	PK_BECAUSE_HELD,     /* busy: somebody has it */
	PK_BECAUSE_LOOKUP,   /* busy: somebody looks something up in it */
	PK_BECAUSE_BELOW,    /* busy: something below it is */
	PK_BECAUSE_LOCKED,   /* busy, or skipped: it, or a directory on the way, is locked */
	PK_BECAUSE_STOPPED,  /* skipped: the walk ended at a busy one before it */
	PK_BECAUSE_FLAGS,    /* skipped: an unknown flag */
	PK_BECAUSE_LEAF,     /* skipped: a leaf has nothing below it */
	PK_BECAUSE_STALE,    /* skipped: it is not in the cache any more */
	PK_BECAUSE_CLEANING, /* skipped: called from within a clean of this tree */
};

/* visit and arg are the caller's, and may be NULL; the rest is set by each clean. */
struct pk_clean_report {
	/* The node is borrowed for the call; a cleaned one is let go after it. */
	void (*visit)(
		void *arg, struct pk_node *node, enum pk_clean_word word, enum pk_clean_reason why);
	void *arg;
	unsigned visited, cleaned, stale, busy, skipped;
	int walk; /* of root itself, without the virtual directories: 0, -EBUSY: something stays */
};

/**
 * pk_clean() - let go of what is cached and not used below a node: pk_clean(3)
 * @root:	a directory, which stays itself; NULL: nothing is done
 * @name:	only its children of this name, and their minors ("name:..."); stops at the first
 *		that is busy. NULL: all children, and on behind what is busy
 * @flags:	0 or PK_CLEAN_FORCE
 * @report:	may be NULL
 *
 * Blocks:	no
 *
 * Return: 0, always.
 */
int pk_clean(
	struct pk_node *root, const char *name, unsigned flags, struct pk_clean_report *report);

#ifdef __cplusplus
}
#endif
#endif

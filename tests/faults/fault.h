/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The n-th allocation, or the n-th system call of a kind, fails: once, or from then on. Calls that
 * our own objects make are led here by the linker (--wrap), those of libraries are not; where a
 * library allocates for us (regular expressions, sd-event), its call as a whole fails.
 *
 * An operation is run again and again, n = 1, 2, ..., until it ends without having met the fault:
 * then every call of that kind has failed once. What must hold, the operation itself asserts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_MEMORY,
	FAULT_OPEN,    /* also of directories, and what a directory lists */
	FAULT_LOOK,    /* stat, access, readlink */
	FAULT_READ,    /* also pread */
	FAULT_WRITE,   /* also pwrite */
	FAULT_CONTROL, /* ioctl, fcntl */
	FAULT_SEND,
	FAULT_RECEIVE,
	FAULT_SOCKET,  /* made (a pipe, too), bound, connected, accepted, configured */
	FAULT_WAIT,    /* poll, epoll */
	FAULT_PROCESS, /* fork, pidfd */
	FAULT_NAME,    /* mkdir, rename, unlink */
	FAULT_LOOP,    /* sd-event */
	FAULT_BUS,     /* sd-bus */
	FAULT_KINDS,
};

enum { FAULT_SHORT = -1 }; /* as an error: less than asked for is read, or written */

struct fault {
	enum fault_kind kind;
	int error; /* an errno */
	bool stays;
	unsigned n;
};

/* "memory ENOMEM from 3 on" */
const char *fault_text(const struct fault *fault);
/* "memory"; FAULT_NONE: no kind is called that. */
enum fault_kind fault_named(const char *name);

/* Calls run for every kind in kinds (ended by FAULT_NONE; NULL: all), each of its errors, once and
 * to stay, until it no longer strikes. Without end: the test fails. */
void fault_each(const enum fault_kind *kinds, void (*run)(const struct fault *fault));

/* Within run: from here on, in this process and those it forks, calls are counted and fail. */
void fault_begin(void);
/* No more in this process. */
void fault_end(void);
/* Was the fault met, here or in a process that was forked? */
bool fault_struck(void);

/* ---- a world of files ---------------------------------------------------------------------- */

/* What is below /sys, /dev, /run, /proc and /etc is below root from now on; NULL: is itself again.
 * A file of dev is the node that dev/NAME.node says: "b 8:0" or "c 21:0". Directories are sysfs'.
 */
void fault_world(const char *root);

/* Asked before the kernel. -1 with errno, 0; or 1: not meant. */
typedef int (*fault_ioctl)(int fd, unsigned long request, void *arg);
void fault_on_ioctl(fault_ioctl answer);
/* An abstract address is below root, too: this is where somebody connects who means name. */
socklen_t fault_address(const char *name, struct sockaddr_un *ret);

/* Netlink sockets that are none: made, and received from. error: what it is to fail by, or 0. */
struct fault_netlink {
	int (*make)(int protocol);
	bool (*is_one)(int fd);
	ssize_t (*receive)(int fd, struct msghdr *m, int error);
};
void fault_on_netlink(const struct fault_netlink *answer);

/* What happens while somebody is at work, to him alone. */
struct fault_moments {
	int claim;	    /* the claim of a node (O_EXCL) fails by this errno; 0: it does not */
	unsigned asleep_ms; /* ... after the machine slept for so long */
	bool leaves;	    /* whom he tells something is gone when it was told */
	void (*on_read)(int fd); /* he is about to read again what he keeps open (pread) */
};
/* Copied; NULL: nothing happens. */
void fault_moments(const struct fault_moments *moments);

/* What our own objects allocated in this process and did not free. */
long fault_live(void);
/* Open descriptors of this process. */
unsigned fault_open_fds(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "wrap.h"

enum { MOST_CALLS = 20000, PATH_BYTES = 4352, AT_MOST_S = 20 };

/* Shared with the processes that are forked, which take part. */
static struct shared {
	struct fault fault;
	atomic_uint calls, strikes;
} * shared;

static bool is_subject; /* this process */
static char world[256];
static fault_ioctl on_ioctl;
static const struct fault_netlink *on_netlink;

/* ---- the loop ---------------------------------------------------------------------------- */

static const struct kind_row {
	const char *name;
	int errors[6];
} kinds[FAULT_KINDS] = {
	[FAULT_MEMORY] = { "memory", { ENOMEM } },
	[FAULT_OPEN] = { "open", { EIO, EINTR, ENODEV, ENOENT, ENOSPC, EMFILE } },
	[FAULT_LOOK] = { "look", { EIO, EINTR, ENODEV, ENOENT, ENOMEM } },
	[FAULT_READ] = { "read", { EIO, EINTR, ENODEV, EAGAIN, FAULT_SHORT } },
	[FAULT_WRITE] = { "write", { EIO, EINTR, ENODEV, EAGAIN, ENOSPC, FAULT_SHORT } },
	[FAULT_CONTROL] = { "control", { EIO, EINTR, ENODEV, ENOENT, EAGAIN, ENOMEM } },
	[FAULT_SEND] = { "send", { EIO, EINTR, EAGAIN, ENOBUFS, EPIPE } },
	[FAULT_RECEIVE] = { "receive", { EIO, EINTR, EAGAIN, ENOBUFS, ECONNRESET } },
	[FAULT_SOCKET] = { "socket", { EMFILE, EINTR, ENOBUFS, EAGAIN } },
	[FAULT_WAIT] = { "wait", { EINTR, ENOMEM } },
	[FAULT_PROCESS] = { "process", { EAGAIN, ENOMEM, EMFILE } },
	[FAULT_NAME] = { "name", { EIO, ENOENT, ENOSPC } },
	[FAULT_LOOP] = { "loop", { ENOMEM } },
	[FAULT_BUS] = { "bus", { ENOMEM } },
};

/* For ever, a call that is merely to be made again is no fault that anybody could live with. */
static bool may_stay(enum fault_kind kind, int error)
{
	return error != EINTR && error != EAGAIN && error != FAULT_SHORT && error != ECONNRESET &&
	       kind != FAULT_WAIT;
}

const char *fault_text(const struct fault *f)
{
	static char text[96];

	snprintf(text, sizeof text, "%s %s %s %u%s", kinds[f->kind].name,
		f->error == FAULT_SHORT ? "SHORT" : strerrorname_np(f->error),
		f->stays ? "from" : "at", f->n, f->stays ? " on" : "");
	return text;
}

enum fault_kind fault_named(const char *name)
{
	for (int i = FAULT_NONE + 1; i < FAULT_KINDS; i++)
		if (!strcmp(kinds[i].name, name))
			return (enum fault_kind)i;
	return FAULT_NONE;
}

static void end_without_end(int signo)
{
	static const char text[] = "an operation does not end: ";

	(void)signo;
	if (write(STDERR_FILENO, text, strlen(text)) > 0) {
		const char *which = fault_text(&shared->fault);

		if (write(STDERR_FILENO, which, strlen(which)) > 0)
			abort();
	}
	abort();
}

static bool run_one(struct fault *f, void (*run)(const struct fault *fault))
{
	shared->fault = *f;
	atomic_store(&shared->calls, 0);
	atomic_store(&shared->strikes, 0);
	alarm(AT_MOST_S);
	run(f);
	alarm(0);
	fault_end();
	return atomic_load(&shared->strikes) > 0;
}

/* False: there is no call of this kind. */
static bool run_all(
	enum fault_kind kind, int error, bool stays, void (*run)(const struct fault *fault))
{
	struct fault f = { .kind = kind, .error = error, .stays = stays, .n = 1 };

	while (run_one(&f, run))
		if (++f.n == MOST_CALLS)
			fail_msg("%s: without end", fault_text(&f));
	print_message("# %s\n", fault_text(&f)); /* the first that was not met */
	return f.n > 1;
}

static bool is_wanted(const enum fault_kind *wanted, enum fault_kind kind)
{
	for (; wanted && *wanted != FAULT_NONE; wanted++)
		if (*wanted == kind)
			return true;
	return !wanted;
}

void fault_each(const enum fault_kind *wanted, void (*run)(const struct fault *fault))
{
	if (!shared)
		shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	signal(SIGALRM, end_without_end);
	for (int i = FAULT_NONE + 1; i < FAULT_KINDS; i++) {
		enum fault_kind kind = (enum fault_kind)i;

		if (!is_wanted(wanted, kind))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(kinds[i].errors) && kinds[i].errors[k]; k++) {
			if (!run_all(kind, kinds[i].errors[k], false, run))
				break;
			if (may_stay(kind, kinds[i].errors[k]))
				run_all(kind, kinds[i].errors[k], true, run);
		}
	}
}

void fault_begin(void)
{
	is_subject = true;
}

void fault_end(void)
{
	is_subject = false;
}

bool fault_is_subject(void)
{
	return is_subject;
}

bool fault_struck(void)
{
	return atomic_load(&shared->strikes) > 0;
}

bool fault_strikes(enum fault_kind kind)
{
	unsigned call;

	if (!is_subject || kind != shared->fault.kind)
		return false;
	call = atomic_fetch_add(&shared->calls, 1) + 1;
	if (call != shared->fault.n && !(shared->fault.stays && call > shared->fault.n))
		return false;
	atomic_fetch_add(&shared->strikes, 1);
	errno = shared->fault.error == FAULT_SHORT ? EIO : shared->fault.error;
	return true;
}

static bool is_short(void)
{
	return shared->fault.error == FAULT_SHORT;
}

/* ---- the world --------------------------------------------------------------------------- */

void fault_world(const char *root)
{
	snprintf(world, sizeof world, "%s", root ? root : "");
}

void fault_on_ioctl(fault_ioctl answer)
{
	on_ioctl = answer;
}

void fault_on_netlink(const struct fault_netlink *answer)
{
	on_netlink = answer;
}

unsigned fault_open_fds(void)
{
	bool was_subject = is_subject;
	unsigned n = 0;
	DIR *dir;

	is_subject = false;
	dir = opendir("/proc/self/fd");
	while (dir && readdir(dir))
		n++;
	closedir(dir);
	is_subject = was_subject;
	return n;
}

static const char *led(const char *path, char buffer[PATH_BYTES])
{
	static const char *const places[] = { "/sys", "/dev", "/run", "/proc", "/etc" };

	if (!strcmp(path, "/dev/null"))
		return path;
	for (size_t i = 0; world[0] && i < ARRAY_SIZE(places); i++) {
		size_t len = strlen(places[i]);

		if (strncmp(path, places[i], len) != 0 || (path[len] && path[len] != '/'))
			continue;
		snprintf(buffer, PATH_BYTES, "%s%s", world, path);
		return buffer;
	}
	return path;
}

/* ---- memory ------------------------------------------------------------------------------ */

static long n_live;

static void *lives(void *p)
{
	n_live += p != NULL;
	return p;
}

void fault_lent(long n)
{
	n_live += n;
}

long fault_live(void)
{
	return n_live;
}

/* Gives what is to be freed by free(). */
#define ALLOCATE(ret, name, params, args)                                                          \
	REAL(ret, name, params)                                                                    \
	{                                                                                          \
		return fault_strikes(FAULT_MEMORY) ? NULL : lives(__real_##name args);             \
	}

ALLOCATE(void *, malloc, (size_t size), (size))
ALLOCATE(void *, calloc, (size_t n, size_t size), (n, size))
ALLOCATE(char *, strdup, (const char *s), (s))
ALLOCATE(char *, strndup, (const char *s, size_t n), (s, n))
MAKE(FAULT_MEMORY, FILE *, fdopen, (int fd, const char *mode), (fd, mode))
MAKE(FAULT_MEMORY, DIR *, fdopendir, (int fd), (fd))

REAL(void *, realloc, (void *p, size_t size))
{
	void *grown = fault_strikes(FAULT_MEMORY) ? NULL : __real_realloc(p, size);

	n_live += grown && !p;
	return grown;
}

REAL(void, free, (void *p))
{
	n_live -= p != NULL;
	__real_free(p);
}

REAL(int, vasprintf, (char **s, const char *f, va_list args))
{
	int n = fault_strikes(FAULT_MEMORY) ? -1 : __real_vasprintf(s, f, args);

	n_live += n >= 0;
	return n;
}

REAL(ssize_t, __getdelim, (char **line, size_t *size, int end, FILE *file))
{
	bool had = *line;
	ssize_t n = fault_strikes(FAULT_MEMORY) ? -1 : __real___getdelim(line, size, end, file);

	n_live += !had && *line;
	return n;
}

REAL(ssize_t, getline, (char **line, size_t *size, FILE *file))
{
	bool had = *line;
	ssize_t n = fault_strikes(FAULT_MEMORY) ? -1 : __real_getline(line, size, file);

	n_live += !had && *line;
	return n;
}

REAL(int, regexec, (const regex_t *r, const char *s, size_t n, regmatch_t *m, int flags))
{
	return fault_strikes(FAULT_MEMORY) ? REG_ESPACE : __real_regexec(r, s, n, m, flags);
}

REAL(int, regcomp, (regex_t * r, const char *s, int flags))
{
	return fault_strikes(FAULT_MEMORY) ? REG_ESPACE : __real_regcomp(r, s, flags);
}

/* ---- files ------------------------------------------------------------------------------- */

REAL(int, scandir64,
	(const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
		int (*compare)(const struct dirent **, const struct dirent **)))
{
	char buffer[PATH_BYTES];

	return fault_strikes(FAULT_OPEN)
		       ? -1
		       : __real_scandir64(led(path, buffer), list, filter, compare);
}

static int open_refused(int flags)
{
	if (fault_strikes(FAULT_OPEN))
		return -1;
	if (flags & O_EXCL && !(flags & O_CREAT))
		errno = moment_claims();
	else
		return 0;
	return errno ? -1 : 0;
}

REAL(int, open64, (const char *path, int flags, ...))
{
	char buffer[PATH_BYTES];
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_refused(flags) < 0 ? -1 : __real_open64(led(path, buffer), flags, mode);
}

REAL(int, openat64, (int at, const char *path, int flags, ...))
{
	char buffer[PATH_BYTES];
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_refused(flags) < 0 ? -1 : __real_openat64(at, led(path, buffer), flags, mode);
}

MAKE(FAULT_OPEN, struct dirent *, readdir64, (DIR * dir), (dir))

REAL(int, mkdir, (const char *path, mode_t mode))
{
	char buffer[PATH_BYTES];

	return fault_strikes(FAULT_NAME) ? -1 : __real_mkdir(led(path, buffer), mode);
}

REAL(int, chmod, (const char *path, mode_t mode))
{
	char buffer[PATH_BYTES];

	return fault_strikes(FAULT_NAME) ? -1 : __real_chmod(led(path, buffer), mode);
}

REAL(int, unlink, (const char *path))
{
	char buffer[PATH_BYTES];

	return fault_strikes(FAULT_NAME) ? -1 : __real_unlink(led(path, buffer));
}

CALL(FAULT_NAME, int, renameat, (int from, const char *old, int to, const char *new),
	(from, old, to, new))
CALL(FAULT_NAME, int, unlinkat, (int at, const char *path, int flags), (at, path, flags))

ssize_t __real_read(int fd, void *bytes, size_t size);

/* Half of what is there: of a file, which is usually shorter than what is asked for. Of the rest,
 * half of what was wanted. */
static ssize_t read_half(int fd, void *bytes, size_t size)
{
	ssize_t n;

	if (lseek(fd, 0, SEEK_CUR) < 0)
		return __real_read(fd, bytes, (size + 1) / 2);
	n = __real_read(fd, bytes, size);
	if (n <= 1)
		return n;
	lseek(fd, -(n / 2), SEEK_CUR);
	return n - n / 2;
}

REAL(ssize_t, read, (int fd, void *bytes, size_t size))
{
	if (!fault_strikes(FAULT_READ))
		return __real_read(fd, bytes, size);
	return is_short() ? read_half(fd, bytes, size) : -1;
}

REAL(ssize_t, pread64, (int fd, void *bytes, size_t size, off_t at))
{
	ssize_t n;

	moment_reads(fd);
	if (!fault_strikes(FAULT_READ))
		return __real_pread64(fd, bytes, size, at);
	if (!is_short())
		return -1;
	n = __real_pread64(fd, bytes, size, at);
	return n > 1 ? n - n / 2 : n;
}

/* Half of it; of a single byte, none. */
REAL(ssize_t, write, (int fd, const void *bytes, size_t size))
{
	if (!fault_strikes(FAULT_WRITE))
		return __real_write(fd, bytes, size);
	if (!is_short())
		return -1;
	return size > 1 ? __real_write(fd, bytes, size / 2) : 0;
}

REAL(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off_t at))
{
	if (!fault_strikes(FAULT_WRITE))
		return __real_pwrite64(fd, bytes, size, at);
	if (!is_short())
		return -1;
	return size > 1 ? __real_pwrite64(fd, bytes, size / 2, at) : 0;
}

/* A file of dev is the node that the file beside it says. */
static int dress(const char *path, struct stat *st)
{
	char text[32] = "", beside[PATH_BYTES + 8], type;
	unsigned major, minor;
	size_t len = strlen(world);
	int fd;

	if (!len || strncmp(path, world, len) != 0 || strncmp(path + len, "/dev/", 5) != 0)
		return 0;
	snprintf(beside, sizeof beside, "%s.node", path);
	fd = __real_open64(beside, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (__real_pread64(fd, text, sizeof text - 1, 0) > 0 &&
		sscanf(text, "%c %u:%u", &type, &major, &minor) == 3) {
		st->st_mode = type == 'b' ? S_IFBLK | 0600 : S_IFCHR | 0600;
		st->st_rdev = makedev(major, minor);
	}
	close(fd);
	return 0;
}

REAL(int, stat64, (const char *path, struct stat *st))
{
	char buffer[PATH_BYTES];

	if (fault_strikes(FAULT_LOOK) || __real_stat64(led(path, buffer), st) < 0)
		return -1;
	return dress(led(path, buffer), st);
}

REAL(int, fstat64, (int fd, struct stat *st))
{
	char link[32], path[PATH_BYTES];
	ssize_t n;

	if (fault_strikes(FAULT_LOOK) || __real_fstat64(fd, st) < 0)
		return -1;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return dress(path, st);
}

REAL(int, fstatfs64, (int fd, struct statfs *st))
{
	if (fault_strikes(FAULT_LOOK) || __real_fstatfs64(fd, st) < 0)
		return -1;
	if (world[0])
		st->f_type = SYSFS_MAGIC;
	return 0;
}

REAL(int, access, (const char *path, int mode))
{
	char buffer[PATH_BYTES];

	return fault_strikes(FAULT_LOOK) ? -1 : __real_access(led(path, buffer), mode);
}

CALL(FAULT_LOOK, int, fstatat64, (int at, const char *path, struct stat *st, int flags),
	(at, path, st, flags))
CALL(FAULT_LOOK, int, faccessat, (int at, const char *path, int mode, int flags),
	(at, path, mode, flags))
CALL(FAULT_LOOK, ssize_t, readlinkat, (int at, const char *path, char *buffer, size_t size),
	(at, path, buffer, size))
CALL(FAULT_LOOK, int, statx, (int at, const char *path, int flags, unsigned mask, struct statx *st),
	(at, path, flags, mask, st))

REAL(int, ioctl, (int fd, unsigned long request, void *arg))
{
	int r;

	if (fault_strikes(FAULT_CONTROL))
		return -1;
	r = on_ioctl ? on_ioctl(fd, request, arg) : 1;
	return r == 1 ? __real_ioctl(fd, request, arg) : r;
}

REAL(int, fcntl64, (int fd, int command, void *arg))
{
	return fault_strikes(FAULT_CONTROL) ? -1 : __real_fcntl64(fd, command, arg);
}

/* ---- sockets, waiting, processes ---------------------------------------------------------- */

CALL(FAULT_SEND, ssize_t, send, (int fd, const void *bytes, size_t size, int flags),
	(fd, bytes, size, flags))

REAL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags))
{
	ssize_t n = fault_strikes(FAULT_SEND) ? -1 : __real_sendmsg(fd, m, flags);

	if (n >= 0)
		moment_told(fd);
	return n;
}

CALL(FAULT_SEND, ssize_t, sendto,
	(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
		socklen_t len),
	(fd, bytes, size, flags, to, len))
CALL(FAULT_RECEIVE, ssize_t, recv, (int fd, void *bytes, size_t size, int flags),
	(fd, bytes, size, flags))

REAL(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags))
{
	bool struck = fault_strikes(FAULT_RECEIVE);
	int error = errno;

	if (on_netlink && on_netlink->is_one(fd))
		return on_netlink->receive(fd, m, struck ? error : 0);
	return struck ? -1 : __real_recvmsg(fd, m, flags);
}

REAL(int, socket, (int domain, int type, int protocol))
{
	if (fault_strikes(FAULT_SOCKET))
		return -1;
	return on_netlink && domain == AF_NETLINK ? on_netlink->make(protocol)
						  : __real_socket(domain, type, protocol);
}

CALL(FAULT_SOCKET, int, pipe2, (int ends[2], int flags), (ends, flags))
CALL(FAULT_SOCKET, int, socketpair, (int domain, int type, int protocol, int pair[2]),
	(domain, type, protocol, pair))

REAL(int, bind, (int fd, const struct sockaddr *a, socklen_t len))
{
	if (fault_strikes(FAULT_SOCKET))
		return -1;
	return on_netlink && on_netlink->is_one(fd) ? 0 : __real_bind(fd, a, len);
}

CALL(FAULT_SOCKET, int, listen, (int fd, int n), (fd, n))

socklen_t fault_address(const char *name, struct sockaddr_un *ret)
{
	const size_t room = sizeof ret->sun_path - 1;
	int n;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(ret->sun_path + 1, room, "%s%s", world, name);
	assert_in_range(n, 1, room - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

REAL(int, connect, (int fd, const struct sockaddr *a, socklen_t len))
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)a;
	char name[sizeof un->sun_path + 1] = "";
	struct sockaddr_un ours;

	if (fault_strikes(FAULT_SOCKET))
		return -1;
	if (!world[0] || a->sa_family != AF_UNIX || un->sun_path[0])
		return __real_connect(fd, a, len);
	memcpy(name, un->sun_path + 1, len - offsetof(struct sockaddr_un, sun_path) - 1);
	len = fault_address(name, &ours);
	return __real_connect(fd, (const struct sockaddr *)&ours, len);
}

/* In a world of files nothing takes long. */
REAL(int, nanosleep, (const struct timespec *wanted, struct timespec *left))
{
	const struct timespec soon = { .tv_nsec = 1000000 };

	return __real_nanosleep(world[0] ? &soon : wanted, left);
}

CALL(FAULT_SOCKET, int, accept4, (int fd, struct sockaddr *a, socklen_t *len, int flags),
	(fd, a, len, flags))
CALL(FAULT_SOCKET, int, setsockopt, (int fd, int level, int name, const void *v, socklen_t len),
	(fd, level, name, v, len))
CALL(FAULT_SOCKET, int, getsockopt, (int fd, int level, int name, void *v, socklen_t *len),
	(fd, level, name, v, len))
CALL(FAULT_OPEN, int, memfd_create, (const char *name, unsigned flags), (name, flags))
CALL(FAULT_WAIT, int, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))
CALL(FAULT_WAIT, int, epoll_create1, (int flags), (flags))
CALL(FAULT_WAIT, int, epoll_ctl, (int fd, int what, int other, struct epoll_event *e),
	(fd, what, other, e))
CALL(FAULT_WAIT, int, epoll_wait, (int fd, struct epoll_event *e, int n, int timeout),
	(fd, e, n, timeout))
CALL(FAULT_PROCESS, int, fork, (void), ())
CALL(FAULT_PROCESS, long, syscall, (long number, long a, long b, long c), (number, a, b, c))

/* ---- sd-event ----------------------------------------------------------------------------- */

EVENT(sd_event_new, (sd_event * *ret), (ret))
EVENT(sd_event_add_io,
	(sd_event * e, sd_event_source **s, int fd, uint32_t events, sd_event_io_handler_t f,
		void *arg),
	(e, s, fd, events, f, arg))
EVENT(sd_event_add_time,
	(sd_event * e, sd_event_source **s, clockid_t clock, uint64_t us, uint64_t accuracy,
		sd_event_time_handler_t f, void *arg),
	(e, s, clock, us, accuracy, f, arg))
EVENT(sd_event_add_defer, (sd_event * e, sd_event_source **s, sd_event_handler_t f, void *arg),
	(e, s, f, arg))
EVENT(sd_event_add_signal,
	(sd_event * e, sd_event_source **s, int signo, sd_event_signal_handler_t f, void *arg),
	(e, s, signo, f, arg))
EVENT(sd_event_source_set_enabled, (sd_event_source * s, int how), (s, how))
EVENT(sd_event_source_set_time, (sd_event_source * s, uint64_t us), (s, us))
EVENT(sd_event_source_set_priority, (sd_event_source * s, int64_t priority), (s, priority))
EVENT(sd_event_source_set_io_events, (sd_event_source * s, uint32_t events), (s, events))

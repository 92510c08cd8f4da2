/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/door.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"
#include "port/loop.h"

enum {
	BACKLOG = 128,
	CALLERS_A_TURN = 32,
	PAUSE_MS = 1000, /* when there are no descriptors left */
};

static const struct {
	const char *name;
	mode_t mode;
} kinds[] = {
	[DOOR_PRIVATE] = { "private", 0600 },
	[DOOR_READ] = { "read", 0666 },
};

static const char *const answer_names[] = {
	[DOOR_COME_IN] = "come-in",
	[DOOR_WRONG_USER] = "wrong-user",
	[DOOR_TOO_MANY_OF_USER] = "too-many-of-user",
	[DOOR_TOO_MANY] = "too-many",
};

struct door {
	enum door_kind kind;
	struct sockaddr_un address;
	int fd; /* owned */
	struct source *source;
	instant opens_at; /* never: it is open */
	door_callback callback;
	void *arg;
};

const char *door_answer_name(enum door_answer answer)
{
	return answer_names[answer];
}

enum door_answer door_decide(enum door_kind kind, uint32_t uid, const struct door_count *count)
{
	if (kind == DOOR_PRIVATE && uid != 0)
		return DOOR_WRONG_USER;
	if (count->of_user >= DOOR_OF_USER)
		return DOOR_TOO_MANY_OF_USER;
	if (count->all >= DOOR_ALL || (uid != 0 && count->of_others >= DOOR_OF_OTHERS))
		return DOOR_TOO_MANY;
	return DOOR_COME_IN;
}

/* Tried until it is so: a timer of its own could fail together with what it waits for. */
void door_settle(struct door *door)
{
	if (!instant_is_set(door->opens_at) || !instant_reached(loop_now(), door->opens_at))
		return;
	if (source_set_events(door->source, EPOLLIN) >= 0)
		door->opens_at = INSTANT_NEVER;
}

/* The caller stays in the queue: to look again at once would be a busy loop. */
static void pause_door(struct door *door, int failure)
{
	log_failure(failure, "door-paused", "socket=%s", kinds[door->kind].name);
	if (source_set_events(door->source, 0) >= 0)
		door->opens_at = instant_add_ms(loop_now(), PAUSE_MS);
}

static void on_caller(void *arg, int listening, uint32_t events)
{
	struct door *door = arg;

	(void)events;
	for (int i = 0; i < CALLERS_A_TURN; i++) {
		_cleanup_(closep) int fd = accept4(
			listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct ucred peer;
		socklen_t len = sizeof peer;

		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				pause_door(door, -errno);
			return;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
			log_failure(-errno, "client-refused", "socket=%s", kinds[door->kind].name);
			continue;
		}
		door->callback(door->arg, door->kind, TAKE_FD(fd), peer.uid, (uint32_t)peer.pid);
	}
}

/* A socket's name that nobody answers at is left from before; the daemon's lock says that nobody
 * else is it. The mode holds from the first moment: bind() makes it with what umask leaves. */
static int listen_at(struct door *door)
{
	const struct sockaddr *address = (const struct sockaddr *)&door->address;
	mode_t mask;
	int r;

	unlink(door->address.sun_path);
	mask = umask(0777);
	r = bind(door->fd, address, sizeof door->address) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return r;
	if (chmod(door->address.sun_path, kinds[door->kind].mode) < 0)
		return -errno;
	return listen(door->fd, BACKLOG) < 0 ? -errno : 0;
}

int door_new(struct loop *loop, const char *dir, enum door_kind kind, door_callback callback,
	void *arg, struct door **ret)
{
	_cleanup_(door_freep) struct door *door = calloc(1, sizeof *door);
	int n, r;

	if (!door)
		return -ENOMEM;
	*door = (struct door){ .kind = kind, .fd = -1, .callback = callback, .arg = arg };
	door->address.sun_family = AF_UNIX;
	n = snprintf(door->address.sun_path, sizeof door->address.sun_path, "%s/%s", dir,
		kinds[kind].name);
	if (n < 0 || (size_t)n >= sizeof door->address.sun_path) {
		door->address.sun_path[0] = '\0';
		return -ENAMETOOLONG;
	}
	door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (door->fd < 0)
		return -errno;
	r = listen_at(door);
	if (r >= 0)
		r = loop_watch(
			loop, door->fd, EPOLLIN, PRIORITY_CLIENT, on_caller, door, &door->source);
	if (r < 0)
		return r;
	*ret = TAKE(door);
	return 0;
}

struct door *door_free(struct door *door)
{
	if (!door)
		return NULL;
	source_free(door->source);
	if (door->fd >= 0) {
		unlink(door->address.sun_path);
		close(door->fd);
	}
	free(door);
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/zygote.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "port/packet.h"
#include "port/process.h"

enum {
	SPARE_AGAIN_MS = 1000, /* how soon one is tried again that could not be had */
	MOST_FAILURES = 10,    /* one after the other: then nothing is to be heard any more */
};

struct wish {
	uint32_t role, tag;
};

struct zygote {
	const struct helper_role *roles; /* borrowed */
	uint32_t n_roles;
	int socket; /* to the daemon */
	int spare;  /* to a child that waits for its role; owned, or -1 */
	struct packet in;
};

static _Noreturn void become(const struct helper_role *role, const struct wish *wish, int socket)
{
	const struct observation born = {
		.kind = OBS_HELPER,
		.helper = { .helper = (enum helper_kind)wish->role,
			.event = HELPER_BORN,
			.host = wish->tag,
			.pid = (uint32_t)getpid() },
	};

	prctl(PR_SET_NAME, role->name);
	if (packet_send_patiently(socket, &born, observation_size(&born)) < 0)
		_exit(EXIT_FAILURE);
	_exit(role->main(socket, wish->tag));
}

/* The child. All that it needs memory for is done before it waits. */
static _Noreturn void wait_for_role(struct zygote *z, int socket)
{
	struct wish wish;
	int r;

	if (process_close_all_but(&socket, 1) < 0)
		_exit(EXIT_FAILURE);
	process_settle("pk-spare");
	r = packet_receive_patiently(socket, &z->in);
	close(socket);
	if (r != 1 || packet_next(&z->in, &wish, sizeof wish) != 1 || z->in.n_fds != 1)
		_exit(r == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	become(&z->roles[wish.role], &wish, z->in.fds[0]);
}

static int have_spare(struct zygote *z)
{
	_cleanup_(closep) int ours = -1, its = -1;
	int pair[2], pid, r;

	if (z->spare >= 0)
		return 0;
	r = packet_pair(pair);
	if (r < 0)
		return r;
	ours = pair[0];
	its = pair[1];
	pid = fork();
	if (pid == 0)
		wait_for_role(z, its);
	if (pid < 0)
		return -errno;
	z->spare = TAKE_FD(ours);
	return 0;
}

/* Twice, because the spare may have ended. Whatever cannot be done closes the descriptor that came
 * along, and that is the answer. */
static void make(struct zygote *z)
{
	struct wish wish;
	int r = -EPIPE;

	if (packet_next(&z->in, &wish, sizeof wish) == 1 && z->in.n_fds == 1 &&
		wish.role < z->n_roles && z->roles[wish.role].main)
		for (int i = 0; i < 2 && r < 0 && have_spare(z) >= 0; i++) {
			r = packet_send_one(z->spare, &wish, sizeof wish, z->in.fds, 1);
			z->spare = close_fd(z->spare);
		}
	packet_done(&z->in);
	have_spare(z);
}

/* For a wish. Without a spare, one is tried again after a while: it ended, or could not be had. */
static int wait_for_wish(struct zygote *z)
{
	struct pollfd fds[] = {
		{ .fd = z->socket, .events = POLLIN },
		{ .fd = z->spare, .events = POLLIN },
	};
	int n = poll(fds, ARRAY_SIZE(fds), z->spare < 0 ? SPARE_AGAIN_MS : -1);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		have_spare(z);
	else if (fds[1].revents)
		z->spare = close_fd(z->spare);
	return 0;
}

/* A call that failed once must not end it: the daemon would have to end, too. */
static int serve(struct zygote *z)
{
	unsigned failures = 0;

	have_spare(z);
	for (;;) {
		int r = packet_receive(z->socket, &z->in);

		if (r == -EAGAIN)
			r = wait_for_wish(z);
		else if (r == 1)
			make(z);
		else if (r == 0)
			return EXIT_SUCCESS;
		failures = r < 0 && r != -EBADMSG ? failures + 1 : 0;
		if (failures == MOST_FAILURES)
			return EXIT_FAILURE;
	}
}

int zygote_start(const struct helper_role *roles, uint32_t n_roles, int *ret_socket)
{
	static struct zygote zygote;
	_cleanup_(closep) int ours = -1, its = -1;
	int pair[2], pid, r;

	r = packet_pair(pair);
	if (r < 0)
		return r;
	ours = pair[0];
	its = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		zygote.roles = roles;
		zygote.n_roles = n_roles;
		zygote.socket = its;
		zygote.spare = -1;
		if (process_close_all_but(&its, 1) < 0)
			_exit(EXIT_FAILURE);
		process_settle("pk-zygote");
		/* nobody waits for a helper, so none may stay as a zombie */
		signal(SIGCHLD, SIG_IGN);
		_exit(serve(&zygote));
	}
	*ret_socket = TAKE_FD(ours);
	return 0;
}

int zygote_spawn(int zygote, enum helper_kind role, uint32_t tag, int *ret_socket)
{
	const struct wish wish = { .role = (uint32_t)role, .tag = tag };
	_cleanup_(closep) int ours = -1, its = -1;
	int pair[2], r;

	r = packet_pair(pair);
	if (r < 0)
		return r;
	ours = pair[0];
	its = pair[1];
	r = packet_send_one(zygote, &wish, sizeof wish, &its, 1);
	if (r < 0)
		return r;
	*ret_socket = TAKE_FD(ours);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/zygote.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "port/packet.h"
#include "port/process.h"

struct wish {
	uint32_t role, tag;
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

	if (process_close_all_but(&socket, 1) < 0)
		_exit(EXIT_FAILURE);
	process_settle(role->name);
	if (packet_send_patiently(socket, &born, observation_size(&born)) < 0)
		_exit(EXIT_FAILURE);
	_exit(role->main(socket, wish->tag));
}

/* Whatever cannot be done closes the descriptor that came along, and that is the answer. */
static void make(const struct helper_role *roles, uint32_t n_roles, struct packet *packet)
{
	struct wish wish;

	if (packet_next(packet, &wish, sizeof wish) == 1 && packet->n_fds == 1 &&
		wish.role < n_roles && roles[wish.role].main && fork() == 0)
		become(&roles[wish.role], &wish, packet->fds[0]);
	packet_done(packet);
}

static int serve(const struct helper_role *roles, uint32_t n_roles, int socket)
{
	static struct packet packet;

	for (;;) {
		int r = packet_receive(socket, &packet);

		if (r == -EAGAIN)
			r = packet_wait(socket, false);
		else if (r == 1)
			make(roles, n_roles, &packet);
		else if (r == 0)
			return EXIT_SUCCESS;
		if (r < 0 && r != -EBADMSG)
			return EXIT_FAILURE;
	}
}

int zygote_start(const struct helper_role *roles, uint32_t n_roles, int *ret_socket)
{
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
		if (process_close_all_but(&its, 1) < 0)
			_exit(EXIT_FAILURE);
		process_settle("pk-zygote");
		/* nobody waits for a helper, so none may stay as a zombie */
		signal(SIGCHLD, SIG_IGN);
		_exit(serve(roles, n_roles, its));
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

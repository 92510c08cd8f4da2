/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A multipathd on this host: is one running, and its answer to a command. A connect to its socket
 * may make systemd start it, so nobody connects before it was found running. Blocks up to the
 * given time: for helper processes.
 */
#include <stdbool.h>
#include <stdint.h>

struct text;

/* By its pid file: held locked by it, or naming a process of that name. 1: *ret_pid (may be NULL)
 * is set, 0; negative errno: nothing could be learned, and there may be one. */
int multipathd_is_running(uint32_t *ret_pid);

/* One command and the reply to it, appended to reply without its NUL. 0, -ESRCH (none is running),
 * -ETIMEDOUT, -EPERM (somebody else listens on its address), -EBADMSG, other negative errno. */
int multipathd_ask(const char *command, uint32_t timeout_ms, struct text *reply);

/* The frame around a command: its length with the NUL, in the machine's own size_t, and then the
 * command. 0 or -E2BIG. */
int multipathd_frame(const char *command, struct text *ret);

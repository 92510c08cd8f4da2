/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How a call of our own objects becomes one that can fail. Only for this folder. */
#include "fault.h"

/* Counts this call; true, with errno: it is to fail. */
bool fault_strikes(enum fault_kind kind);
/* A library allocated that many for us, which we free. */
void fault_lent(long n);
/* Is it a call of who is tested? */
bool fault_is_subject(void);

/* An errno, or 0. */
int moment_claims(void);
void moment_reads(int fd);
void moment_told(int socket);

#define REAL(ret, name, params)                                                                    \
	ret __real_##name params;                                                                  \
	ret __wrap_##name params;                                                                  \
	ret __wrap_##name params

/* Fails as system calls do. */
#define CALL(kind, ret, name, params, args)                                                        \
	REAL(ret, name, params)                                                                    \
	{                                                                                          \
		return fault_strikes(kind) ? -1 : __real_##name args;                              \
	}

/* Fails with NULL. */
#define MAKE(kind, ret, name, params, args)                                                        \
	REAL(ret, name, params)                                                                    \
	{                                                                                          \
		return fault_strikes(kind) ? NULL : __real_##name args;                            \
	}

/* Fails with a negative errno. */
#define EVENT(name, params, args)                                                                  \
	REAL(int, name, params)                                                                    \
	{                                                                                          \
		return fault_strikes(FAULT_LOOP) ? -errno : __real_##name args;                    \
	}

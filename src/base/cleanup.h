/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is acquired goes with its scope: _cleanup_(freep), _cleanup_(closep), or a module's own
 * thing_freep. TAKE() gives the value away and leaves the scope with nothing to clean.
 */
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

#define TAKE(p)                                                                                    \
	__extension__({                                                                            \
		__typeof__(p) _taken = (p);                                                        \
		(p) = NULL;                                                                        \
		_taken;                                                                            \
	})

#define TAKE_FD(fd)                                                                                \
	__extension__({                                                                            \
		int _taken = (fd);                                                                 \
		(fd) = -1;                                                                         \
		_taken;                                                                            \
	})

/* type_freep() for _cleanup_() out of type_free(). */
#define DEFINE_FREEP(type, func)                                                                   \
	static inline void func##p(type **p)                                                       \
	{                                                                                          \
		if (*p)                                                                            \
			func(*p);                                                                  \
	}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline int close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}

static inline void closep(int *fd)
{
	close_fd(*fd);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A tree of files out of one text, so that a diff shows what changed:
 *
 *	# comment
 *	path: text of the file (a newline follows); again: another line
 *	path = 00 83 00 08      bytes
 *	path -> target          symbolic link
 *	path/                   empty directory
 */
struct fixture {
	char root[64];
	int fd;
};

/* name: below tests/unit/observe/fixtures. Fails the test when it cannot. */
void fixture_init(struct fixture *f, const char *name);
/* The same out of a text in memory, added to what is there. */
void fixture_add(struct fixture *f, const char *text);
void fixture_remove(struct fixture *f, const char *path);
void fixture_done(struct fixture *f);

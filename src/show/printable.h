/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Untrusted bytes (mount points, names of maps and processes, what arrays call themselves) on
 * their way out. Each reader has its own danger: a parser of JSON or D-Bus wants valid UTF-8, a
 * terminal obeys control characters, and a shell runs what is pasted into it.
 */
struct text;

/* Valid UTF-8: every other byte is written as \xNN. */
void printable_utf8(const char *s, struct text *out);

/* The same, and what a terminal would obey or what turns the direction of writing is \xNN too. */
void printable_terminal(const char *s, struct text *out);

/* One word of a shell's command line, quoted where that is needed. */
void printable_shell_word(const char *s, struct text *out);

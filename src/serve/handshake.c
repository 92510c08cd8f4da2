/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/handshake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

/* The client says who it is as the hexadecimal digits of its uid's decimal digits, or leaves it to
 * the kernel. */
static bool is_peer(const struct handshake *h, const char *hex)
{
	char text[24], want[24];
	int n;

	if (!*hex)
		return true;
	n = number_parse_bytes(hex, (uint8_t *)text, sizeof text - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	snprintf(want, sizeof want, "%" PRIu32, h->uid);
	return strlen(text) == (size_t)n && !strcmp(text, want);
}

static void answer_identity(struct handshake *h, const char *hex, struct text *answers)
{
	h->waits_for_data = false;
	h->accepted = is_peer(h, hex);
	if (h->accepted)
		text_addf(answers, "OK %s\r\n", h->guid);
	else
		text_add(answers, "REJECTED EXTERNAL\r\n");
}

static enum handshake_progress on_auth(struct handshake *h, const char *rest, struct text *answers)
{
	static const char external[] = "EXTERNAL";
	size_t n = strlen(external);

	h->accepted = false;
	if (!strcmp(rest, external)) {
		h->waits_for_data = true;
		text_add(answers, "DATA\r\n");
	} else if (!strncmp(rest, external, n) && rest[n] == ' ') {
		answer_identity(h, rest + n + 1, answers);
	} else {
		text_add(answers, "REJECTED EXTERNAL\r\n");
	}
	return HANDSHAKE_WAITS;
}

static enum handshake_progress on_data(struct handshake *h, const char *rest, struct text *answers)
{
	if (h->waits_for_data)
		answer_identity(h, rest, answers);
	else
		text_add(answers, "ERROR\r\n");
	return HANDSHAKE_WAITS;
}

static enum handshake_progress on_begin(struct handshake *h, const char *rest, struct text *answers)
{
	(void)rest;
	(void)answers;
	return h->accepted ? HANDSHAKE_DONE : HANDSHAKE_ENDS;
}

static enum handshake_progress on_cancel(
	struct handshake *h, const char *rest, struct text *answers)
{
	(void)rest;
	h->waits_for_data = h->accepted = false;
	text_add(answers, "REJECTED EXTERNAL\r\n");
	return HANDSHAKE_WAITS;
}

static enum handshake_progress on_other(struct handshake *h, const char *rest, struct text *answers)
{
	(void)h;
	(void)rest;
	text_add(answers, "ERROR\r\n");
	return HANDSHAKE_WAITS;
}

static const struct {
	const char *word;
	enum handshake_progress (*on)(struct handshake *h, const char *rest, struct text *answers);
} commands[] = {
	{ "AUTH", on_auth }, { "DATA", on_data }, { "BEGIN", on_begin }, { "CANCEL", on_cancel },
	{ "ERROR", on_cancel }, { "NEGOTIATE_UNIX_FD", on_other }, /* no */
};

static enum handshake_progress on_line(struct handshake *h, char *line, struct text *answers)
{
	char *rest = strchr(line, ' ');

	if (rest)
		*rest++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].word, line))
			return commands[i].on(h, rest ? rest : "", answers);
	return on_other(h, "", answers);
}

/* One line without its end into ret: its length with the end, 0 when it is not all there, and
 * SIZE_MAX for what cannot be one. */
static size_t cut_line(const uint8_t *bytes, size_t len, char ret[HANDSHAKE_LINE])
{
	const uint8_t *end = memmem(bytes, len, "\r\n", 2);
	size_t n = end ? (size_t)(end - bytes) : len;

	if (!end && n && bytes[n - 1] == '\r')
		n--; /* half an end, perhaps: no part of the line */
	if (n >= HANDSHAKE_LINE || memchr(bytes, '\0', n))
		return SIZE_MAX;
	if (!end)
		return 0;
	memcpy(ret, bytes, n);
	ret[n] = '\0';
	return n + 2;
}

enum handshake_progress handshake_feed(struct handshake *h, const uint8_t *bytes, size_t len,
	struct text *answers, size_t *ret_taken)
{
	enum handshake_progress progress = HANDSHAKE_WAITS;
	size_t at = 0;

	if (!h->began && len) {
		if (bytes[0] != '\0') {
			*ret_taken = 0;
			return HANDSHAKE_ENDS;
		}
		h->began = true;
		at = 1;
	}
	while (progress == HANDSHAKE_WAITS && at < len) {
		char line[HANDSHAKE_LINE];
		size_t n = cut_line(bytes + at, len - at, line);

		if (n == 0)
			break;
		if (n == SIZE_MAX || h->n_bytes + n > HANDSHAKE_BYTES) {
			progress = HANDSHAKE_ENDS;
			break;
		}
		at += n;
		h->n_bytes += n;
		progress = on_line(h, line, answers);
	}
	*ret_taken = at;
	return progress;
}

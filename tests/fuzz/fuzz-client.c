/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client sends, in pieces of any size: the handshake's outcome does not depend on the
 * pieces, and messages are never larger than is allowed. Bytes on their way to a person or a
 * parser are what these want.
 */
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "serve/frame.h"
#include "serve/handshake.h"
#include "show/event.h"
#include "show/printable.h"

#define GUID "0123456789abcdef0123456789abcdef"

struct talk {
	struct handshake handshake;
	struct text answers;
	enum handshake_progress progress;
	size_t taken;
};

/* The gate keeps what is not taken, and shows it again with what follows. */
static void talk(struct talk *t, const uint8_t *bytes, size_t len, size_t piece)
{
	*t = (struct talk){ .handshake = { .uid = 0, .guid = GUID }, .answers = TEXT_INIT };
	for (size_t to = 0; to < len && t->progress == HANDSHAKE_WAITS;) {
		size_t taken;

		to = len - to > piece ? to + piece : len;
		t->progress = handshake_feed(
			&t->handshake, bytes + t->taken, to - t->taken, &t->answers, &taken);
		REQUIRE(taken <= to - t->taken);
		t->taken += taken;
	}
	REQUIRE(t->taken <= 1 + HANDSHAKE_BYTES);
}

static void try_messages(const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t size = frame_size(bytes, len);

		REQUIRE(size <= FRAME_MAX);
		REQUIRE(size <= 0 || size >= FRAME_HEAD);
		if (size <= 0 || (size_t)size > len)
			return;
		bytes += size;
		len -= (size_t)size;
	}
}

static void try_printing(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *s = strndup((const char *)bytes, len);
	_cleanup_(freep) char *json = NULL;
	struct text once = TEXT_INIT, twice = TEXT_INIT, terminal = TEXT_INIT, word = TEXT_INIT;

	REQUIRE(s);
	printable_utf8(s, &once);
	printable_utf8(text_str(&once), &twice);
	REQUIRE(!strcmp(text_str(&once), text_str(&twice))); /* what is valid stays */
	printable_terminal(s, &terminal);
	for (size_t i = 0; i < terminal.len; i++)
		REQUIRE((unsigned char)terminal.bytes[i] >= ' ' && terminal.bytes[i] != 0x7f);
	printable_shell_word(s, &word);
	REQUIRE(word.len && !strchr(text_str(&word), '\n'));
	event_document(1, 0, "x", s, &json);
	text_done(&once);
	text_done(&twice);
	text_done(&terminal);
	text_done(&word);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct talk whole, torn;

	talk(&whole, bytes, len, len ? len : 1);
	talk(&torn, bytes, len, 1 + len % 7);
	if (whole.progress != HANDSHAKE_ENDS) { /* a line too long may show earlier when torn */
		REQUIRE(whole.progress == torn.progress && whole.taken == torn.taken);
		REQUIRE(!strcmp(text_str(&whole.answers), text_str(&torn.answers)));
	}
	if (whole.progress == HANDSHAKE_DONE)
		try_messages(bytes + whole.taken, len - whole.taken);
	try_messages(bytes, len);
	try_printing(bytes, len);
	text_done(&whole.answers);
	text_done(&torn.answers);
	return 0;
}

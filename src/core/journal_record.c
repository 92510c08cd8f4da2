/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/journal_record.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "core/message_id.h"

enum { MAX_NAME_BYTES = 64 };

int journal_priority(enum log_level level)
{
	static const int numbers[] = {
		[LOG_LEVEL_ERR] = 3,
		[LOG_LEVEL_WARNING] = 4,
		[LOG_LEVEL_NOTICE] = 5,
		[LOG_LEVEL_INFO] = 6,
		[LOG_LEVEL_DEBUG] = 7,
	};

	return numbers[level];
}

/* The form for values of any bytes: the name, the length as 8 bytes with the lowest first, the
 * value. Left out when the record would get too large. */
static void add_field(struct text *out, const char *name, const char *value, size_t len)
{
	char length[8];

	if (out->len + strlen(name) + len + sizeof length + 2 > JOURNAL_RECORD_BYTES)
		return;
	for (unsigned i = 0; i < sizeof length; i++)
		length[i] = (char)((uint64_t)len >> 8 * i & 0xff);
	text_add(out, name);
	text_add(out, "\n");
	text_add_bytes(out, length, sizeof length);
	text_add_bytes(out, value, len);
	text_add(out, "\n");
}

static void add_text(struct text *out, const char *name, const char *value)
{
	add_field(out, name, value, strlen(value));
}

/* 0, or -1: a journal has no such names. */
static int field_name(const char *word, size_t len, char *ret)
{
	static const char prefix[] = "PATHKEEPER_";
	size_t n = sizeof prefix - 1;

	if (!len || n + len >= MAX_NAME_BYTES)
		return -1;
	memcpy(ret, prefix, n);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)word[i];

		if (!islower(c) && !isdigit(c) && c != '_' && c != '-')
			return -1;
		ret[n++] = c == '-' ? '_' : (char)toupper(c);
	}
	ret[n] = '\0';
	return 0;
}

/* Where a value that begins here ends: a quoted one is the last of its line. */
static size_t value_length(const char *value)
{
	size_t len = strlen(value);

	return *value == '"' ? len : strcspn(value, " ");
}

static void add_value(struct text *out, const char *name, const char *value, size_t len)
{
	struct text plain = TEXT_INIT;

	if (len > 1 && *value == '"') {
		value++;
		len -= 1 + (value[len - 2] == '"');
	}
	if (len == 1 && *value == '-')
		return;
	text_add_unescaped(&plain, value, len);
	if (!text_failed(&plain))
		add_field(out, name, text_str(&plain), plain.len);
	text_done(&plain);
}

static void add_words(struct text *out, const char *words)
{
	char name[MAX_NAME_BYTES];

	while (*(words += strspn(words, " "))) {
		size_t key = strcspn(words, "= "), len;

		if (words[key] != '=') {
			words += key;
			continue;
		}
		len = value_length(words + key + 1);
		if (field_name(words, key, name) == 0)
			add_value(out, name, words + key + 1, len);
		words += key + 1 + len;
	}
}

void journal_record(
	enum log_level level, const char *event, const char *line, uint32_t pid, struct text *out)
{
	const char *id = message_id(event);
	size_t len = strlen(event);

	text_addf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=pathkeeperd\nSYSLOG_PID=%u\n",
		journal_priority(level), pid);
	if (id)
		text_addf(out, "MESSAGE_ID=%s\n", id);
	add_text(out, "MESSAGE", line);
	add_text(out, "PATHKEEPER_EVENT", event);
	if (!strncmp(line, event, len))
		add_words(out, line + len);
}

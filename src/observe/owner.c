/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/owner.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/action.h"
#include "port/multipathd.h"
#include "port/packet.h"

#define KEYWORD "purge_disconnected"
#define BLANKS	" \t\r"

enum { ASK_MS = 5000 };

/* ---- its configuration ----------------------------------------------------------------------- */

/* The outer sections of the answer. One ends where the next begins, whatever was not closed: rules
 * of a blacklist are printed with a brace too few or too many. */
static const struct outer {
	const char *name;
	const char *entry; /* NULL: the section has no entries that matter */
	bool takes;	   /* its own lines matter */
} outers[] = {
	{ .name = "defaults", .takes = true },
	{ .name = "blacklist" },
	{ .name = "blacklist_exceptions" },
	{ .name = "devices", .entry = "device" },
	{ .name = "overrides", .takes = true },
	{ .name = "multipaths", .entry = "multipath" },
};

struct reading {
	const struct outer *outer; /* NULL: outside of all sections */
	bool inner;		   /* within an entry, of whatever kind */
	bool any, opened;	   /* a section was seen; this one is in rules */
	bool entry_decides;
	bool elsewhere;	   /* the keyword stands where nobody knows what it means */
	struct text entry; /* what is kept of the entry so far */
	struct text rules;
	struct obs_owner *owner;
};

static void add_line(struct text *out, const char *line, size_t len)
{
	text_add_bytes(out, line, len);
	text_add(out, "\n");
}

static void open_outer(struct reading *r)
{
	if (!r->opened)
		text_addf(&r->rules, "%s {\n", r->outer->name);
	r->opened = true;
}

static void leave_entry(struct reading *r)
{
	if (r->entry_decides) {
		open_outer(r);
		text_addf(&r->rules, "%s {\n%s}\n", r->outer->entry, text_str(&r->entry));
	}
	r->rules.failed |= text_failed(&r->entry);
	text_done(&r->entry);
	r->entry_decides = r->inner = false;
}

static void leave_outer(struct reading *r)
{
	leave_entry(r);
	if (r->opened)
		text_add(&r->rules, "}\n");
	r->outer = NULL;
	r->opened = false;
}

static const struct outer *outer_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(outers); i++)
		if (strlen(outers[i].name) == len && !strncmp(outers[i].name, word, len))
			return &outers[i];
	return NULL;
}

static bool is_word(const char *word, size_t len, const char *wanted)
{
	return strlen(wanted) == len && !strncmp(word, wanted, len);
}

/* A value that is not plainly "no" counts as "yes". */
static void note_keyword(struct reading *r, const char *value, const char *end)
{
	while (value < end && strchr(BLANKS "\"", *value))
		value++;
	while (value < end && strchr(BLANKS "\"", end[-1]))
		end--;
	r->owner->knows_purge = true;
	if (!is_word(value, (size_t)(end - value), "no") &&
		!is_word(value, (size_t)(end - value), "0"))
		r->owner->purges = true;
}

/* What says whom an entry is for, and the keyword itself. */
static bool is_kept(const char *word, size_t len)
{
	static const char *const kept[] = { "vendor", "product", "revision", "wwid", KEYWORD };

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (is_word(word, len, kept[i]))
			return true;
	return false;
}

static void read_setting(struct reading *r, const char *line, size_t word, const char *end)
{
	size_t len = (size_t)(end - line);
	bool decides = is_word(line, word, KEYWORD);

	if (decides)
		note_keyword(r, line + word, end);
	if (r->inner && r->outer && r->outer->entry && is_kept(line, word)) {
		add_line(&r->entry, line, len);
		r->entry_decides |= decides;
	} else if (!r->inner && r->outer && r->outer->takes && decides) {
		open_outer(r);
		add_line(&r->rules, line, len);
	} else {
		r->elsewhere |= decides;
	}
}

static bool opens(const char *at, const char *end)
{
	while (at < end && strchr(BLANKS, *at))
		at++;
	return at < end && *at == '{';
}

static void read_line(struct reading *r, const char *line, const char *end)
{
	const struct outer *outer;
	size_t word = 0;

	while (line < end && strchr(BLANKS, *line))
		line++;
	while (line + word < end && !strchr(BLANKS "\"{}", line[word]))
		word++;
	outer = outer_of(line, word);
	if (outer && opens(line + word, end)) {
		leave_outer(r);
		r->outer = outer;
		r->any = true;
	} else if (line < end && *line == '}') {
		if (r->inner)
			leave_entry(r);
		else
			leave_outer(r);
	} else if (opens(line + word, end)) {
		leave_entry(r);
		r->inner = true;
	} else {
		read_setting(r, line, word, end);
	}
}

void owner_read_config(const char *config, struct obs_owner *ret)
{
	struct reading r = { .owner = ret };

	ret->knows_purge = ret->purges = false;
	ret->rules[0] = '\0';
	while (*config) {
		size_t len = strcspn(config, "\n");

		read_line(&r, config, config + len);
		config += len + (config[len] == '\n');
	}
	if (!r.any || r.outer || r.inner) /* not a configuration, or not all of it */
		ret->knows_purge = ret->purges = true;
	else if (ret->purges && !r.elsewhere && !text_failed(&r.rules) &&
		 r.rules.len < sizeof ret->rules)
		TEXT_SET(ret->rules, text_str(&r.rules));
	text_done(&r.entry);
	text_done(&r.rules);
}

/* ---- the helper ------------------------------------------------------------------------------ */

static void ask(struct observation *o)
{
	_cleanup_(text_done) struct text config = TEXT_INIT;

	o->result = multipathd_is_running(&o->owner.pid);
	if (o->result <= 0)
		return;
	o->owner.running = true;
	o->result = multipathd_ask("show config", ASK_MS, &config);
	if (o->result >= 0)
		owner_read_config(text_str(&config), &o->owner);
	else if (o->result == -ESRCH) /* it ended while we looked */
		*o = (struct observation){ .kind = OBS_OWNER, .action = o->action };
	else
		o->owner.knows_purge = o->owner.purges = true;
}

int owner_main(int socket, uint32_t tag)
{
	static struct packet packet;
	struct action a;
	int r;

	(void)tag;
	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, &a, sizeof a) > 0) {
			struct observation o = { .kind = OBS_OWNER, .action = a.id };

			if (a.kind != ACT_ASK_OWNER)
				continue;
			ask(&o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A packet of a keeper or a hand that is not what it should be, at the daemon's end and, as it
 * would be heard by a helper, at the other. What is sound is fed to a core; all else is dropped.
 */
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "core/core.h"
#include "port/packet.h"

static void drop_log(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)level;
	(void)event;
	(void)line;
}

static void act(void *arg, const struct action *a)
{
	(void)arg;
	REQUIRE(action_is_sound(a) && action_size(a));
	REQUIRE(a->kind != ACT_DELETE && a->kind != ACT_FENCE); /* no such packet has a history */
}

static struct core *new_core(void)
{
	const struct core_port port = { .act = act };
	static const char text[] = "defaults {\npurge_disconnected yes\n}\n";
	const struct config_file file = { .name = "f", .text = text, .len = sizeof text - 1 };
	struct config *config;
	struct core *core;

	REQUIRE(config_new(&file, 1, NULL, &config) == 0);
	REQUIRE(core_new(&port, config, &core) == 0);
	return core;
}

static void require_text(const struct observation *o)
{
	_cleanup_(text_done) struct text once = TEXT_INIT, again = TEXT_INIT;
	static struct observation back;

	observation_print(o, &once);
	REQUIRE(observation_parse(text_str(&once), &back) == 0);
	observation_print(&back, &again);
	REQUIRE(!strcmp(text_str(&once), text_str(&again)));
}

static void hear_as_daemon(struct packet *packet)
{
	static struct observation o;
	struct core *core = new_core();
	uint64_t now = 1000;

	core_settle(core, (instant){ now });
	while (packet_next(packet, &o, sizeof o) == 1) {
		if (!observation_is_sound(&o))
			continue;
		require_text(&o);
		o.at.ms = now += 10;
		core_feed(core, &o);
		core_settle(core, o.at);
	}
	core_free(core);
}

static void hear_as_helper(struct packet *packet)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;
	static struct action a, back;

	while (packet_next(packet, &a, sizeof a) == 1) {
		if (!action_is_sound(&a))
			continue;
		text_clear(&line);
		action_print(&a, &line);
		REQUIRE(action_parse(text_str(&line), &back) == 0);
		REQUIRE(action_hand_host(&a) == action_hand_host(&a));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct packet packet;

	log_set_sink(drop_log, NULL);
	packet_clear(&packet);
	packet.len = len < PACKET_MAX ? len : PACKET_MAX;
	memcpy(packet.bytes, bytes, packet.len);
	hear_as_daemon(&packet);
	packet.read = 0;
	hear_as_helper(&packet);
	return 0;
}

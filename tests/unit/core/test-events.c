/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and fields of events: people's journals and alerts depend on them. */
#include "built.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "core/events.h"

static struct {
	enum log_level level;
	char event[32], line[1024];
	int n;
} last;

static void sink(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	last.level = level;
	TEXT_SET(last.event, event);
	TEXT_SET(last.line, line);
	last.n++;
}

#define OF_PATH .dev = "sdb", .address = { 3, 0, 0, 1 }

static const struct row {
	const char *line;
	enum log_level level;
	struct change c;
} rows[] = {
	{ "path-added dev=sdb hctl=3:0:0:1 wwid=one", LOG_LEVEL_INFO,
		{ .kind = CHANGE_PATH_ADDED, OF_PATH, .wwid = "one" } },
	{ "path-added dev=- hctl=3:0:0:1 wwid=-", LOG_LEVEL_INFO,
		{ .kind = CHANGE_PATH_ADDED, .address = { 3, 0, 0, 1 } } },
	{ "path-gone dev=sdb hctl=3:0:0:1 wwid=a\\x20b purge=deleting", LOG_LEVEL_NOTICE,
		{ .kind = CHANGE_PATH_GONE, OF_PATH, .wwid = "a b", .from = PURGE_DELETING } },
	{ "path-state dev=sdb hctl=3:0:0:1 map=ora\\x0adata old=up new=down why=disconnected",
		LOG_LEVEL_NOTICE,
		{ .kind = CHANGE_STATE,
			OF_PATH,
			.map = "ora\ndata",
			.from = PATH_UP,
			.to = PATH_DOWN,
			.why = BECAUSE_DISCONNECTED } },
	{ "path-purge dev=sdb hctl=3:0:0:1 old=no new=marked why=disconnected", LOG_LEVEL_NOTICE,
		{ .kind = CHANGE_PURGE,
			OF_PATH,
			.to = PURGE_MARKED,
			.why = BECAUSE_DISCONNECTED } },
	{ "path-purge dev=sdb hctl=3:0:0:1 old=verifying new=held why=in\\x20use "
	  "holder=mount\\x20/data",
		LOG_LEVEL_WARNING,
		{ .kind = CHANGE_PURGE,
			OF_PATH,
			.from = PURGE_VERIFYING,
			.to = PURGE_HELD,
			.why = BECAUSE_HOLDERS,
			.text = "mount /data" } },
	{ "path-purge dev=sdb hctl=3:0:0:1 old=deleting new=marked why=failed stage=write "
	  "error=EIO",
		LOG_LEVEL_WARNING,
		{ .kind = CHANGE_PURGE,
			OF_PATH,
			.from = PURGE_DELETING,
			.to = PURGE_MARKED,
			.why = BECAUSE_FAILED,
			.result = -EIO,
			.stage = STAGE_WRITE } },
	{ "path-purge dev=sdb hctl=3:0:0:1 old=deleting new=stuck why=stuck", LOG_LEVEL_WARNING,
		{ .kind = CHANGE_PURGE,
			OF_PATH,
			.from = PURGE_DELETING,
			.to = PURGE_STUCK,
			.why = BECAUSE_STUCK } },
	{ "path-fence dev=sdb hctl=3:0:0:1 old=suspected new=changed why=identity\\x20changed "
	  "wwid=36001405aaaa found=36001405bbbb baseline=map",
		LOG_LEVEL_ERR,
		{ .kind = CHANGE_FENCE,
			OF_PATH,
			.wwid = "36001405aaaa",
			.from = FENCE_SUSPECTED,
			.to = FENCE_CHANGED,
			.why = BECAUSE_IDENTITY_CHANGED,
			.number = BASELINE_MAP,
			.text = "36001405bbbb" } },
	{ "path-fence dev=sdb hctl=3:0:0:1 old=offlining new=changed why=failed wwid=- found=- "
	  "baseline=none error=EINVAL",
		LOG_LEVEL_ERR,
		{ .kind = CHANGE_FENCE,
			OF_PATH,
			.from = FENCE_OFFLINING,
			.to = FENCE_CHANGED,
			.why = BECAUSE_FAILED,
			.result = -EINVAL } },
	{ "gap hctl=3:0:0:1 wwid=36001405aaaa old=kept new=ending why=array requester=uid\\x200",
		LOG_LEVEL_NOTICE,
		{ .kind = CHANGE_GAP,
			OF_PATH,
			.wwid = "36001405aaaa",
			.from = GAP_KEPT,
			.to = GAP_ENDING,
			.why = BECAUSE_ARRAY,
			.text = "uid 0" } },
	{ "path-kept-out dev=sdb hctl=3:0:0:1 wwid=36001405aaaa requester=uid\\x200",
		LOG_LEVEL_WARNING,
		{ .kind = CHANGE_KEPT_OUT, OF_PATH, .wwid = "36001405aaaa", .text = "uid 0" } },
	{ "detach number=7 device=oradata old=looking new=recording why=-", LOG_LEVEL_NOTICE,
		{ .kind = CHANGE_DETACH,
			.from = DETACH_LOOKING,
			.to = DETACH_RECORDING,
			.number = 7,
			.text = "oradata" } },
	{ "detach number=7 device=oradata old=unmapping new=undoing why=came\\x20back dev=sdb",
		LOG_LEVEL_WARNING,
		{ .kind = CHANGE_DETACH,
			.dev = "sdb",
			.from = DETACH_UNMAPPING,
			.to = DETACH_UNDOING,
			.why = BECAUSE_CAME_BACK,
			.number = 7,
			.text = "oradata" } },
	{ "map-lost map=oradata wwid=36001405aaaa number=7 error=EBUSY", LOG_LEVEL_ERR,
		{ .kind = CHANGE_MAP_LOST,
			.map = "oradata",
			.wwid = "36001405aaaa",
			.number = 7,
			.result = -EBUSY } },
	{ "map-changed map=oradata paths=4", LOG_LEVEL_INFO,
		{ .kind = CHANGE_MAP, .map = "oradata", .number = 4 } },
	{ "map-gone map=oradata", LOG_LEVEL_INFO, { .kind = CHANGE_MAP_GONE, .map = "oradata" } },
	{ "owner running=yes", LOG_LEVEL_INFO, { .kind = CHANGE_OWNER, .number = 1 } },
	{ "helper-lost helper=keeper pid=77", LOG_LEVEL_WARNING,
		{ .kind = CHANGE_HELPER_LOST, .text = "keeper", .number = 77 } },
	{ "slept ms=6000", LOG_LEVEL_WARNING, { .kind = CHANGE_SLEPT, .number = 6000 } },
	{ "uevents-lost", LOG_LEVEL_WARNING, { .kind = CHANGE_UEVENTS_LOST } },
	{ "attention dev=sdb hctl=3:0:0:1 what=luns-changed", LOG_LEVEL_INFO,
		{ .kind = CHANGE_ATTENTION, OF_PATH, .number = ATTENTION_LUNS_CHANGED } },
	{ "cleaned root=pci0000:00/host3 handles=2 busy=1 why=memory\\x20pressure",
		LOG_LEVEL_NOTICE,
		{ .kind = CHANGE_CLEANED,
			.text = "pci0000:00/host3",
			.from = 2,
			.to = 1,
			.why = BECAUSE_PRESSURE } },
};

static void test_lines(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		event_log(NULL, &rows[i].c);
		seen |= 1u << rows[i].c.kind;
		assert_string_equal(last.event, event_name(&rows[i].c));
		if (last.level != rows[i].level)
			fail_msg("%s: %s", last.line, log_level_name(last.level));
		assert_memory_equal(last.line, rows[i].line, strlen(rows[i].line));
		if (strcmp(last.line, rows[i].line) != 0 && rows[i].c.kind != CHANGE_UEVENTS_LOST)
			fail_msg("%s", last.line);
	}
	assert_int_equal(seen, (2u << CHANGE_CLEANED) - 1); /* no kind without a row */
}

static void count(struct purge_round *round, enum purge_stage from, enum purge_stage to,
	enum reason why, int result)
{
	const struct change c = {
		.kind = CHANGE_PURGE, .from = from, .to = to, .why = why, .result = result
	};

	purge_round_count(round, &c);
}

/* One line for what came together, a second after it came to rest. */
static void test_round(void **state)
{
	struct model *m = built_model("");
	struct path *p = built_path(m, 3, 1, "one");
	struct purge_round round = { 0 };
	struct agenda agenda = AGENDA_INIT;

	(void)state;
	last.n = 0;
	purge_round_step(&round, m, &agenda);
	assert_int_equal(agenda.wake.ms, INSTANT_FAR.ms); /* nothing to tell */
	count(&round, PURGE_VERIFYING, PURGE_DELETING, BECAUSE_VERIFIED, 0);
	p->purge = PURGE_DELETING;
	purge_round_step(&round, m, &agenda);
	assert_int_equal(agenda.wake.ms, m->now.ms + 1000);
	m->now.ms += 5000;
	purge_round_step(&round, m, &agenda);
	assert_int_equal(last.n, 0);
	count(&round, PURGE_DELETING, PURGE_MARKED, BECAUSE_FAILED, -EIO);
	purge_round_count(
		&round, &(struct change){ .kind = CHANGE_PATH_GONE, .from = PURGE_DELETING });
	purge_round_count(&round, &(struct change){ .kind = CHANGE_PATH_GONE, .from = PURGE_NO });
	p->purge = PURGE_HELD;
	purge_round_step(&round, m, &agenda);
	assert_int_equal(last.n, 0);
	m->now.ms += 1000;
	purge_round_step(&round, m, &agenda);
	assert_int_equal(last.n, 1);
	assert_string_equal(last.line, "purge-round purged=1 failed=1 pending=0 held=1");
	m->now.ms += 1000;
	purge_round_step(&round, m, &agenda);
	assert_int_equal(last.n, 1);
	agenda_done(&agenda);
	model_free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_round),
	};

	log_set_sink(sink, NULL);
	log_set_level(LOG_LEVEL_DEBUG);
	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thinking process without memory: one whole story, in which paths disappear that must go and
 * such that must stay, told again and again with another allocation failing. Whatever fails, no
 * deed is done that the story without fault would not have done; and when there is memory again,
 * it ends as that one did.
 */
#include "built.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "core/core.h"
#include "core/errand.h"
#include "fault.h"

enum {
	STEP_MS = 500,
	GONE_MS = 12000,   /* when the array takes its volumes away */
	MEMORY_MS = 40000, /* when memory is back that was to stay away */
	END_MS = 150000,
	MOST_ACTIONS = 512,
	MANY = 70, /* first lists have room for 64 */
};

static const char configuration[] = "defaults {\n purge_disconnected yes\n"
				    " purge_single_path yes\n purge_grace 5\n}\n"
				    "devices {\n device {\n  vendor KEEP\n  product \".*\"\n"
				    "  purge_disconnected no\n }\n}\n"
				    "blacklist {\n wwid five\n}\n"
				    "multipaths {\n multipath {\n  wwid three\n"
				    "  protect yes\n }\n}\n";

/* One row a path of the story. */
static const struct part {
	const char *rule;
	uint32_t host, lun;
	const char *wwid, *vendor;
	bool in_map, mounted, goes, may_be_deleted;
} parts[] = {
	{ "a good path stays", 3, 1, "one", "VENDOR", true, false, false, false },
	{ "a dead path of a map goes", 4, 1, "one", "VENDOR", true, false, true, true },
	{ "what is mounted stays", 3, 2, "two", "VENDOR", false, true, true, false },
	{ "what is protected stays", 3, 3, "three", "VENDOR", false, false, true, false },
	{ "where the option is off it stays", 3, 4, "four", "KEEP", false, false, true, false },
	{ "what is excluded is not asked", 3, 5, "five", "VENDOR", false, false, true, false },
	{ "a good neighbour stays", 3, 6, "six", "VENDOR", false, false, false, false },
	{ "a dead single path goes", 3, 7, "seven", "VENDOR", false, false, true, true },
};
enum { PARTS = ARRAY_SIZE(parts) };

static struct {
	const struct fault *fault;
	struct core *core;
	struct action actions[MOST_ACTIONS];
	uint32_t n_actions;
	bool present[PARTS], failed_in_map;
	path_id ids[PARTS];
	bool held[PARTS]; /* by the keeper */
	instant now;
} t;

static bool is_gone(size_t i)
{
	return parts[i].goes && t.now.ms >= BUILT_NOW_MS + GONE_MS;
}

static size_t part_of(path_id id)
{
	const struct path *p = model_path(core_model(t.core), id);

	for (size_t i = 0; p && i < PARTS; i++)
		if (p->device.address.host == parts[i].host &&
			p->device.address.lun == parts[i].lun)
			return i;
	return PARTS;
}

static void feed(struct observation o)
{
	o.at = t.now;
	core_feed(t.core, &o);
}

static void act(void *arg, const struct action *a)
{
	(void)arg;
	for (size_t i = 0; i < PARTS; i++)
		if (a->kind == ACT_FORGET && path_id_equal(a->path, t.ids[i]))
			t.held[i] = false;
	assert_true(t.n_actions < MOST_ACTIONS);
	t.actions[t.n_actions++] = *a;
}

/* ---- the world's answers ------------------------------------------------------------------ */

static struct observation device(size_t i)
{
	struct observation o = built_device(parts[i].host, parts[i].lun, parts[i].wwid);

	o.device.present = t.present[i];
	TEXT_SET(o.device.vendor, parts[i].vendor);
	return o;
}

/* A reading counts as complete when all of it is known. */
static void require_complete(uint64_t before)
{
	const struct model *m = core_model(t.core);

	for (size_t i = 0; i < PARTS && m->devices_seq != before; i++)
		if (t.present[i] && !model_path_at(m, device(i).device.sysfs))
			fail_msg("%s: not known: %s", fault_text(t.fault), parts[i].rule);
}

static void answer_devices(const struct action *a)
{
	uint64_t before = core_model(t.core)->devices_seq;

	for (size_t i = 0; i < PARTS; i++)
		if (t.present[i])
			feed(device(i));
	feed(built_host(3));
	feed(built_host(4));
	feed((struct observation){ .kind = OBS_DEVICES_END, .action = a->id });
	require_complete(before);
}

static void answer_maps(const struct action *a)
{
	struct observation o = { .kind = OBS_MAP };

	o.map.present = true;
	o.map.devt = (struct devt){ BUILT_DM, 1 };
	TEXT_SET(o.map.name, "map1");
	TEXT_SET(o.map.uuid, "mpath-one");
	for (size_t i = 0; i < PARTS; i++)
		if (parts[i].in_map && t.present[i])
			o.map.members[o.map.n_members++] = (struct map_member){
				.devt = device(i).device.devt,
				.active = !(is_gone(i) && t.failed_in_map),
			};
	feed(o);
	feed((struct observation){ .kind = OBS_MAPS_END, .action = a->id });
}

static void answer_check(const struct action *a)
{
	struct observation o = { .kind = OBS_CHECKED, .path = a->path, .action = a->id };
	size_t i = part_of(a->path);

	if (i == PARTS)
		return;
	if (!strcmp(parts[i].wwid, "five"))
		fail_msg("%s: %s", fault_text(t.fault), parts[i].rule);
	o.checked = is_gone(i) ? built_gone() : built_good();
	feed(o);
}

static void answer_holders(const struct action *a)
{
	struct observation o = { .kind = OBS_HOLDERS, .path = a->path, .action = a->id };
	size_t i = part_of(a->path);

	o.holders.complete = true;
	if (i < PARTS && parts[i].mounted) {
		o.holders.n_holds = 1;
		o.holders.holds[0].kind = HOLD_MOUNT;
		TEXT_SET(o.holders.holds[0].what, "/srv");
	}
	feed(o);
}

static void answer_delete(const struct action *a)
{
	struct observation o = { .kind = OBS_DONE, .path = a->path, .action = a->id };
	size_t i = part_of(a->path);

	assert_true(i < PARTS);
	if (!parts[i].may_be_deleted || !is_gone(i) || (parts[i].in_map && !t.failed_in_map) ||
		a->del.claim == parts[i].in_map)
		fail_msg("%s: %s", fault_text(t.fault), parts[i].rule);
	t.present[i] = false;
	feed(o);
}

static void answer_look(const struct action *a)
{
	struct observation o = { .kind = OBS_DEVICE };

	for (size_t i = 0; i < PARTS; i++)
		if (!strcmp(device(i).device.sysfs, a->look.sysfs))
			o = device(i);
	TEXT_SET(o.device.sysfs, a->look.sysfs);
	o.action = a->id;
	feed(o);
}

static void answer_fail_path(const struct action *a)
{
	if (!is_gone(part_of(a->path)))
		fail_msg("%s: a good path is failed", fault_text(t.fault));
	t.failed_in_map = true;
	feed((struct observation){ .kind = OBS_DONE, .path = a->path, .action = a->id });
}

static void answer_watch(const struct action *a)
{
	size_t i = part_of(a->path);

	if (i == PARTS)
		return;
	t.ids[i] = a->path;
	t.held[i] = true;
	feed((struct observation){ .kind = OBS_WATCHED, .path = a->path, .action = a->id });
}

static void answer(const struct action *a)
{
	struct observation o = { .path = a->path, .action = a->id };

	switch (a->kind) {
	case ACT_READ_DEVICES: answer_devices(a); return;
	case ACT_READ_MAPS: answer_maps(a); return;
	case ACT_LOOK: answer_look(a); return;
	case ACT_CHECK: answer_check(a); return;
	case ACT_FIND_HOLDERS: answer_holders(a); return;
	case ACT_DELETE: answer_delete(a); return;
	case ACT_FAIL_PATH: answer_fail_path(a); return;
	case ACT_ASK_OWNER: o.kind = OBS_OWNER; break;
	case ACT_WATCH: answer_watch(a); return;
	case ACT_FORGET: return;
	case ACT_REMOVE_MAP:
	case ACT_SCAN:
	case ACT_RESIZE_MAP:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACT_REREAD:
	case ACT_KEEP_OUT:
	case ACT_LET_IN:
	case ACT_FENCE:
	case ACTION_KINDS: fail_msg("%s: %s", fault_text(t.fault), action_name(a->kind));
	}
	feed(o);
}

/* ---- the story ---------------------------------------------------------------------------- */

static void step(void)
{
	uint32_t n;

	t.n_actions = 0;
	core_settle(t.core, t.now);
	n = t.n_actions;
	for (uint32_t i = 0; i < n; i++) {
		struct action a = t.actions[i];

		answer(&a);
	}
	t.now.ms += STEP_MS;
}

static void require_end(void)
{
	const struct model *m = core_model(t.core);

	assert_true(m->devices_known);
	assert_int_equal(m->n_left, 0);
	for (size_t i = 0; i < PARTS; i++) {
		const struct path *p = model_path_at(m, device(i).device.sysfs);

		if (t.present[i] == parts[i].may_be_deleted || t.present[i] != (p != NULL))
			fail_msg("%s: in the end: %s", fault_text(t.fault), parts[i].rule);
		if (p && !is_gone(i) && p->state != PATH_UP)
			fail_msg("%s: in the end it is not up: %s", fault_text(t.fault),
				parts[i].rule);
		if (!t.present[i] && t.held[i])
			fail_msg("%s: handles of what is gone: %s", fault_text(t.fault),
				parts[i].rule);
	}
}

static void client_asks(void)
{
	struct obs_request word = { .verb = VERB_HOLDERS };
	int r;

	word.request = core_next_request(t.core);
	r = core_request(t.core, &word, "two");
	if (r != 1 && r != -ENOMEM && r != -ENODEV)
		fail_msg("%s: a request: %d", fault_text(t.fault), r);
	core_request_close(t.core, word.request);
}

static void run(const struct fault *fault)
{
	const struct core_port port = { .act = act };
	struct config *config = built_config(configuration), *other = built_config(configuration);
	int r;

	memset(&t, 0, sizeof t);
	t.fault = fault;
	t.now.ms = BUILT_NOW_MS;
	memset(t.present, true, sizeof t.present);
	fault_begin();
	r = core_new(&port, config, &t.core);
	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		config_free(other);
		return;
	}
	while (t.now.ms < BUILT_NOW_MS + END_MS) {
		if (t.now.ms == BUILT_NOW_MS + MEMORY_MS) {
			fault_end();
			core_set_config(t.core, TAKE(other));
		}
		if (t.now.ms == BUILT_NOW_MS + GONE_MS)
			client_asks();
		step();
	}
	require_end();
	t.core = core_free(t.core);
}

static void test_no_memory(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_NONE };

	(void)state;
	fault_each(kinds, run);
}

/* ---- many --------------------------------------------------------------------------------- */

static void act_many(void *arg, const struct action *a)
{
	if (a->kind == ACT_FORGET)
		++*(unsigned *)arg;
}

/* More than any of the model's lists has room for at first: they come, and go at once. */
static void run_many(const struct fault *fault)
{
	unsigned forgotten = 0, known;
	const struct core_port port = { .act = act_many, .arg = &forgotten };
	struct config *config = built_config("");

	(void)fault;
	t.now.ms = BUILT_NOW_MS;
	fault_begin();
	if (core_new(&port, config, &t.core) < 0)
		return;
	for (uint32_t i = 0; i < MANY; i++)
		feed(built_device(i % 8, i, ""));
	known = core_model(t.core)->n_paths;
	for (uint32_t i = 0; i < MANY; i++) {
		struct observation o = built_device(i % 8, i, "");

		o.device.present = false;
		feed(o);
	}
	assert_int_equal(forgotten, known);
	assert_int_equal(core_model(t.core)->n_paths, 0);
	forgotten = 0;
	for (uint32_t i = 0; i < MANY; i++)
		feed(built_device(i % 8, i, ""));
	known = core_model(t.core)->n_paths;
	core_settle(t.core, t.now);
	feed((struct observation){
		.kind = OBS_DEVICES_END, .action = core_model(t.core)->devices_asked.action });
	core_settle(t.core, t.now);
	fault_end();
	t.core = core_free(t.core);
}

static void test_no_memory_for_many(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_NONE };

	(void)state;
	fault_each(kinds, run_many);
}

/* ---- words -------------------------------------------------------------------------------- */

/* Of two devices on host 3, the second of which is fenced. */
static const struct word_row {
	const char *rule;
	enum verb verb;
	uint32_t flags;
	const char *names[3];
	uint32_t requests;
} words[] = {
	{ "two devices", VERB_CHECK, 0, { "3:0:0:1", "3:0:0:2" }, 2 },
	{ "one that is not there", VERB_PURGE, 0, { "9:0:0:0" }, 1 },
	{ "one that is to come", VERB_WAIT, 0, { "nobody" }, 1 },
	{ "one that grew", VERB_GROW, 0, { "3:0:0:1" }, 1 },
	{ "all that is fenced", VERB_PURGE, REQUEST_FENCED, { NULL }, 1 },
	{ "all hosts", VERB_RESCAN, 0, { NULL }, 1 },
};

static const struct word_row *the_word;
static bool hole_is_said;
static uint64_t reading;
static unsigned asked;

static void act_words(void *arg, const struct action *a)
{
	(void)arg;
	if (a->kind == ACT_READ_DEVICES)
		reading = a->id;
}

static void record(void *arg, const char *line)
{
	(void)arg;
	hole_is_said |= !line;
	asked += line && !strncmp(line, "ask ", 4);
}

static void tell_devices(void)
{
	feed(built_host(3));
	feed(built_device(3, 1, "one"));
	feed(built_device(3, 2, "two"));
	feed((struct observation){ .kind = OBS_DEVICES_END, .action = reading });
	((struct model *)(uintptr_t)core_model(t.core))->paths[1]->fence.fenced = true;
}

static uint32_t open_requests(void)
{
	const struct model *m = core_model(t.core);
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_requests; i++)
		n += m->requests[i].used;
	return n;
}

static enum errand_progress step_errand(struct errand *errand)
{
	enum errand_progress progress;
	bool changed;

	fault_begin();
	progress = errand_step(errand, t.now, &changed);
	fault_end();
	return progress;
}

static void begin_words(void)
{
	const struct core_port port = { .act = act_words, .recorder = { .line = record } };

	t.now.ms = BUILT_NOW_MS;
	hole_is_said = false;
	asked = 0;
	assert_int_equal(core_new(&port, built_config(""), &t.core), 0);
	core_settle(t.core, t.now);
	tell_devices();
}

/* It waits for the answers of all it is about, or it says that there is no memory. */
static void require_progress(const struct fault *fault, enum errand_progress progress)
{
	if (progress != ERRAND_NO_MEMORY && open_requests() != the_word->requests)
		fail_msg("%s: %s: %u requests", fault_text(fault), the_word->rule, open_requests());
	if (progress == ERRAND_NO_MEMORY && !fault_struck())
		fail_msg("%s: no memory", the_word->rule);
	if (!asked && !hole_is_said)
		fail_msg("%s: %s: a hole in the recording", fault_text(fault), the_word->rule);
}

static void run_word(const struct fault *fault)
{
	const struct obs_request word = {
		.verb = the_word->verb, .flags = the_word->flags, .timeout_ms = 10000, .paths = 1
	};
	long live = fault_live();
	struct errand *errand;
	int r;

	begin_words();
	fault_begin();
	r = errand_new(t.core, &word, (char *const *)the_word->names, &errand);
	fault_end();
	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
	} else {
		enum errand_progress progress = step_errand(errand);

		if (the_word->verb == VERB_RESCAN) { /* everything is read first */
			t.now.ms += 1000;
			core_settle(t.core, t.now);
			tell_devices();
			progress = step_errand(errand);
		}
		require_progress(fault, progress);
		errand_free(errand);
	}
	assert_int_equal(open_requests(), 0);
	t.core = core_free(t.core);
	if (fault_live() != live)
		fail_msg("%s: %s: something is left", fault_text(fault), the_word->rule);
}

static void test_no_memory_for_words(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_NONE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		the_word = &words[i];
		fault_each(kinds, run_word);
	}
}

static void ignore(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)level;
	(void)event;
	(void)line;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_memory_for_many),
		cmocka_unit_test(test_no_memory_for_words),
	};

	log_set_sink(ignore, NULL);
	return cmocka_run_group_tests_name("faults of the core", tests, NULL, NULL);
}

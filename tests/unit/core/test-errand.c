/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/errand.h"

/* A core whose questions nobody answers, with one device once it is told so. */
static void act(void *arg, const struct action *action)
{
	uint64_t *devices_asked = arg;

	if (action->kind == ACT_READ_DEVICES)
		*devices_asked = action->id;
}

struct scene {
	struct core *core;
	uint64_t devices_asked;
	instant now;
};

static void settle(struct scene *s)
{
	s->now = instant_add_ms(s->now, 1000);
	core_settle(s->core, s->now);
}

static void scene_init(struct scene *s)
{
	struct core_port port = { .act = act, .arg = &s->devices_asked };
	struct config *config = NULL;

	*s = (struct scene){ .now = { 100000 } };
	assert_int_equal(config_new(NULL, 0, NULL, &config), 0);
	assert_int_equal(core_new(&port, config, &s->core), 0);
	settle(s);
}

static void feed(struct scene *s, struct observation *o)
{
	o->at = s->now;
	core_feed(s->core, o);
}

static void know_devices(struct scene *s)
{
	struct observation device = { .kind = OBS_DEVICE };
	struct observation end = { .kind = OBS_DEVICES_END, .action = s->devices_asked };

	device.device.present = true;
	TEXT_SET(device.device.sysfs, "devices/pci0000:00/host3/target3:0:0/3:0:0:1");
	device.device.ino = 5;
	device.device.address = (struct scsi_address){ .host = 3, .lun = 1 };
	device.device.protocol = PROTOCOL_ISCSI;
	device.device.state = DEVICE_RUNNING;
	device.device.devt = (struct devt){ 8, 16 };
	TEXT_SET(device.device.dev, "sdb");
	feed(s, &device);
	feed(s, &end);
	settle(s);
	assert_true(core_model(s->core)->devices_known);
}

static const struct {
	const char *rule;
	const char *names[4];
	enum verb verb;
	uint32_t flags;
	bool known;
	unsigned wait_s; /* after the first step */
	enum errand_progress want;
	unsigned n_unknown;
} rows[] = {
	{ "before the devices are known nothing is absent", { "sdb" }, VERB_CHECK, 0, false, 0,
		ERRAND_WAITS, 0 },
	{ "... nor unknown", { "nonsense" }, VERB_CHECK, 0, false, 0, ERRAND_WAITS, 0 },
	{ "... and that has an end", { "sdb" }, VERB_CHECK, 0, false, 11, ERRAND_LATE, 0 },
	{ "a device waits for its answer", { "sdb" }, VERB_CHECK, 0, true, 0, ERRAND_WAITS, 0 },
	{ "... to the deadline", { "sdb" }, VERB_CHECK, 0, true, 11, ERRAND_DONE, 0 },
	{ "what is absent is answered at once", { "9:0:0:0" }, VERB_PURGE, 0, true, 0, ERRAND_DONE,
		0 },
	{ "no name means anything", { "nonsense", "rubbish" }, VERB_PURGE, 0, true, 0,
		ERRAND_NOWHERE, 2 },
	{ "one name means something", { "nonsense", "9:0:0:0" }, VERB_PURGE, 0, true, 0,
		ERRAND_DONE, 1 },
	{ "nothing can be called so", { "a b", "9:0:0:0" }, VERB_PURGE, 0, true, 0, ERRAND_DONE,
		1 },
	{ "what is not there yet is waited for", { "nonsense" }, VERB_WAIT, 0, true, 0,
		ERRAND_WAITS, 0 },
	{ "... to the deadline", { "nonsense" }, VERB_WAIT, 0, true, 11, ERRAND_DONE, 0 },
	{ "nobody waits for what cannot be", { "a b" }, VERB_WAIT, 0, true, 0, ERRAND_NOWHERE, 1 },
	{ "nothing is held back", { NULL }, VERB_PURGE, REQUEST_HELD, true, 0, ERRAND_DONE, 0 },
};

static unsigned count(char *const *names)
{
	unsigned n = 0;

	while (names[n])
		n++;
	return n;
}

static unsigned open_requests(const struct core *core)
{
	const struct model *m = core_model(core);
	unsigned n = 0;

	for (uint32_t i = 0; i < m->n_requests; i++)
		n += m->requests[i].used;
	return n;
}

static void progress(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct obs_request word = { .verb = rows[i].verb, .flags = rows[i].flags };
		enum errand_progress got;
		struct errand *e;
		struct scene s;
		bool opened;

		word.timeout_ms = 10000;
		word.paths = 1;
		scene_init(&s);
		if (rows[i].known)
			know_devices(&s);
		assert_int_equal(errand_new(s.core, &word, (char *const *)rows[i].names, &e), 0);
		got = errand_step(e, s.now, &opened);
		for (unsigned k = 0; k < rows[i].wait_s; k++) {
			settle(&s);
			got = errand_step(e, s.now, &opened);
		}
		if (got != rows[i].want || count(errand_unknown(e)) != rows[i].n_unknown)
			fail_msg("%s: %d, %u unknown", rows[i].rule, got, count(errand_unknown(e)));
		errand_free(e);
		if (open_requests(s.core))
			fail_msg("%s: a request stayed", rows[i].rule);
		core_free(s.core);
	}
}

static void it_opens_when_the_devices_are_known(void **state)
{
	const char *const names[] = { "sdb", NULL };
	struct obs_request word = { .verb = VERB_PURGE, .timeout_ms = 10000 };
	struct errand *e;
	struct scene s;
	bool opened;

	(void)state;
	scene_init(&s);
	assert_int_equal(errand_new(s.core, &word, (char *const *)names, &e), 0);
	assert_int_equal(errand_step(e, s.now, &opened), ERRAND_WAITS);
	assert_false(opened);
	know_devices(&s);
	assert_int_equal(errand_step(e, s.now, &opened), ERRAND_WAITS);
	assert_true(opened);
	assert_int_equal(open_requests(s.core), 1);
	assert_int_equal(errand_step(e, s.now, &opened), ERRAND_WAITS);
	assert_false(opened);
	assert_int_equal(open_requests(s.core), 1);
	errand_free(e);
	core_free(s.core);
}

/* A session that was logged in a moment ago is no host that anybody was told of. */
static void a_rescan_reads_everything_first(void **state)
{
	const char *const names[] = { "host3", NULL };
	struct obs_request word = { .verb = VERB_RESCAN, .timeout_ms = 10000 };
	struct observation host = { .kind = OBS_HOST };
	uint64_t before;
	struct errand *e;
	struct scene s;
	bool changed;

	(void)state;
	scene_init(&s);
	know_devices(&s);
	before = s.devices_asked;
	assert_int_equal(errand_new(s.core, &word, (char *const *)names, &e), 0);
	assert_int_equal(errand_step(e, s.now, &changed), ERRAND_WAITS);
	assert_true(changed);
	assert_int_equal(open_requests(s.core), 0);
	settle(&s);
	assert_int_not_equal(s.devices_asked, before);
	host.host.number = 3;
	feed(&s, &host);
	know_devices(&s);
	assert_int_equal(errand_step(e, s.now, &changed), ERRAND_WAITS);
	assert_true(changed);
	assert_int_equal(open_requests(s.core), 1);
	errand_free(e);
	core_free(s.core);
}

/* Without a name it is about all hosts that an array may be behind. */
static void a_rescan_of_everything(void **state)
{
	static const struct {
		uint32_t number;
		enum protocol protocol;
	} hosts[] = { { 3, PROTOCOL_ISCSI }, { 4, PROTOCOL_FCP }, { 5, PROTOCOL_ATA } };
	struct obs_request word = { .verb = VERB_RESCAN, .timeout_ms = 10000 };
	struct errand *e;
	struct scene s;
	bool changed;

	(void)state;
	scene_init(&s);
	know_devices(&s);
	assert_int_equal(errand_new(s.core, &word, NULL, &e), 0);
	assert_int_equal(errand_verb(e), VERB_RESCAN);
	assert_int_equal(errand_step(e, s.now, &changed), ERRAND_WAITS);
	settle(&s);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		struct observation host = { .kind = OBS_HOST };

		host.host.number = hosts[i].number;
		host.host.protocol = hosts[i].protocol;
		feed(&s, &host);
	}
	know_devices(&s);
	assert_int_equal(errand_step(e, s.now, &changed), ERRAND_WAITS);
	assert_int_equal(open_requests(s.core), 2);
	for (uint32_t i = 0; i < core_model(s.core)->n_requests; i++)
		if (core_model(s.core)->requests[i].used)
			assert_int_equal(core_model(s.core)->requests[i].id, errand_id(e));
	errand_free(e);
	assert_int_equal(open_requests(s.core), 0);
	core_free(s.core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress),
		cmocka_unit_test(it_opens_when_the_devices_are_known),
		cmocka_unit_test(a_rescan_reads_everything_first),
		cmocka_unit_test(a_rescan_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

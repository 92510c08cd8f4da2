/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "config/diagnostics.h"
#include "show/status.h"
#include "show/table.h"
#include "world.h"

static const struct status_helper helpers[] = {
	{ HELPER_KEEPER, 101, 3 },
	{ HELPER_SCOUT, 102, 0 },
};

/* As a daemon before this one wrote it down. */
static void keep_out(struct model *m)
{
	struct obs_gap is = {
		.address = { .host = 3, .lun = 9 },
		.everywhere = true,
		.since = { WORLD_NOW_MS },
		.until = { WORLD_NOW_MS + 900000 },
	};

	TEXT_SET(is.wwid, "36001405eeee");
	TEXT_SET(is.requester, "uid 0");
	gaps_note_record(m, &is);
	m->n_changes = 0;
}

static char *make(struct diagnostics *remarks)
{
	struct status_facts facts = {
		.pid = 100,
		.started_unix_ms = INT64_C(1772366400000),
		.wall_offset_ms = WORLD_WALL_OFFSET_MS,
		.remarks = remarks,
		.helpers = helpers,
		.n_helpers = ARRAY_SIZE(helpers),
		.clients = 2,
		.events = 9,
		.log_dropped = 5,
	};
	char *json = NULL;
	struct host *h;
	struct world w;

	world_init(&w);
	h = model_host(w.model, 3);
	assert_non_null(h);
	h->deed = 55;
	h->deed_path = w.dead->id;
	h->hand_pid = 110;
	h->deed_at = (instant){ WORLD_NOW_MS };
	h->stuck = true;
	TEXT_SET(h->dev, "sdc");
	w.dead->held_back = true;
	keep_out(w.model);
	w.model->owner_known = true;
	w.model->owner.running = true;
	w.model->owner.pid = 900;
	latency_add(&w.model->counters.latency, 5);
	latency_add(&w.model->counters.latency, 500);
	latency_add(&w.model->counters.latency, 30001);
	assert_int_equal(status_document(w.model, &facts, &json), 0);
	h->deed = 0;
	world_done(&w);
	return json;
}

static void document(void **state)
{
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(freep) char *json = NULL;

	(void)state;
	diagnostics_add(
		&remarks, SEVERITY_WARNING, "/etc/multipath.conf", 12, "unknown \"%s\"", "x");
	diagnostics_add(&remarks, SEVERITY_NOTE, "/etc/multipath.conf", 0, "old");
	json = make(&remarks);
	diagnostics_done(&remarks);
	assert_string_equal(json,
		"{\"version\":1,\"mode\":\"observe\",\"pid\":100,\"since\":\"2026-03-01T12:00:00."
		"000Z\","
		"\"ready\":false,\"config\":{\"warnings\":1,\"remarks\":["
		"{\"severity\":\"warning\",\"file\":\"/etc/multipath.conf\",\"line\":12,"
		"\"text\":\"unknown \\\"x\\\"\"},"
		"{\"severity\":\"note\",\"file\":\"/etc/"
		"multipath.conf\",\"line\":0,\"text\":\"old\"}]},"
		"\"paths\":{\"total\":3,\"unchecked\":1,\"up\":1,\"down\":1,\"ghost\":0,\"shaky\":"
		"0,"
		"\"pending\":0,\"delayed\":0,\"fenced\":0},\"maps\":1,"
		"\"purge\":{\"marked\":1,\"verifying\":0,\"unmapping\":0,\"deleting\":0,\"stuck\":"
		"0,"
		"\"held\":0,\"held_back\":1},"
		"\"hands\":[{\"pid\":110,\"host\":3,\"dev\":\"sdc\",\"since\":\"2026-03-01T12:00:"
		"00.000Z\","
		"\"stuck\":true,\"hctl\":\"3:0:0:1\"}],"
		"\"helpers\":[{\"kind\":\"keeper\",\"pid\":101,\"host\":3},"
		"{\"kind\":\"scout\",\"pid\":102,\"host\":null}],"
		"\"counters\":{\"checks\":0,\"purged\":0,\"failed\":0,\"gone_by_others\":0,"
		"\"held\":0,\"stuck\":0,\"fenced\":0,\"kept_out\":0,\"uevents_lost\":0,"
		"\"events\":9,"
		"\"log_dropped\":5},"
		"\"latency\":{\"checks\":3,\"sum_ms\":30506,\"at_most_1_ms\":0,\"at_most_5_ms\":1,"
		"\"at_most_20_ms\":1,\"at_most_100_ms\":1,\"at_most_500_ms\":2,"
		"\"at_most_2000_ms\":2,\"at_most_10000_ms\":2,\"at_most_30000_ms\":2},"
		"\"clients\":{\"connected\":2,\"refused\":0,\"dropped\":0},"
		"\"owner\":{\"known\":true,\"running\":true,\"pid\":900,\"purges\":false},"
		"\"fence\":{\"suspected\":0,\"changed\":0,\"failing\":0,\"offlining\":0,"
		"\"fenced\":0,\"held\":0},"
		"\"gaps\":[{\"wwid\":\"36001405eeee\",\"hctl\":\"3:0:0:9\",\"everywhere\":"
		"true,\"stage\":\"kept\",\"since\":\"2026-03-01T12:00:00.000Z\",\"until\":"
		"\"2026-03-01T12:15:00.000Z\",\"requester\":\"uid 0\",\"written\":true,"
		"\"dev\":null}]}");
}

static void for_people(void **state)
{
	_cleanup_(text_done) struct text t = TEXT_INIT;
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(freep) char *json = NULL;
	struct json_object *root;

	(void)state;
	diagnostics_add(&remarks, SEVERITY_WARNING, "c", 12, "skipped");
	json = make(&remarks);
	diagnostics_done(&remarks);
	root = json_tokener_parse(json);
	table_print_outline(root, &t);
	json_object_put(root);
	assert_string_equal(text_str(&t),
		"version    1\n"
		"mode       observe\n"
		"pid        100\n"
		"since      2026-03-01T12:00:00.000Z\n"
		"ready      no\n"
		"config     warnings 1\n"
		"remarks    severity warning  file c  line 12  text skipped\n"
		"paths      total 3  unchecked 1  up 1  down 1  ghost 0  shaky 0  pending 0  "
		"delayed 0  "
		"fenced 0\n"
		"maps       1\n"
		"purge      marked 1  verifying 0  unmapping 0  deleting 0  stuck 0  held 0  "
		"held_back 1\n"
		"hands      pid 110  host 3  dev sdc  since 2026-03-01T12:00:00.000Z  stuck yes  "
		"hctl "
		"3:0:0:1\n"
		"helpers    kind keeper  pid 101  host 3\n"
		"           kind scout  pid 102  host -\n"
		"counters   checks 0  purged 0  failed 0  gone_by_others 0  held 0  stuck 0  "
		"fenced 0  "
		"kept_out 0  uevents_lost 0  events 9  log_dropped 5\n"
		"latency    checks 3  sum_ms 30506  at_most_1_ms 0  at_most_5_ms 1  "
		"at_most_20_ms 1  at_most_100_ms 1  at_most_500_ms 2  at_most_2000_ms 2  "
		"at_most_10000_ms 2  at_most_30000_ms 2\n"
		"clients    connected 2  refused 0  dropped 0\n"
		"owner      known yes  running yes  pid 900  purges no\n"
		"fence      suspected 0  changed 0  failing 0  offlining 0  fenced 0  held 0\n"
		"gaps       wwid 36001405eeee  hctl 3:0:0:9  everywhere yes  stage kept  since "
		"2026-03-01T12:00:00.000Z  until 2026-03-01T12:15:00.000Z  requester uid 0  "
		"written yes  dev -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(document),
		cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "show/maps.h"
#include "show/size.h"
#include "show/table.h"
#include "show/topology.h"
#include "world.h"

#define HEAD "{\"version\":1,\"major_version\":0,\"minor_version\":1,\"maps\":["

#define NAMES                                                                                      \
	"\"pri\":-1,\"host_wwnn\":\"[undef]\",\"target_wwnn\":\"iqn.2026-01.example:a\","          \
	"\"host_wwpn\":\"[undef]\",\"target_wwpn\":\"[undef]\",\"host_adapter\":\"[undef]\","

static const char oradata[] =
	"{\"name\":\"oradata\",\"uuid\":\"36001405aaaa\",\"sysfs\":\"dm-4\",\"failback\":\"undef\","
	"\"queueing\":\"on\",\"paths\":1,\"write_prot\":\"rw\",\"dm_st\":\"active\","
	"\"features\":\"1 queue_if_no_path\",\"hwhandler\":\"1 alua\",\"action\":\"\","
	"\"path_faults\":3,\"vend\":\"LIO-ORG\",\"prod\":\"disk\",\"rev\":\"##\",\"size\":\"16M\","
	"\"path_groups\":["
	"{\"selector\":\"service-time 0\",\"pri\":-1,\"dm_st\":\"active\",\"group\":1,\"paths\":["
	"{\"dev\":\"sdb\",\"dev_t\":\"8:16\",\"dm_st\":\"active\",\"dev_st\":\"running\","
	"\"chk_st\":\"ready\",\"checker\":\"tur\"," NAMES "\"lun_hex\":\"0x0000000000000000\","
	"\"failures\":0,\"hctl\":\"3:0:0:0\",\"state\":\"up\"}]},"
	"{\"selector\":\"service-time 0\",\"pri\":-1,\"dm_st\":\"enabled\",\"group\":2,\"paths\":["
	"{\"dev\":\"sdc\",\"dev_t\":\"8:32\",\"dm_st\":\"failed\",\"dev_st\":\"running\","
	"\"chk_st\":\"disconnected\",\"checker\":\"tur\"," NAMES
	"\"lun_hex\":\"0x0001000000000000\","
	"\"failures\":3,\"hctl\":\"3:0:0:1\",\"state\":\"down\"}]}]}";

/* A map of another kind over a number that is no path, which can say nothing of its groups. */
static const char spare[] =
	"{\"name\":\"\\u001b[31mspare\",\"uuid\":\"\",\"sysfs\":\"dm-7\",\"failback\":\"undef\","
	"\"queueing\":\"off\",\"paths\":0,\"write_prot\":\"ro\",\"dm_st\":\"suspend\","
	"\"features\":\"0\",\"hwhandler\":\"0\",\"action\":\"\","
	"\"path_faults\":0,\"vend\":\"##\",\"prod\":\"##\",\"rev\":\"##\",\"size\":\"0.0K\","
	"\"path_groups\":["
	"{\"selector\":\"undef\",\"pri\":-1,\"dm_st\":\"undef\",\"group\":1,\"paths\":["
	"{\"dev\":\"-\",\"dev_t\":\"259:0\",\"dm_st\":\"active\",\"dev_st\":\"unknown\","
	"\"chk_st\":\"undef\",\"checker\":\"(null)\",\"pri\":-1,\"host_wwnn\":\"[undef]\","
	"\"target_wwnn\":\"[undef]\",\"host_wwpn\":\"[undef]\",\"target_wwpn\":\"[undef]\","
	"\"host_adapter\":\"[undef]\",\"lun_hex\":\"[undef]\",\"failures\":0,\"hctl\":null,"
	"\"state\":null}]},"
	"{\"selector\":\"undef\",\"pri\":-1,\"dm_st\":\"disabled\",\"group\":2,\"paths\":[]}]}";

static void add_spare(struct model *m)
{
	struct observation o = { .kind = OBS_MAP, .at = m->now };

	o.map.present = o.map.suspended = o.map.read_only = true;
	o.map.devt = (struct devt){ 253, 7 };
	TEXT_SET(o.map.name, "\x1b[31mspare");
	TEXT_SET(o.map.uuid, "another-kind");
	TEXT_SET(o.map.features, "0");
	TEXT_SET(o.map.handler, "0");
	TEXT_SET(o.map.groups, "?D");
	o.map.n_members = 1;
	o.map.members[0] = (struct map_member){ .devt = { 259, 0 }, .active = true, .group = 1 };
	model_note(m, &o);
}

static const struct {
	const char *rule;
	const char *names[4];
	int want;
	const char *maps[3];
	const char *unknown;
} rows[] = {
	{ "no name is every map", { NULL }, 0, { spare, oradata }, NULL },
	{ "a map", { "oradata" }, 0, { oradata }, NULL },
	{ "a map whose paths are not ours", { "dm-7" }, 0, { spare }, NULL },
	{ "a WWID", { "36001405aaaa" }, 0, { oradata }, NULL },
	{ "a path is its map, once", { "sdb", "sdc" }, 0, { oradata }, NULL },
	{ "a host is the maps of its paths", { "host3" }, 0, { oradata }, NULL },
	{ "a path in no map adds none", { "sdd" }, 0, { NULL }, NULL },
	{ "no such word", { "nonsense" }, -ENODEV, { NULL }, NULL },
	{ "one unknown name of two is told", { "nonsense", "dm-4" }, 0, { oradata },
		"\"nonsense\"" },
};

static void documents(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	add_spare(w.model);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_done) struct text want = TEXT_INIT;
		_cleanup_(freep) char *json = NULL;
		int r = maps_document(w.model, (char *const *)rows[i].names, &json);

		if (r != rows[i].want)
			fail_msg("%s: %d", rows[i].rule, r);
		if (r < 0)
			continue;
		text_add(&want, HEAD);
		for (size_t k = 0; rows[i].maps[k]; k++)
			text_addf(&want, "%s%s", k ? "," : "", rows[i].maps[k]);
		text_add(&want, "]");
		if (rows[i].unknown)
			text_addf(&want, ",\"unknown\":[%s]", rows[i].unknown);
		text_add(&want, "}");
		if (strcmp(json, text_str(&want)))
			fail_msg("%s:\n%s\nis not\n%s", rows[i].rule, json, text_str(&want));
	}
	world_done(&w);
}

static void of_fibre_channel(void **state)
{
	_cleanup_(freep) char *json = NULL;
	struct world w;

	(void)state;
	world_init(&w);
	w.up->device.protocol = PROTOCOL_FCP;
	TEXT_SET(w.up->device.array, "0x50060160bea01234");
	assert_int_equal(maps_document(w.model, NULL, &json), 0);
	assert_non_null(strstr(json, "\"host_wwnn\":\"[unknown]\","
				     "\"target_wwnn\":\"0x50060160bea01234\","
				     "\"host_wwpn\":\"[unknown]\",\"target_wwpn\":\"[undef]\","
				     "\"host_adapter\":\"0000:00:05.0\""));
	world_done(&w);
}

static struct json_object *maps_of(struct world *w, struct json_object **ret_root)
{
	_cleanup_(freep) char *json = NULL;

	assert_int_equal(maps_document(w->model, NULL, &json), 0);
	*ret_root = json_tokener_parse(json);
	assert_non_null(*ret_root);
	return json_object_object_get(*ret_root, "maps");
}

static void for_people(void **state)
{
	static const char table[] = "NAME           UUID          SYSFS  QUEUEING  PATHS  WP  DM   "
				    "    FAULTS  VEND     "
				    "PROD  SIZE\n"
				    "\\x1b[31mspare  -             dm-7   off       0      ro  "
				    "suspend  0       ##       "
				    "##    0.0K\n"
				    "oradata        36001405aaaa  dm-4   on        1      rw  "
				    "active   3       LIO-ORG  "
				    "disk  16M\n";
	static const char topology[] =
		"\\x1b[31mspare dm-7 ##,##\n"
		"size=0.0K features='0' hwhandler='0' wp=ro status=suspend\n"
		"|-+- policy='undef' status=undef\n"
		"| `- -       -   259:0 active undef        unknown -\n"
		"`--- policy='undef' status=disabled\n"
		"oradata (36001405aaaa) dm-4 LIO-ORG,disk\n"
		"size=16M features='1 queue_if_no_path' hwhandler='1 alua' wp=rw status=active\n"
		"|-+- policy='service-time 0' status=active\n"
		"| `- 3:0:0:0 sdb 8:16  active ready        running up\n"
		"`-+- policy='service-time 0' status=enabled\n"
		"  `- 3:0:0:1 sdc 8:32  failed disconnected running down\n";
	_cleanup_(text_done) struct text t = TEXT_INIT;
	struct json_object *root, *maps;
	struct world w;

	(void)state;
	world_init(&w);
	add_spare(w.model);
	maps = maps_of(&w, &root);
	table_print(map_fields, maps, &t);
	assert_string_equal(text_str(&t), table);
	text_clear(&t);
	topology_print(maps, &t);
	assert_string_equal(text_str(&t), topology);
	topology_print(NULL, &t);
	json_object_put(root);
	world_done(&w);
}

static const struct {
	uint64_t sectors;
	const char *text;
} sizes[] = {
	{ 0, "0.0K" },
	{ 2, "1.0K" },
	{ 19, "9.5K" },
	{ 20, "10K" },
	{ 2047, "1024K" },
	{ 2048, "1.0M" },
	{ 32768, "16M" },
	{ UINT64_C(2) << 20, "1.0G" },
	{ UINT64_C(80) << 20, "40G" },
	{ UINT64_C(3) << 30, "1.5T" },
	{ UINT64_C(2) << 40, "1.0P" },
	{ UINT64_C(4096) << 40, "2048P" },
};

static void sizes_as_multipathd_writes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_(text_done) struct text t = TEXT_INIT;

		size_print(sizes[i].sectors, &t);
		assert_string_equal(text_str(&t), sizes[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(of_fibre_channel),
		cmocka_unit_test(for_people),
		cmocka_unit_test(sizes_as_multipathd_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

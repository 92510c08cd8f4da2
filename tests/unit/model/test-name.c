/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/name.h"

#define BY_ID "/dev/disk/by-id/"
#define NAA   "6001405a500000000000000000000000"
#define EUI   "0024f1e2d3c4b5a6"

/* 3:0:0:1 sddt ... are in map3 with WWID one; 4:0:0:1 is alone; 13:0:0:1 has a longer number; the
 * last two have WWIDs as they are. */
static struct model *world(void)
{
	struct model *m = built_model("");
	struct path *of_map[2] = { built_path(m, 3, 1, "one"), built_path(m, 5, 1, "one") };

	built_map(m, 3, "one", of_map, 2);
	built_path(m, 4, 1, "two");
	built_path(m, 13, 1, "");
	built_path(m, 14, 1, "3" NAA);
	built_path(m, 15, 1, "2" EUI);
	return m;
}

struct names {
	char found[128];
};

static void add(void *arg, struct path *p)
{
	struct names *names = arg;
	char address[SCSI_ADDRESS_TEXT];
	size_t n = strlen(names->found);

	scsi_address_print(&p->device.address, address);
	text_copy(names->found + n, sizeof names->found - n, n ? " " : "");
	n = strlen(names->found);
	text_copy(names->found + n, sizeof names->found - n, address);
}

#define PCI "pci0000:00/0000:00:05.0"

static const struct row {
	const char *name;
	enum name_form form;
	const char *found;
} rows[] = {
	{ "sddt", NAME_ADDRESS, "3:0:0:1" },
	{ "/dev/sddt", NAME_ADDRESS, "3:0:0:1" },
	{ "sdd", NAME_ADDRESS, "" },
	{ "sdzz", NAME_ADDRESS, "" },
	{ "8:97", NAME_ADDRESS, "3:0:0:1" },
	{ "8:9", NAME_ADDRESS, "" },
	{ "253:3", NAME_ADDRESS, "3:0:0:1 5:0:0:1" },
	{ "3:0:0:1", NAME_ADDRESS, "3:0:0:1" },
	{ "3:0:0:10", NAME_ADDRESS, "" },
	{ "one", NAME_WORD, "3:0:0:1 5:0:0:1" },
	{ "two", NAME_WORD, "4:0:0:1" },
	{ "on", NAME_WORD, "" },
	{ "map3", NAME_WORD, "3:0:0:1 5:0:0:1" },
	{ "/dev/mapper/map3", NAME_WORD, "3:0:0:1 5:0:0:1" },
	{ "map", NAME_WORD, "" },
	{ "dm-3", NAME_ADDRESS, "3:0:0:1 5:0:0:1" },
	{ "/dev/dm-3", NAME_ADDRESS, "3:0:0:1 5:0:0:1" },
	{ "dm-33", NAME_ADDRESS, "" },
	{ "dm-", NAME_WORD, "" },
	{ "dm-3x", NAME_WORD, "" },
	{ "sdX", NAME_WORD, "" },
	{ "host3", NAME_ADDRESS, "3:0:0:1" },
	{ "host1", NAME_ADDRESS, "" }, /* not host13 */
	{ "host13", NAME_ADDRESS, "13:0:0:1" },
	{ "host", NAME_WORD, "" },
	{ "target3:0:0", NAME_ADDRESS, "3:0:0:1" },
	{ "session5", NAME_ADDRESS, "5:0:0:1" },
	{ "rport-3:0-1", NAME_ADDRESS, "" },
	{ PCI, NAME_ADDRESS, "3:0:0:1 5:0:0:1 4:0:0:1 13:0:0:1 14:0:0:1 15:0:0:1" },
	{ PCI "/", NAME_ADDRESS, "3:0:0:1 5:0:0:1 4:0:0:1 13:0:0:1 14:0:0:1 15:0:0:1" },
	{ PCI "/host4", NAME_ADDRESS, "4:0:0:1" },
	{ PCI "/host1", NAME_ADDRESS, "" },
	{ "/sys/devices/" PCI "/host4/session4/target4:0:0/4:0:0:1", NAME_ADDRESS, "4:0:0:1" },
	{ "devices/" PCI "/host4", NAME_ADDRESS, "4:0:0:1" },
	{ "0000:00:05.0/host4", NAME_ADDRESS, "" },
	{ "/sys/devices/pci0000:00/0000:00:06.0/host4/session4/target4:0:0/4:0:0:1", NAME_ADDRESS,
		"" }, /* where it was: not whoever has its address now */
	{ "/sys/block/sddt", NAME_ADDRESS, "3:0:0:1" },
	{ "/sys/block/dm-3", NAME_ADDRESS, "3:0:0:1 5:0:0:1" },
	{ "/sys/class/scsi_host/host4", NAME_ADDRESS, "4:0:0:1" },
	{ "/sys/class/iscsi_session/session5", NAME_ADDRESS, "5:0:0:1" },
	{ "/sys/bus/scsi/devices/4:0:0:1", NAME_ADDRESS, "4:0:0:1" },
	{ "/sys/dev/block/8:97", NAME_ADDRESS, "3:0:0:1" },
	{ "sd@3:0:0:1", NAME_ADDRESS, "3:0:0:1" },
	{ "lun@3:0:0:1", NAME_ADDRESS, "3:0:0:1" },
	{ "sd@3:0:0:1:sddt", NAME_ADDRESS, "3:0:0:1" },
	{ "sd@3:0:0:1:sdb", NAME_ADDRESS, "" }, /* the address has another disk by now */
	{ "sd@4:0:0:1:sddt", NAME_ADDRESS, "" },
	{ "sd@3:0:0:10", NAME_ADDRESS, "" },
	{ "host@3", NAME_ADDRESS, "3:0:0:1" },
	{ "host@1", NAME_ADDRESS, "" }, /* not host@13 */
	{ "target@5:0:0", NAME_ADDRESS, "5:0:0:1" },
	{ "session@5", NAME_ADDRESS, "5:0:0:1" },
	{ "session@3/host@3", NAME_ADDRESS, "" }, /* the other way round */
	{ "/pci@0000:00/virtio-pci@0000:00:05.0/host@4", NAME_ADDRESS, "4:0:0:1" },
	{ "/devices/pci@0000:00/pci@0000:00:05.0/host@4/sd@4:0:0:1", NAME_ADDRESS, "4:0:0:1" },
	{ "/pci@0000:00/pci@0000:00:06.0/host@4", NAME_ADDRESS, "" }, /* where it was */
	{ "dm@3:dm-3", NAME_ADDRESS, "3:0:0:1 5:0:0:1" },
	{ "dm@3", NAME_ADDRESS, "3:0:0:1 5:0:0:1" },
	{ "dm@3:dm-4", NAME_ADDRESS, "" },
	{ "sd@", NAME_WORD, "" },
	{ "@3:0:0:1", NAME_WORD, "" },
	{ "backup@night", NAME_WORD, "" },
	{ "/dev/vg/volume", NAME_LINK, "" },
	{ BY_ID "wwn-0x" NAA, NAME_WORD, "14:0:0:1" },
	{ BY_ID "scsi-3" NAA, NAME_WORD, "14:0:0:1" },
	{ BY_ID "scsi-2" EUI, NAME_WORD, "15:0:0:1" },
	{ BY_ID "dm-uuid-mpath-3" NAA, NAME_WORD, "14:0:0:1" },
	{ BY_ID "dm-uuid-mpath-one", NAME_WORD, "3:0:0:1 5:0:0:1" },
	{ BY_ID "dm-name-map3", NAME_WORD, "3:0:0:1 5:0:0:1" },
	{ BY_ID "wwn-0x6001405a50000000000000000000000f", NAME_WORD, "" }, /* not yet there */
	{ BY_ID "wwn-0x" EUI, NAME_LINK, "" }, /* no NAA, so what WWID? */
	{ BY_ID "wwn-0x" NAA "-part1", NAME_LINK, "" },
	{ BY_ID "wwn-0x6001405", NAME_LINK, "" }, /* not whole */
	{ BY_ID "scsi-SLIO-ORG_disk_1", NAME_LINK, "" },
	{ BY_ID "dm-uuid-mpath-", NAME_INVALID, "" },
	{ BY_ID "dm-uuid-mpath-a b", NAME_INVALID, "" },
	{ "/dev/disk/by-path/ip-10.0.0.1-lun-1", NAME_LINK, "" },
	{ "/dev/disk/by-path/wwn-0x" NAA, NAME_LINK, "" },
	{ "by-id/wwn-0x" NAA, NAME_ADDRESS, "" },
	{ "/sys/block/", NAME_INVALID, "" },
	{ "", NAME_INVALID, "" },
	{ "/dev/", NAME_INVALID, "" },
	{ "a b", NAME_INVALID, "" },
	{ "a\nb", NAME_INVALID, "" },
	{ "a\x7f", NAME_INVALID, "" },
	{ "/", NAME_ADDRESS, "" },
	{ "/sys/devices/", NAME_ADDRESS, "" },
};

static void test_names(void **state)
{
	struct model *m = world();

	(void)state;
	assert_string_equal(
		model_path_at(m, built_device(3, 1, "").device.sysfs)->device.dev, "sddt");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct names names = { "" };
		uint32_t n = name_find(m, rows[i].name, add, &names);

		if (name_form(rows[i].name) != rows[i].form)
			fail_msg("\"%s\" is form %d", rows[i].name, name_form(rows[i].name));
		if (strcmp(names.found, rows[i].found) != 0)
			fail_msg("\"%s\" finds \"%s\"", rows[i].name, names.found);
		assert_int_equal(n != 0, *rows[i].found != '\0');
	}
	model_free(m);
}

/* What of the directory of 3:0:0:1 a name means. */
static const struct {
	const char *name, *directory;
} extents[] = {
	{ "host3", "devices/pci0000:00/0000:00:05.0/host3" },
	{ "session3", "devices/pci0000:00/0000:00:05.0/host3/session3" },
	{ "target3:0:0", "devices/pci0000:00/0000:00:05.0/host3/session3/target3:0:0" },
	{ "pci0000:00", "" }, /* a word */
	{ "pci0000:00/0000:00:05.0", "devices/pci0000:00/0000:00:05.0" },
	{ "/sys/devices/pci0000:00/0000:00:05.0/", "devices/pci0000:00/0000:00:05.0" },
	{ "devices/pci0000:00", "devices/pci0000:00" },
	{ "sddt", "devices/pci0000:00/0000:00:05.0/host3/session3/target3:0:0/3:0:0:1" },
	{ "3:0:0:1", "devices/pci0000:00/0000:00:05.0/host3/session3/target3:0:0/3:0:0:1" },
	{ "host@3", "devices/pci0000:00/0000:00:05.0/host3" },
	{ "session@3", "devices/pci0000:00/0000:00:05.0/host3/session3" },
	{ "target@3:0:0", "devices/pci0000:00/0000:00:05.0/host3/session3/target3:0:0" },
	{ "qla@0000:00:05.0", "devices/pci0000:00/0000:00:05.0" },
	{ "pci@0000:00", "devices/pci0000:00" },
	{ "/pci@0000:00/qla@0000:00:05.0", "devices/pci0000:00/0000:00:05.0" },
	{ "/pci@0000:00/qla@0000:00:05.0/host@3/session@3",
		"devices/pci0000:00/0000:00:05.0/host3/session3" },
	{ "sd@3:0:0:1", "devices/pci0000:00/0000:00:05.0/host3/session3/target3:0:0/3:0:0:1" },
	{ "sd@3:0:0:1:sddt", "devices/pci0000:00/0000:00:05.0/host3/session3/target3:0:0/3:0:0:1" },
	{ "sd@3:0:0:1:sdb", "" }, /* the address has another disk by now */
	{ "host@4", "" },
	{ "host4", "" },
	{ "a b", "" },
};

static void test_extents(void **state)
{
	struct model *m = world();
	const struct path *p = model_path_at(m, built_device(3, 1, "").device.sysfs);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(extents); i++) {
		size_t n = name_extent(m, extents[i].name, p);

		if (n != strlen(extents[i].directory) ||
			strncmp(p->device.sysfs, extents[i].directory, n) != 0)
			fail_msg("\"%s\" means %zu of %s", extents[i].name, n, p->device.sysfs);
	}
	model_free(m);
}

#define HOST3 "devices/pci0000:00/0000:00:05.0/host3"
#define LUN3  HOST3 "/session3/target3:0:0/3:0:0:1"
#define PORT  "devices/pci0000:00/0000:00:05.0/host7/rport-7:0-12"

/* One volume, or one directory, of which the inode is known where it is a LUN's own. */
static const struct {
	const char *rule, *name, *wwid, *sysfs;
	bool has_inode;
} root_rows[] = {
	{ "a host", "host3", "", HOST3, false },
	{ "a host after devfs is not its first LUN", "host@3", "", HOST3, false },
	{ "a session after devfs", "session@3", "", HOST3 "/session3", false },
	{ "a target after devfs", "target@3:0:0", "", HOST3 "/session3/target3:0:0", false },
	{ "a remote port", "rport-7:0-12", "", PORT, false },
	{ "a remote port after devfs", "rport@7:0-12", "", PORT, false },
	{ "a target of a remote port", "target7:0:1", "", PORT "/target7:0:1", false },
	{ "a function", PCI, "", "devices/" PCI, false },
	{ "a function with a slash", PCI "/", "", "devices/" PCI, false },
	{ "a function from /sys", "/sys/devices/" PCI, "", "devices/" PCI, false },
	{ "a function after devfs", "/pci@0000:00/qla@0000:00:05.0", "", "devices/" PCI, false },
	{ "... by its last part", "qla@0000:00:05.0", "", "devices/" PCI, false },
	{ "a host after devfs, from the root", "/pci@0000:00/qla@0000:00:05.0/host@3", "", HOST3,
		false },
	{ "a LUN by its address", "3:0:0:1", "", LUN3, true },
	{ "a LUN after devfs", "sd@3:0:0:1", "", LUN3, true },
	{ "a disk after devfs", "sd@3:0:0:1:sddt", "", LUN3, true },
	{ "a disk", "/dev/sddt", "", LUN3, true },
	{ "a volume", "one", "one", "", false },
	{ "a volume in no map", "two", "two", "", false },
	{ "a map", "/dev/mapper/map3", "one", "", false },
	{ "a map's number", "dm-3", "one", "", false },
	{ "a map after devfs", "dm@3:dm-3", "one", "", false },
	{ "a map after devfs, from the root", "/virtual/block/dm@3:dm-3", "one", "", false },
};

/* LUN 1 of host7, over Fibre Channel. */
static void add_behind_port(struct model *m)
{
	struct observation o = built_device(7, 1, "behind");

	TEXT_SET(o.device.sysfs, PORT "/target7:0:1/7:0:1:1");
	o.device.address.target = 1;
	o.device.protocol = PROTOCOL_FCP;
	model_note(m, &o);
}

static void test_roots(void **state)
{
	struct model *m = world();
	struct obs_detaching none = { 0 };

	(void)state;
	add_behind_port(m);
	assert_false(name_find_root(m, "rport-7:0-1", &none)); /* another number */
	assert_false(name_find_root(m, "host@1", &none));      /* not host13 */
	for (size_t i = 0; i < ARRAY_SIZE(root_rows); i++) {
		struct obs_detaching root = { 0 };

		if (!name_find_root(m, root_rows[i].name, &root))
			fail_msg("%s: nothing", root_rows[i].rule);
		if (strcmp(root.wwid, root_rows[i].wwid) != 0 ||
			strcmp(root.sysfs, root_rows[i].sysfs) != 0)
			fail_msg("%s: \"%s\" \"%s\"", root_rows[i].rule, root.wwid, root.sysfs);
		assert_int_equal(root.ino != 0, root_rows[i].has_inode);
	}
	model_free(m);
}

static void test_says(void **state)
{
	(void)state;
	assert_true(name_says("3" NAA, "3" NAA));
	assert_true(name_says(BY_ID "wwn-0x" NAA, "3" NAA));
	assert_true(name_says(BY_ID "dm-uuid-mpath-3" NAA, "3" NAA));
	assert_false(name_says(BY_ID "wwn-0x" NAA, "3" EUI));
	assert_false(name_says("sddt", "3" NAA));
}

static void test_long_name(void **state)
{
	char name[MAX_SYSFS + 8];

	(void)state;
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_int_equal(name_form(name), NAME_INVALID);
}

static void add_place(void *arg, const struct place *place)
{
	struct names *names = arg;
	char text[PLACE_TEXT];
	size_t n = strlen(names->found);

	place_print(place, text);
	text_copy(names->found + n, sizeof names->found - n, n ? " " : "");
	n = strlen(names->found);
	text_copy(names->found + n, sizeof names->found - n, text);
}

/* Hosts 3, 4 and 6 are known; 6 has a session and no LUN. */
static const struct {
	const char *rule, *name, *found;
} place_rows[] = {
	{ "a host is all of it", "host3", "3:-:-:-" },
	{ "a host without a LUN", "host6", "6:-:-:-" },
	{ "no such host", "host7", "" },
	{ "another number", "host1", "" },
	{ "a target", "target3:0:0", "3:0:0:-" },
	{ "a target without a LUN", "target6:0:5", "6:0:5:-" },
	{ "a session is its target", "session4", "4:0:0:-" },
	{ "a session without a LUN is its host", "session6", "6:-:-:-" },
	{ "no such session", "session66", "" },
	{ "a remote port without a LUN is its channel", "rport-6:1-3", "6:1:-:-" },
	{ "a remote port of no host", "rport-7:1-3", "" },
	{ "a disk is its target", "sddt", "3:0:0:-" },
	{ "an address where a disk is is its target", "3:0:0:1", "3:0:0:-" },
	{ "an address where nothing is is that LUN", "6:0:0:9", "6:0:0:9" },
	{ "... of a host that is there", "7:0:0:9", "" },
	{ "a map is the targets of its paths", "map3", "3:0:0:- 5:0:0:-" },
	{ "a WWID, too", "two", "4:0:0:-" },
	{ "a word that means nothing", "nonsense", "" },
	{ "a function is its hosts", PCI, "3:-:-:- 4:-:-:- 6:-:-:-" },
	{ "a host by its directory", "/sys/devices/" PCI "/host6", "6:-:-:-" },
	{ "a session by its directory", "/sys/devices/" PCI "/host6/session6", "6:-:-:-" },
	{ "a host by its class", "/sys/class/scsi_host/host6", "6:-:-:-" },
	{ "where it was", "/sys/devices/pci0000:00/0000:00:06.0/host4/session4", "" },
	{ "a host after devfs", "host@6", "6:-:-:-" },
	{ "a session after devfs", "host@6/session@6", "6:-:-:-" },
	{ "a disk after devfs", "sd@3:0:0:1:sddt", "3:0:0:-" },
	{ "a function after devfs", "pci@0000:00/qla@0000:00:05.0", "3:-:-:- 4:-:-:- 6:-:-:-" },
	{ "not a name", "a b", "" },
};

static void test_places(void **state)
{
	static const uint32_t hosts[] = { 3, 4, 6 };
	struct model *m = world();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct observation o = built_host(hosts[i]);

		model_note(m, &o);
	}
	for (size_t i = 0; i < ARRAY_SIZE(place_rows); i++) {
		struct names names = { "" };

		name_find_places(m, place_rows[i].name, add_place, &names);
		if (strcmp(names.found, place_rows[i].found) != 0)
			fail_msg("%s: \"%s\"", place_rows[i].rule, names.found);
	}
	model_free(m);
}

/* A map that is gone names nothing, and its number is absent. */
static void test_map_gone(void **state)
{
	struct model *m = world();
	struct names names = { "" };
	struct observation gone = built_map_of(3, "one", NULL, 0);

	(void)state;
	gone.map.present = false;
	model_note(m, &gone);
	assert_int_equal(name_find(m, "map3", add, &names), 0);
	assert_int_equal(name_find(m, "dm-3", add, &names), 0);
	assert_int_equal(name_find(m, "one", add, &names), 2);
	model_free(m);
}

static void add_map(void *arg, uint32_t map)
{
	struct names *names = arg;
	size_t n = strlen(names->found);

	snprintf(names->found + n, sizeof names->found - n, "%s%u", n ? " " : "", map);
}

/* Two maps: 0 is map3 of LUN one, 1 is map9 whose members are no paths. */
static const struct {
	const char *rule, *name, *found;
} map_rows[] = {
	{ "by its name", "map3", "0" },
	{ "by its node", "/dev/mapper/map9", "1" },
	{ "by its number", "253:9", "1" },
	{ "by its other number", "dm-9", "1" },
	{ "by its WWID", "none", "1" },
	{ "a path is its map", "sddt", "0" },
	{ "so is its address", "5:0:0:1", "0" },
	{ "a function is the maps of its paths", PCI, "0" },
	{ "a path in no map", "two", "" },
	{ "a word that means nothing", "nonsense", "" },
	{ "not a name", "a b", "" },
};

static void test_maps(void **state)
{
	struct model *m = world();
	struct observation gone = built_map_of(9, "none", NULL, 0);
	struct names names = { "" };

	(void)state;
	built_map(m, 9, "none", NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(map_rows); i++) {
		names = (struct names){ "" };
		name_find_maps(m, map_rows[i].name, add_map, &names);
		if (strcmp(names.found, map_rows[i].found) != 0)
			fail_msg("%s: \"%s\"", map_rows[i].rule, names.found);
	}
	gone.map.present = false;
	model_note(m, &gone);
	assert_int_equal(name_find_maps(m, "map9", add_map, &names), 0);
	model_free(m);
}

/* What means a volume although nothing is called so. */
static void test_wwids(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} wwids[] = {
		{ "36001405a500100000000000000000000", true },
		{ "/dev/mapper/36001405a500100000000000000000000", true },
		{ "35000c50000000001", true },
		{ "33000c50000000001", true },
		{ "20123456789abcdef", true },
		{ "34000c50000000001", false }, /* no such naming authority */
		{ "36001405a50010000000000000000000", false },
		{ "36001405a50010000000000000000000g", false },
		{ "3", false },
		{ "2", false },
		{ "mpatha", false },
		{ "sdb", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wwids); i++)
		if (name_is_wwid(wwids[i].name) != wwids[i].is)
			fail_msg("\"%s\"", wwids[i].name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_extents),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_says),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_map_gone),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_wwids),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}

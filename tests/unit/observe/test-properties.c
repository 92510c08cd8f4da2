/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "observe/properties.h"

#include "fixture.h"

#define KERNEL "DEVNAME,DEVPATH,DEVTYPE,MAJOR,MINOR,SUBSYSTEM"

static const struct {
	const char *rule, *text;
	size_t size;
	const char *names;
} rows[] = {
	{ "what the kernel says is always there", "", 256, KERNEL },
	{ "names, not values", "E:ID_BUS=scsi\n", 256,
		"DEVNAME,DEVPATH,DEVTYPE,ID_BUS,MAJOR,MINOR,SUBSYSTEM" },
	{ "sorted", "E:Z=1\nE:A=1\n", 256, "A," KERNEL ",Z" },
	{ "each once", "E:Z=1\nE:Z=2\nE:MAJOR=8\n", 256, KERNEL ",Z" },
	{ "a name that begins another", "E:Z_B=1\nE:Z=1\nE:Z_A=1\n", 256, KERNEL ",Z,Z_A,Z_B" },
	{ "an empty value", "E:Z=\n", 256, KERNEL ",Z" },
	{ "a value with everything in it", "E:Z=a=b,E:Y=c d\n", 256, KERNEL ",Z" },
	{ "links, tags and the time become properties",
		"S:disk/by-id/x\nS:disk/by-id/y\nL:0\nI:1234\nG:systemd\nQ:systemd\nV:1\n", 256,
		"CURRENT_TAGS,DEVLINKS," KERNEL ",TAGS,USEC_INITIALIZED" },
	{ "no name", "E:=x\n", 256, KERNEL },
	{ "no value", "E:Z\n", 256, KERNEL },
	{ "no line of the database", "Z=1\n\n:\nE\nE:\n", 256, KERNEL },
	{ "a line that does not end", "E:Y=1\nE:Z=1", 256, KERNEL ",Y" },
	{ "a name with a comma, a blank, or bytes", "E:Z,A=1\nE:Z A=1\nE:Z\xc3=1\nE:Z\x01=1\n", 256,
		KERNEL },
	{ "the end is cut off between names", "E:Z=1\n", sizeof KERNEL + 1, KERNEL },
	{ "... and not before it has to be", "E:Z=1\n", sizeof KERNEL + 2, KERNEL ",Z" },
	{ "no room for any", "", 4, "" },
};

static void names_of_a_database_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char names[256];

		memset(names, 'x', sizeof names);
		properties_parse(rows[i].text, strlen(rows[i].text), names, rows[i].size);
		if (strcmp(names, rows[i].names) != 0)
			fail_msg("%s: %s", rows[i].rule, names);
	}
}

/* More than anybody has: those that are kept are right. */
static void more_names_than_there_is_room_for(void **state)
{
	char text[4096] = "", names[4096];

	(void)state;
	for (int i = 0; i < 400; i++)
		strcat(text, "E:ZZ=1\n");
	properties_parse(text, strlen(text), names, sizeof names);
	assert_string_equal(names, KERNEL ",ZZ");
}

static const struct {
	const char *rule, *text, *value;
} values[] = {
	{ "the value", "S:x\nE:ID_SERIAL=36001\nE:Z=1\n", "36001" },
	{ "there is none", "E:ID_SERIAL_SHORT=1\nE:ID_SERIA=2\nE:XID_SERIAL=3\nS:ID_SERIAL=4\n",
		"" },
	{ "an empty one", "E:ID_SERIAL=\n", "" },
	{ "the last one counts", "E:ID_SERIAL=1\nE:ID_SERIAL=2\n", "2" },
	{ "a line that does not end", "E:ID_SERIAL=1", "" },
	{ "as long as there is room", "E:ID_SERIAL=123456789012345\n", "123456789012345" },
	{ "no longer: half of it is another one", "E:ID_SERIAL=1234567890123456\n", "" },
	{ "bytes that are no text", "E:ID_SERIAL=1\x01\n", "" },
	{ "a file of one byte", "E", "" },
	{ "a line that is too short", "E:\nE:ID_SERIAL\n", "" },
};

static void the_value_of_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		char value[16] = "x";

		properties_value(
			values[i].text, strlen(values[i].text), "ID_SERIAL", value, sizeof value);
		if (strcmp(value, values[i].value) != 0)
			fail_msg("%s: %s", values[i].rule, value);
	}
}

static void the_file_of_a_device(void **state)
{
	const struct devt disk = { 8, 16 }, other = { 8, 32 };
	struct fixture f;
	char names[256] = "x", serial[32] = "x";

	(void)state;
	fixture_init(&f, "devices.txt");
	fixture_add(&f, "udev/data/b8:16: S:disk/by-id/scsi-1\nudev/data/b8:16: E:ID_SERIAL=1\n");
	assert_int_equal(
		properties_read(f.fd, &disk, names, sizeof names, serial, sizeof serial), 0);
	assert_string_equal(
		names, "DEVLINKS,DEVNAME,DEVPATH,DEVTYPE,ID_SERIAL,MAJOR,MINOR,SUBSYSTEM");
	assert_string_equal(serial, "1");
	assert_int_equal(
		properties_read(f.fd, &other, names, sizeof names, serial, sizeof serial), -ENOENT);
	assert_string_equal(names, "");
	assert_int_equal(
		properties_read(-1, &disk, names, sizeof names, serial, sizeof serial), -EBADF);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_a_database_file),
		cmocka_unit_test(more_names_than_there_is_room_for),
		cmocka_unit_test(the_value_of_one),
		cmocka_unit_test(the_file_of_a_device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

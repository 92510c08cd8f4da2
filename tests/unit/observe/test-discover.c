/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "observe/discover.h"

#include "fixture.h"

#define SESSION	 "devices/platform/host3/session1/target3:0:0/"
#define FIBRE	 "devices/pci0000:00/0000:00:03.0/host5/"
#define EXPANDER "devices/pci0000:00/0000:01:00.0/host0/port-0:0/expander-0:0/port-0:0:4/"
#define VIRTIO	 "devices/pci0000:00/0000:00:05.0/virtio2/"
#define USB	 "devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host9/target9:0:0/"
#define NONE	 TRANSPORT_NONE

static const struct {
	const char *rule, *sysfs;
	bool present;
	enum protocol protocol;
	enum transport_state transport;
	enum device_state state;
	const char *array, *dev;
} rows[] = {
	{ "iSCSI, logged in", SESSION "3:0:0:1", true, PROTOCOL_ISCSI, TRANSPORT_UP, DEVICE_RUNNING,
		"iqn.2003-01.org.example:array", "sdb" },
	{ "an enclosure is there, and no disk", SESSION "3:0:0:2", true, PROTOCOL_ISCSI,
		TRANSPORT_UP, DEVICE_RUNNING, "iqn.2003-01.org.example:array", "" },
	{ "a failed session is down; without its name the product is the array",
		"devices/platform/host4/session2/target4:0:0/4:0:0:7", true, PROTOCOL_ISCSI,
		TRANSPORT_DOWN, DEVICE_TRANSPORT_OFFLINE, "ACME:Volume", "" },
	{ "a remote port online", FIBRE "rport-5:0-2/target5:0:2/5:0:2:0", true, PROTOCOL_FCP,
		TRANSPORT_UP, DEVICE_RUNNING, "0x50060160bea01234", "" },
	{ "a remote port blocked", FIBRE "rport-5:0-3/target5:0:3/5:0:3:0", true, PROTOCOL_FCP,
		TRANSPORT_DOWN, DEVICE_BLOCKED, ":", "" },
	{ "SAS has no word for the way", EXPANDER "end_device-0:0:4/target0:0:4/0:0:4:0", true,
		PROTOCOL_SAS, NONE, DEVICE_QUIESCE, ":", "" },
	{ "virtio; a device that is being removed", VIRTIO "host2/target2:0:0/2:0:0:1", true,
		PROTOCOL_VIRTIO, NONE, DEVICE_GOING, ":", "" },
	{ "scsi_debug; no state attribute any more",
		"devices/pseudo_0/adapter0/host7/target7:0:0/7:0:0:0", true, PROTOCOL_DEBUG, NONE,
		DEVICE_GOING, ":", "" },
	{ "SRP by the class of its port",
		"devices/pci0000:00/0000:02:00.0/host8/port-8:1/target8:0:0/8:0:0:0", true,
		PROTOCOL_SRP, TRANSPORT_UP, DEVICE_OFFLINE, ":", "" },
	{ "USB", USB "9:0:0:0", true, PROTOCOL_USB, NONE, DEVICE_RUNNING, ":", "" },
	{ "ATA", "devices/pci0000:00/0000:00:17.0/ata1/host1/target1:0:0/1:0:0:0", true,
		PROTOCOL_ATA, NONE, DEVICE_RUNNING, ":", "" },
	{ "its files are gone, its directory is not: still being removed", SESSION "3:0:0:5", true,
		PROTOCOL_UNSPEC, NONE, DEVICE_GOING, "", "" },
	{ "nothing there", SESSION "3:0:0:9", false, 0, 0, 0, "", "" },
	{ "not a device", "devices/platform/host3/session1", false, 0, 0, 0, "", "" },
	{ "no way out of sysfs", "devices/../../../etc/1:0:0:0", false, 0, 0, 0, "", "" },
	{ "an address that nobody has", "6:0:0:0", false, 0, 0, 0, "", "" },
	{ "garbage", "", false, 0, 0, 0, "", "" },
};

static void a_device_is_what_its_directory_says(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, "devices.txt");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct observation o;
		const struct obs_device *d = &o.device;

		discover_one(&(struct discover){ f.fd, f.fd }, rows[i].sysfs, &o);
		if (o.kind != OBS_DEVICE || d->present != rows[i].present ||
			strcmp(d->sysfs, rows[i].sysfs) != 0 || d->protocol != rows[i].protocol ||
			d->transport != rows[i].transport || d->state != rows[i].state ||
			strcmp(d->array, rows[i].array) != 0 || strcmp(d->dev, rows[i].dev) != 0)
			fail_msg("%s: present %d %s protocol %d transport %d state %d '%s' '%s'",
				rows[i].rule, d->present, d->sysfs, (int)d->protocol,
				(int)d->transport, (int)d->state, d->array, d->dev);
	}
	fixture_done(&f);
}

static void every_field_of_a_complete_device(void **state)
{
	struct fixture f;
	struct observation o;
	const struct obs_device *d = &o.device;
	struct stat st;

	(void)state;
	fixture_init(&f, "devices.txt");
	fixture_add(&f, "udev/data/b8:16: I:7\nudev/data/b8:16: E:ID_SERIAL=36001405\n");
	discover_one(&(struct discover){ f.fd, f.fd }, SESSION "3:0:0:1", &o);
	assert_int_equal(fstatat(f.fd, SESSION "3:0:0:1", &st, 0), 0);
	assert_int_equal(d->ino, st.st_ino);
	assert_true(scsi_address_equal(&d->address, &(struct scsi_address){ 3, 0, 0, 1 }));
	assert_true(devt_equal(&d->devt, &(struct devt){ 8, 16 }));
	assert_true(devt_equal(&d->sg, &(struct devt){ 21, 1 }));
	assert_int_equal(d->size_sectors, 131072);
	assert_string_equal(d->vendor, "LIO-ORG");
	assert_string_equal(d->product, "disk1");
	assert_string_equal(d->revision, "4.0");
	assert_string_equal(d->wwid, "360014051234567"
				     "89abcdef0123456789");
	assert_string_equal(d->properties,
		"DEVNAME,DEVPATH,DEVTYPE,ID_SERIAL,MAJOR,MINOR,SUBSYSTEM,USEC_INITIALIZED");
	assert_string_equal(d->udev_serial, "36001405");
	discover_one(&(struct discover){ f.fd, -1 }, SESSION "3:0:0:1", &o);
	assert_true(d->present);
	assert_string_equal(d->properties, "");
	fixture_done(&f);
}

static void an_address_alone_finds_the_device(void **state)
{
	struct fixture f;
	struct observation o;

	(void)state;
	fixture_init(&f, "devices.txt");
	discover_one(&(struct discover){ f.fd, f.fd }, "3:0:0:1", &o);
	assert_true(o.device.present);
	assert_string_equal(o.device.sysfs, SESSION "3:0:0:1");
	fixture_done(&f);
}

static void collect(void *arg, const struct observation *o)
{
	char address[SCSI_ADDRESS_TEXT];

	assert_true(o->device.present);
	scsi_address_print(&o->device.address, address);
	strcat(strcat(arg, address), " ");
}

static void a_full_reading_mentions_the_disks_and_nothing_else(void **state)
{
	static const char *const wanted[] = { "3:0:0:1 ", "4:0:0:7 ", "5:0:2:0 ", "5:0:3:0 ",
		"0:0:4:0 ", "2:0:0:1 ", "7:0:0:0 ", "8:0:0:0 ", "9:0:0:0 ", "1:0:0:0 " };
	struct fixture f;
	char seen[512] = "";
	size_t len = 0;

	(void)state;
	fixture_init(&f, "devices.txt");
	assert_int_equal(discover_all(&(struct discover){ f.fd, f.fd }, collect, seen), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!strstr(seen, wanted[i]))
			fail_msg("%snot in %s", wanted[i], seen);
		len += strlen(wanted[i]);
	}
	assert_int_equal(strlen(seen), len);
	fixture_done(&f);
}

static void collect_host(void *arg, const struct observation *o)
{
	const struct obs_host *h = &o->host;
	char *seen = arg;
	size_t n = strlen(seen);

	assert_int_equal(o->kind, OBS_HOST);
	assert_int_not_equal(h->ino, 0);
	snprintf(seen + n, 512 - n, "%u %s %s [%s]\n", h->number, h->sysfs,
		protocol_name(h->protocol), h->sessions);
}

static void hosts_are_found_without_a_device(void **state)
{
	static const char *const wanted[] = {
		"3 devices/platform/host3 scsi:iscsi [session1]\n",
		"12 devices/platform/host12 scsi:iscsi [session7]\n",
		"2 devices/pci0000:00/0000:00:05.0/virtio2/host2 scsi:virtio []\n",
	};
	struct fixture f;
	char seen[512] = "";
	size_t len = 0;

	(void)state;
	fixture_init(&f, "devices.txt");
	assert_int_equal(discover_hosts(&(struct discover){ .sys = f.fd }, collect_host, seen), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!strstr(seen, wanted[i]))
			fail_msg("%snot in\n%s", wanted[i], seen);
		len += strlen(wanted[i]);
	}
	assert_int_equal(strlen(seen), len);
	fixture_done(&f);
}

static void no_bus_is_an_error_of_its_own(void **state)
{
	struct fixture f;
	char seen[8] = "";

	(void)state;
	fixture_init(&f, "devices.txt");
	fixture_remove(&f, "bus");
	assert_int_equal(discover_all(&(struct discover){ f.fd, f.fd }, collect, seen), -ENOENT);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_what_its_directory_says),
		cmocka_unit_test(every_field_of_a_complete_device),
		cmocka_unit_test(an_address_alone_finds_the_device),
		cmocka_unit_test(a_full_reading_mentions_the_disks_and_nothing_else),
		cmocka_unit_test(hosts_are_found_without_a_device),
		cmocka_unit_test(no_bus_is_an_error_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static struct model *m;
static struct path *p;

static int begin(void **state)
{
	(void)state;
	m = built_model("defaults {\n purge_disconnected yes\n}\n");
	p = built_path(m, 3, 1, "one");
	return 0;
}

static int end(void **state)
{
	(void)state;
	m = model_free(m);
	return 0;
}

static void note(struct observation o)
{
	if (!o.at.ms)
		o.at = m->now;
	model_note(m, &o);
}

static void put_on(enum purge_stage rung)
{
	static const enum purge_stage ladder[] = { PURGE_MARKED, PURGE_VERIFYING };

	for (size_t i = 0; i < ARRAY_SIZE(ladder) && p->purge != rung; i++)
		model_purge_enter(m, p, ladder[i], BECAUSE_DISCONNECTED);
	if (p->purge != rung)
		model_purge_enter(m, p, rung, BECAUSE_HOLDERS);
}

/* ---- devices --------------------------------------------------------------------------------- */

static void test_another_inode_is_another_device(void **state)
{
	struct observation check = built_check(m, p), device = built_device(3, 1, "one");
	path_id old = p->id;

	(void)state;
	check.checked = built_gone();
	device.device.ino++;
	note(device);
	assert_null(model_path(m, old));
	p = model_path_at(m, device.device.sysfs);
	assert_int_equal(p->id.slot, old.slot);
	assert_int_not_equal(p->id.gen, old.gen);
	note(check); /* a late answer falls on nothing */
	assert_int_equal(p->answered_at.ms, 0);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
	assert_int_equal(model_nexus(m, p)->n_paths, 1);
	assert_int_equal(m->n_paths, 1);
}

static void test_a_slot_that_was_used_has_another_generation(void **state)
{
	struct observation gone = built_device(3, 1, "one");
	path_id old = p->id;

	(void)state;
	gone.device.present = false;
	note(gone);
	assert_int_equal(m->n_paths, 0);
	p = built_path(m, 4, 1, "two");
	assert_int_equal(p->id.slot, old.slot);
	assert_null(model_path(m, old));
	assert_null(model_path(m, PATH_NONE));
	assert_null(model_path(m, (path_id){ 1u << 30, 1 }));
}

static void test_an_unreadable_wwid_is_not_another_name(void **state)
{
	(void)state;
	note(built_device(3, 1, ""));
	assert_string_equal(p->device.wwid, "one");
	note(built_device(3, 1, "two"));
	assert_string_equal(p->device.wwid, "two");
}

/* What udev knows counts when the kernel found the same, and as it was then. */
static void test_udevs_word_of_when_the_device_came(void **state)
{
	struct observation o = built_device(3, 1, "one");

	(void)state;
	TEXT_SET(o.device.udev_serial, "of the disk before");
	note(o);
	assert_string_equal(p->identity.udev, "");
	TEXT_SET(o.device.udev_serial, "one");
	note(o);
	assert_string_equal(p->identity.udev, "one");
	TEXT_SET(o.device.udev_serial, "two"); /* rescanned in place */
	TEXT_SET(o.device.wwid, "two");
	note(o);
	assert_string_equal(p->identity.udev, "one");
}

static const struct asked_row {
	const char *rule;
	enum protocol protocol;
	uint32_t type, major, sg_major;
	bool is_path, askable;
} asked_rows[] = {
	{ "a disk behind iSCSI is asked", PROTOCOL_ISCSI, 0, 8, 21, true, true },
	{ "... FC", PROTOCOL_FCP, 0, 8, 21, true, true },
	{ "... SAS", PROTOCOL_SAS, 0, 8, 21, true, true },
	{ "... SRP", PROTOCOL_SRP, 0, 8, 21, true, true },
	{ "... virtio", PROTOCOL_VIRTIO, 0, 8, 21, true, true },
	{ "... scsi_debug", PROTOCOL_DEBUG, 0, 8, 21, true, true },
	{ "USB is not", PROTOCOL_USB, 0, 8, 21, true, false },
	{ "ATA is not", PROTOCOL_ATA, 0, 8, 21, true, false },
	{ "what is not known is not", PROTOCOL_UNSPEC, 0, 8, 21, true, false },
	{ "sg alone is enough", PROTOCOL_ISCSI, 0, 0, 21, true, true },
	{ "the disk alone is enough", PROTOCOL_ISCSI, 0, 8, 0, true, true },
	{ "without a node nobody can ask", PROTOCOL_ISCSI, 0, 0, 0, true, false },
	{ "an enclosure is no path", PROTOCOL_ISCSI, 0x0d, 0, 21, false, false },
};

static void test_who_is_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked_rows); i++) {
		const struct asked_row *row = &asked_rows[i];
		struct observation o = built_device(7, (uint32_t)i, "x");

		o.device.protocol = row->protocol;
		o.device.type = row->type;
		o.device.devt.major = row->major;
		o.device.sg.major = row->sg_major;
		note(o);
		p = model_path_at(m, o.device.sysfs);
		if ((p != NULL) != row->is_path || (p && p->askable != row->askable))
			fail_msg("%s", row->rule);
	}
}

static const struct {
	const char *rule, *protocol;
	enum protocol of;
	bool askable;
} protocol_rows[] = {
	{ "a rule for a protocol", "scsi:iscsi", PROTOCOL_ISCSI, false },
	{ "... and another one", "scsi:iscsi", PROTOCOL_FCP, true },
	{ "virtio is called unspecified in files", "scsi:unspec", PROTOCOL_VIRTIO, false },
	{ "so is scsi_debug", "scsi:unspec", PROTOCOL_DEBUG, false },
	{ "iSCSI is not", "scsi:unspec", PROTOCOL_ISCSI, true },
};

static void test_protocols_have_the_names_of_multipathd(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(protocol_rows); i++) {
		struct observation o = built_device(3, 1, "one");
		char lines[64];

		snprintf(lines, sizeof lines, "blacklist {\nprotocol %s\n}\n",
			protocol_rows[i].protocol);
		model_set_config(m, built_config(lines));
		o.device.protocol = protocol_rows[i].of;
		note(o);
		if (p->askable != protocol_rows[i].askable)
			fail_msg("%s", protocol_rows[i].rule);
	}
}

/* What udev says comes later than the device, and may change: each look decides anew. */
static const struct property_row {
	const char *rule, *lines, *properties;
	bool askable;
} property_rows[] = {
	{ "udev has not looked yet", "", "", true },
	{ "udev could identify it", "", "DEVNAME,ID_SERIAL,ID_WWN", true },
	{ "udev could not", "", "DEVNAME,ID_SERIAL", false },
	{ "a rule speaks of it", "blacklist {\nproperty ID_MINE\n}\n", "ID_MINE,ID_SERIAL,ID_WWN",
		false },
	{ "an exception that comes first", "blacklist {\nproperty ID_YOURS\n}\n",
		"ID_SERIAL,ID_WWN,ID_YOURS", true },
	{ "the rule speaks of another", "blacklist {\nproperty ID_MINE\n}\n", "ID_SERIAL,ID_WWN",
		true },
};

static void test_what_udev_says_decides_who_is_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(property_rows); i++) {
		const struct property_row *row = &property_rows[i];
		struct observation o = built_device(3, 1, "one");

		model_set_config(m, built_config(row->lines));
		note(o);
		assert_true(p->askable);
		TEXT_SET(o.device.properties, row->properties);
		note(o);
		if (p->askable != row->askable)
			fail_msg("%s", row->rule);
	}
}

static void test_nodes_that_came_later_are_pinned_too(void **state)
{
	struct observation o = built_device(3, 1, "one");

	(void)state;
	put_on(PURGE_VERIFYING);
	uint64_t before = p->verify_seq;
	note(o);
	assert_int_equal(p->watch, WATCH_YES);
	assert_int_equal(p->verify_seq, before);
	o.device.sg.minor = 77;
	note(o);
	assert_int_equal(p->watch, WATCH_NO);
	assert_true(p->verify_seq > before);
}

static void test_what_a_full_reading_does_not_mention_is_gone(void **state)
{
	struct observation done = { .kind = OBS_DEVICES_END };
	struct path *other = built_path(m, 3, 2, "two");
	path_id kept = other->id;

	(void)state;
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(built_device(3, 2, "two"));
	done.action++;
	note(done); /* of a reading that was given up */
	assert_int_equal(m->n_paths, 2);
	done.action--;
	done.result = -EIO;
	note(done);
	assert_int_equal(m->n_paths, 2);
	assert_true(m->devices_lost);
	assert_false(m->devices_asked.answered);
	done.result = 0;
	note(done); /* twice the same */
	assert_int_equal(m->n_paths, 2);
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(built_device(3, 2, "two"));
	note(done);
	assert_int_equal(m->n_paths, 1);
	assert_non_null(model_path(m, kept));
	assert_true(m->devices_known);
}

/* The bus forgets a device before the kernel is done with it. */
static void test_what_is_going_is_looked_at_before_it_is_gone(void **state)
{
	struct observation done = { .kind = OBS_DEVICES_END };
	struct observation going = built_device(3, 2, "two");
	struct path *other = built_path(m, 3, 2, "two");

	(void)state;
	going.device.state = DEVICE_GOING;
	note(going);
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(built_device(3, 1, "one"));
	note(done);
	assert_int_equal(m->n_paths, 2);
	assert_int_equal(m->n_looks, 1);
	assert_string_equal(m->looks[0].sysfs, other->device.sysfs);
	going.device.present = false;
	note(going);
	assert_int_equal(m->n_paths, 1);
}

/* ... and one of which only that is known is no path. */
static void test_what_is_going_is_no_new_path(void **state)
{
	struct observation going = built_device(3, 2, "");

	(void)state;
	going.device.state = DEVICE_GOING;
	going.device.type = DEVICE_TYPE_UNKNOWN;
	note(going);
	assert_int_equal(m->n_paths, 1);
}

/* What cannot be read is there, as far as is known, and everything is read again. */
static void test_what_cannot_be_read_is_not_gone(void **state)
{
	struct observation done = { .kind = OBS_DEVICES_END }, unread = built_device(3, 1, "");
	const struct obs_device before = p->device;

	(void)state;
	unread.result = -EIO;
	unread.device.present = false;
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(unread);
	assert_true(m->devices_lost);
	assert_memory_equal(&p->device, &before, sizeof before);
	note(done);
	assert_int_equal(m->n_paths, 1);
	assert_true(m->devices_known);
}

static void test_a_reading_without_what_cannot_be_read_is_not_whole(void **state)
{
	struct observation done = { .kind = OBS_DEVICES_END }, unread = built_device(3, 2, "");

	(void)state;
	unread.result = -EIO;
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(unread); /* of which nobody knew */
	note(done);
	assert_int_equal(m->n_paths, 1); /* though it was not mentioned */
	assert_false(m->devices_known);
	assert_true(m->devices_lost);
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(done);
	assert_int_equal(m->n_paths, 0);
	assert_true(m->devices_known);
}

/* A device that was looked at after its removal, and could not be read, may be there or not. */
static void test_a_look_after_a_deed(void **state)
{
	struct observation look = built_device(3, 1, "one");

	(void)state;
	look.action = p->look_after_deed = 77;
	look.result = -EIO;
	look.action++;
	note(look); /* another question */
	assert_false(p->look_failed);
	look.action--;
	note(look);
	assert_true(p->look_failed);
	assert_false(p->present_after_deed);
	assert_int_equal(p->look_after_deed, 0);
	p->look_after_deed = 77;
	look.result = 0;
	note(look);
	assert_true(p->present_after_deed);
}

static uint64_t last_departure(uint32_t number)
{
	const struct place host = place_of_host(number);

	return departures_last(&m->departures, &host).ms;
}

/* Its number may be given to another one, on which nothing has been yet. */
static void test_a_host_that_ends_takes_its_departures_along(void **state)
{
	struct observation gone = built_device(3, 1, "one"), other = built_host(3);
	struct observation done = { .kind = OBS_DEVICES_END };

	(void)state;
	note(built_host(3));
	gone.device.present = false;
	note(gone);
	assert_int_equal(last_departure(3), m->now.ms);
	note(built_host(3));
	assert_int_equal(last_departure(3), m->now.ms);
	other.host.ino++;
	note(other);
	assert_int_equal(last_departure(3), 0);
	built_path(m, 3, 1, "one");
	note(gone);
	assert_int_equal(last_departure(3), m->now.ms);
	done.action = model_ask(m, &m->devices_asked, m->now);
	note(done); /* which did not mention it */
	assert_null(model_known_host(m, 3));
	assert_int_equal(last_departure(3), 0);
}

static void test_the_way(void **state)
{
	struct observation o = built_device(3, 1, "one");

	(void)state;
	assert_int_equal(model_nexus(m, p)->up_since.ms, BUILT_NOW_MS);
	assert_int_equal(model_up_since(m, p).ms, 0); /* it has not answered yet */
	p->up_since = (instant){ BUILT_NOW_MS + 1 };
	assert_int_equal(model_up_since(m, p).ms, BUILT_NOW_MS + 1);
	o.at.ms = BUILT_NOW_MS + 1000;
	o.device.state = DEVICE_BLOCKED;
	note(o);
	assert_int_equal(model_up_since(m, p).ms, 0);
	o.device.state = DEVICE_RUNNING;
	o.device.transport = TRANSPORT_DOWN;
	note(o);
	assert_int_equal(model_up_since(m, p).ms, 0);
	o.device.transport = TRANSPORT_UP;
	o.device.state = DEVICE_OFFLINE; /* says nothing of the way */
	note(o);
	assert_int_equal(model_up_since(m, p).ms, 0);
	o.at.ms += 1000;
	o.device.state = DEVICE_RUNNING;
	note(o);
	assert_int_equal(model_up_since(m, p).ms, BUILT_NOW_MS + 2000);
}

/* ---- hints ----------------------------------------------------------------------------------- */

static void test_attention(void **state)
{
	struct path *neighbour = built_path(m, 3, 2, "two"), *far = built_path(m, 4, 1, "one");
	struct observation o = { .kind = OBS_UEVENT, .at = { BUILT_NOW_MS + 5 } };
	uint64_t before;

	(void)state;
	p = neighbour;
	put_on(PURGE_VERIFYING);
	before = p->verify_seq;
	o.uevent.attention = ATTENTION_LUNS_CHANGED;
	TEXT_SET(o.uevent.sysfs, far->device.sysfs);
	note(o);
	assert_int_equal(p->verify_seq, before);
	TEXT_SET(o.uevent.sysfs, built_device(3, 1, "").device.sysfs);
	note(o);
	assert_true(p->verify_seq > before);
	assert_true(model_nexus(m, p)->sweep);
	assert_int_equal(model_nexus(m, p)->up_since.ms, BUILT_NOW_MS);
	o.uevent.attention = ATTENTION_RESET; /* it was away between two checks */
	note(o);
	assert_int_equal(model_nexus(m, p)->up_since.ms, BUILT_NOW_MS + 5);
	model_nexus(m, p)->up_since = (instant){ BUILT_NOW_MS };
	o.uevent.attention = ATTENTION_ACCESS_CHANGED; /* it fails over */
	note(o);
	assert_int_equal(model_nexus(m, p)->up_since.ms, BUILT_NOW_MS + 5);
	assert_int_equal(m->n_looks, 0);
}

static void test_hints_are_looked_at_once(void **state)
{
	struct observation o = { .kind = OBS_UEVENT };

	(void)state;
	TEXT_SET(o.uevent.sysfs, p->device.sysfs);
	note(o);
	note(o);
	assert_int_equal(m->n_looks, 1);
	o.uevent.sysfs[0] = '\0'; /* cut */
	note(o);
	assert_int_equal(m->n_looks, 1);
	o.uevent.dm_path_failed = true;
	o.uevent.devt = p->device.devt;
	p->check_due = INSTANT_FAR;
	note(o);
	assert_int_equal(p->check_due.ms, m->now.ms);
	o.kind = OBS_UEVENTS_LOST;
	note(o);
	assert_true(m->devices_lost && m->maps_lost);
	assert_int_equal(m->counters.uevents_lost, 1);
}

/* More than can be remembered is a full reading. */
static void test_too_many_hints(void **state)
{
	char name[64];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "devices/%d", i);
		model_add_look(m, name);
	}
	assert_true(m->devices_lost);
	assert_true(m->n_looks <= 4096);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void test_one_answer_to_one_check(void **state)
{
	struct observation o = built_check(m, p);
	uint64_t seq = p->check.seq;

	(void)state;
	o.action++;
	note(o);
	assert_int_equal(model_nexus(m, p)->n_out, 1);
	o.action--;
	note(o);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
	assert_int_equal(p->answer_seq, seq);
	note(o); /* doubled */
	assert_int_equal(model_nexus(m, p)->n_out, 0);
	assert_int_equal(m->counters.checks, 1);
}

static void test_a_check_that_was_not_sent(void **state)
{
	struct observation o = built_check(m, p);

	(void)state;
	o.result = -EBUSY;
	note(o);
	assert_int_equal(p->check_due.ms, m->now.ms + 1000);
	assert_int_equal(p->answer_seq, 0);
	assert_int_equal(p->watch, WATCH_YES);
	assert_int_equal(m->counters.checks, 0);
	o = built_check(m, p);
	o.result = -ENODEV;
	note(o);
	assert_int_equal(p->watch, WATCH_NO);
	assert_int_equal(m->n_looks, 1);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
}

static void test_hung_up(void **state)
{
	struct observation o = built_check(m, p), hung = { .kind = OBS_HUNG_UP, .path = p->id };

	(void)state;
	note(hung);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
	assert_int_equal(p->watch, WATCH_NO);
	assert_int_equal(p->watch_again.ms, m->now.ms + 1000);
	assert_int_equal(m->n_looks, 1);
	note(o); /* the answer that was on its way */
	note(hung);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
}

static void test_a_lost_keeper(void **state)
{
	struct path *far = built_path(m, 4, 1, "one");
	struct observation o = built_check(m, p), lost = { .kind = OBS_HELPER };

	(void)state;
	built_check(m, far);
	lost.helper.helper = HELPER_KEEPER;
	lost.helper.host = 3;
	note(lost); /* born */
	assert_int_equal(p->watch, WATCH_YES);
	lost.helper.event = HELPER_LOST;
	note(lost);
	assert_int_equal(p->watch, WATCH_NO);
	assert_int_equal(far->watch, WATCH_YES);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
	assert_int_equal(model_nexus(m, far)->n_out, 1);
	note(o);
	assert_int_equal(model_nexus(m, p)->n_out, 0);
	assert_int_equal(p->answer_seq, 0);
}

static void test_watched(void **state)
{
	struct observation o = { .kind = OBS_WATCHED, .path = p->id, .action = 5 };

	(void)state;
	p->watch = WATCH_ASKED;
	p->watch_action = 6;
	note(o);
	assert_int_equal(p->watch, WATCH_ASKED);
	p->watch_action = 5;
	note(o);
	assert_int_equal(p->watch, WATCH_YES);
	p->watch = WATCH_ASKED;
	p->watch_action = 5;
	o.result = -ESTALE;
	note(o);
	assert_int_equal(p->watch, WATCH_FAILED);
	assert_int_equal(m->n_looks, 1);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static void test_membership(void **state)
{
	struct path *two[2] = { p, built_path(m, 4, 1, "one") };
	struct observation o;
	uint64_t before;

	(void)state;
	put_on(PURGE_VERIFYING);
	before = p->verify_seq;
	built_map(m, 3, "one", two, 2);
	assert_int_equal(p->map, 0);
	assert_true(p->in_map_active);
	assert_true(p->verify_seq > before); /* the world moved */
	before = p->verify_seq;
	o = built_map_of(3, "one", two, 2);
	o.map.open_count = 5; /* no difference for a removal */
	note(o);
	assert_int_equal(p->verify_seq, before);
	assert_int_equal(m->maps[0].kernel.open_count, 5);
	o.map.members[0].active = false;
	note(o);
	assert_true(p->verify_seq > before);
	assert_false(p->in_map_active);
	before = p->verify_seq;
	note(built_map_of(3, "one", two + 1, 1));
	assert_int_equal(p->map, -1);
	assert_true(p->verify_seq > before);
	assert_int_equal(two[1]->map, 0);
	before = p->verify_seq;
	built_map(m, 4, "one", two, 1); /* another map took it */
	assert_int_equal(p->map, 1);
	assert_true(p->verify_seq > before);
}

static void test_a_map_of_another_identity(void **state)
{
	uint64_t before;

	(void)state;
	built_map(m, 3, "one", &p, 1);
	put_on(PURGE_VERIFYING);
	before = p->verify_seq;
	built_map(m, 3, "two", &p, 1); /* the minor was used again */
	assert_true(p->verify_seq > before);
	assert_string_equal(map_wwid(&m->maps[0]), "two");
	assert_int_equal(m->n_maps, 1);
}

static void test_what_a_reading_of_maps_does_not_mention(void **state)
{
	struct observation done = { .kind = OBS_MAPS_END };
	struct path *far = built_path(m, 4, 1, "two");

	(void)state;
	built_map(m, 3, "one", &p, 1);
	done.action = model_ask(m, &m->maps_asked, m->now);
	built_map(m, 4, "two", &far, 1);
	done.action++;
	note(done);
	assert_int_equal(m->maps_seq, 0);
	done.action--;
	done.result = -EIO;
	note(done);
	assert_true(m->maps_lost);
	assert_int_equal(m->maps_seq, 0);
	assert_int_equal(p->map, 0);
	done.action = model_ask(m, &m->maps_asked, m->now);
	done.result = 0;
	built_map(m, 4, "two", &far, 1);
	note(done);
	assert_int_equal(m->maps_seq, m->maps_asked.seq);
	assert_int_equal(p->map, -1);
	assert_int_equal(far->map, 1);
	done.action = model_ask(m, &m->maps_asked, m->now);
	done.result = -ENOENT; /* no device-mapper is an answer */
	note(done);
	assert_int_equal(far->map, -1);
	assert_int_equal(m->maps_seq, m->maps_asked.seq);
}

static void test_a_neighbour_that_goes_is_a_move(void **state)
{
	struct path *two[2] = { p, built_path(m, 4, 1, "one") };
	uint64_t before;

	(void)state;
	built_map(m, 3, "one", two, 2);
	put_on(PURGE_VERIFYING);
	before = p->verify_seq;
	model_path_remove(m, two[1]);
	assert_true(p->verify_seq > before);
}

/* ---- holders, owner -------------------------------------------------------------------------- */

static void test_holders(void **state)
{
	struct observation o = { .kind = OBS_HOLDERS, .path = p->id },
			   lost = { .kind = OBS_HELPER };

	(void)state;
	o.holders.complete = true;
	o.action = model_ask(m, &p->holders_asked, m->now) + 1;
	note(o);
	assert_int_equal(p->holders_seq, 0);
	o.action--;
	o.result = -EIO;
	note(o);
	assert_int_equal(p->holders_seq, p->holders_asked.seq);
	assert_false(p->holders.complete); /* an error is no "nobody" */
	o.action = model_ask(m, &p->holders_asked, m->now);
	lost.helper.helper = HELPER_SCANNER;
	lost.helper.event = HELPER_LOST;
	note(lost);
	assert_int_equal(p->holders_asked.action, 0);
	assert_int_equal(question_may_be_asked_at(&p->holders_asked).ms, m->now.ms + 1000);
	o.result = 0;
	note(o); /* too late */
	assert_false(p->holders.complete);
}

static void test_owner(void **state)
{
	struct observation o = { .kind = OBS_OWNER };
	uint64_t before;

	(void)state;
	put_on(PURGE_VERIFYING);
	before = p->verify_seq;
	o.action = model_ask(m, &m->owner_asked, m->now);
	o.result = -EIO;
	note(o);
	assert_false(m->owner_known); /* not asked is not "there is none" */
	o.result = 0;
	note(o); /* its question has ended */
	assert_false(m->owner_known);
	o.action = model_ask(m, &m->owner_asked, m->now);
	note(o);
	assert_true(m->owner_known);
	assert_true(p->verify_seq > before);
	before = p->verify_seq;
	o.action = model_ask(m, &m->owner_asked, m->now);
	note(o);
	assert_int_equal(p->verify_seq, before);
	o.action = model_ask(m, &m->owner_asked, m->now);
	o.owner.running = true;
	note(o);
	assert_true(p->verify_seq > before);
}

/* ---- deeds, time ----------------------------------------------------------------------------- */

static void test_done(void **state)
{
	struct observation o = { .kind = OBS_DONE, .path = p->id };
	struct host *host = model_host(m, 3);

	(void)state;
	o.action = host->deed = model_ask(m, &p->deed, m->now);
	host->stuck = true;
	o.action++;
	note(o);
	assert_true(host->deed && p->deed.action && !p->deed_ended);
	o.action--;
	model_path_remove(m, p);
	note(o); /* the device has gone; its hand ends */
	assert_int_equal(model_host(m, 3)->deed, 0);
	assert_false(model_host(m, 3)->stuck);
}

static void sleep_for(uint64_t ms)
{
	struct observation o = { .kind = OBS_TIME, .at = { BUILT_NOW_MS + 90000 } };

	o.time.slept_ms = ms;
	note(o);
}

static void test_a_short_pause_is_no_sleep(void **state)
{
	(void)state;
	p->gone_count = 2;
	put_on(PURGE_VERIFYING);
	sleep_for(5000);
	assert_int_equal(p->gone_count, 2);
	assert_int_equal(p->purge, PURGE_VERIFYING);
}

static void sleep_on(enum purge_stage rung, enum purge_stage expected)
{
	p->gone_count = 3;
	put_on(rung);
	sleep_for(5001);
	assert_int_equal(p->gone_count, 0);
	assert_int_equal(p->purge, expected);
	assert_int_equal(model_nexus(m, p)->up_since.ms, BUILT_NOW_MS + 90000);
	assert_true(m->devices_lost && m->maps_lost);
	if (expected == PURGE_MARKED)
		assert_int_equal(p->marked_at.ms, BUILT_NOW_MS + 90000);
}

static void test_sleep_verifying(void **state)
{
	(void)state;
	sleep_on(PURGE_VERIFYING, PURGE_MARKED);
}

static void test_sleep_held(void **state)
{
	(void)state;
	sleep_on(PURGE_HELD, PURGE_MARKED);
}

static void test_sleep_marked(void **state)
{
	(void)state;
	sleep_on(PURGE_MARKED, PURGE_MARKED);
}

static void test_sleep_deleting(void **state)
{
	(void)state;
	sleep_on(PURGE_DELETING, PURGE_DELETING); /* its hand looks at the clock itself */
}

static void test_a_new_configuration(void **state)
{
	uint64_t before;

	(void)state;
	assert_true(p->settings.purge_disconnected);
	put_on(PURGE_VERIFYING);
	before = p->verify_seq;
	m->owner_asked.answered = true;
	model_nexus(m, p)->up_since = INSTANT_NEVER;
	model_set_config(m, built_config("blacklist {\n devnode \"^sd\"\n}\n"));
	assert_false(p->settings.purge_disconnected);
	assert_false(p->askable);
	assert_true(p->verify_seq > before);
	assert_false(m->owner_asked.answered);
	assert_int_equal(model_nexus(m, p)->up_since.ms, 0); /* nothing was seen of the way */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_another_inode_is_another_device),
		TEST(test_a_slot_that_was_used_has_another_generation),
		TEST(test_an_unreadable_wwid_is_not_another_name),
		TEST(test_udevs_word_of_when_the_device_came),
		TEST(test_who_is_asked),
		TEST(test_protocols_have_the_names_of_multipathd),
		TEST(test_what_udev_says_decides_who_is_asked),
		TEST(test_nodes_that_came_later_are_pinned_too),
		TEST(test_what_a_full_reading_does_not_mention_is_gone),
		TEST(test_what_is_going_is_looked_at_before_it_is_gone),
		TEST(test_what_is_going_is_no_new_path),
		TEST(test_what_cannot_be_read_is_not_gone),
		TEST(test_a_reading_without_what_cannot_be_read_is_not_whole),
		TEST(test_a_look_after_a_deed),
		TEST(test_a_host_that_ends_takes_its_departures_along),
		TEST(test_the_way),
		TEST(test_attention),
		TEST(test_hints_are_looked_at_once),
		TEST(test_too_many_hints),
		TEST(test_one_answer_to_one_check),
		TEST(test_a_check_that_was_not_sent),
		TEST(test_hung_up),
		TEST(test_a_lost_keeper),
		TEST(test_watched),
		TEST(test_membership),
		TEST(test_a_map_of_another_identity),
		TEST(test_what_a_reading_of_maps_does_not_mention),
		TEST(test_a_neighbour_that_goes_is_a_move),
		TEST(test_holders),
		TEST(test_owner),
		TEST(test_done),
		TEST(test_a_short_pause_is_no_sleep),
		TEST(test_sleep_verifying),
		TEST(test_sleep_held),
		TEST(test_sleep_marked),
		TEST(test_sleep_deleting),
		TEST(test_a_new_configuration),
	};

	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}

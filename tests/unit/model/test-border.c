/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What crosses the border between thinking and doing has one text form: every field of every kind,
 * filled from a seed, printed, read and compared byte by byte.
 */
#include "built.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/action.h"
#include "model/observation.h"

enum { ROUNDS = 200 };

static uint64_t seed;

static uint64_t draw(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Zero now and then: what is zero is not printed. */
static uint64_t some(uint64_t max)
{
	static const uint64_t widths[] = { 0, 1, 8, 16, 31, 63 };
	uint64_t n = draw() >> (63 - widths[draw() % 6]);

	return draw() % 9 == 0 ? max : max == UINT64_MAX ? n : n % (max + 1);
}

static void some_text(char *to, size_t size)
{
	size_t n = draw() % size;

	for (size_t i = 0; i < n; i++)
		to[i] = (char)(1 + draw() % 255); /* any byte but the end */
}

#define U32(x)	      x = (uint32_t)some(UINT32_MAX)
#define U64(x)	      x = some(UINT64_MAX)
#define I32(x)	      x = (int32_t)(uint32_t)some(UINT32_MAX)
#define BOOL(x)	      x = draw() % 2
#define TEXT(x)	      some_text(x, sizeof x)
#define ENUM(x, last) x = (__typeof__(x))(draw() % ((last) + 1))
#define DEVT(x)                                                                                    \
	do {                                                                                       \
		U32((x).major);                                                                    \
		U32((x).minor);                                                                    \
	} while (0)

static void some_answer(struct scsi_answer *a)
{
	I32(a->error);
	a->status = (uint8_t)some(255);
	a->host_status = (uint8_t)some(255);
	a->driver_status = (uint8_t)some(255);
	a->sense_len = (uint8_t)(draw() % (SCSI_ANSWER_SENSE + 1));
	for (size_t i = 0; i < a->sense_len; i++)
		a->sense[i] = (uint8_t)some(255);
}

static void fill_device(struct obs_device *d)
{
	BOOL(d->present);
	TEXT(d->sysfs);
	U64(d->ino);
	U32(d->address.host);
	U32(d->address.channel);
	U32(d->address.target);
	U64(d->address.lun);
	U32(d->type);
	ENUM(d->protocol, PROTOCOL_ATA);
	ENUM(d->state, DEVICE_GOING);
	ENUM(d->transport, TRANSPORT_DOWN);
	DEVT(d->devt);
	DEVT(d->sg);
	TEXT(d->dev);
	TEXT(d->vendor);
	TEXT(d->product);
	TEXT(d->revision);
	TEXT(d->wwid);
	TEXT(d->udev_serial);
	TEXT(d->array);
	U64(d->size_sectors);
}

static void fill_host(struct obs_host *h)
{
	U32(h->number);
	TEXT(h->sysfs);
	U64(h->ino);
	ENUM(h->protocol, PROTOCOL_ATA);
	TEXT(h->sessions);
}

static void fill_uevent(struct obs_uevent *u)
{
	ENUM(u->action, UEVENT_OTHER);
	ENUM(u->attention, ATTENTION_OTHER);
	TEXT(u->sysfs);
	BOOL(u->scsi_device);
	BOOL(u->dm_path_failed);
	DEVT(u->devt);
	U64(u->sequence);
}

static void fill_checked(struct obs_checked *c)
{
	ENUM(c->state, DEVICE_GOING);
	ENUM(c->transport, TRANSPORT_DOWN);
	BOOL(c->asked);
	BOOL(c->inquired);
	some_answer(&c->tur);
	some_answer(&c->inquiry);
	c->inquiry_len = (uint8_t)(draw() % (MAX_INQUIRY + 1));
	for (size_t i = 0; i < c->inquiry_len; i++)
		c->inquiry_data[i] = (uint8_t)some(255);
	U32(c->took_ms);
	ENUM(c->sought, LUN_NOT_LISTED);
	BOOL(c->identified);
	c->identity_len = (uint16_t)(draw() % (MAX_IDENTITY + 1));
	for (size_t i = 0; i < c->identity_len; i++)
		c->identity_data[i] = (uint8_t)some(255);
}

static void fill_holders(struct obs_holders *h)
{
	uint32_t listed = (uint32_t)(draw() % (MAX_HOLDS + 1));

	BOOL(h->complete);
	h->n_holds = listed < MAX_HOLDS ? listed : (uint32_t)(MAX_HOLDS + draw() % 1000);
	for (uint32_t i = 0; i < listed; i++) {
		ENUM(h->holds[i].kind, HOLD_CLAIM);
		U32(h->holds[i].pid);
		BOOL(h->holds[i].critical);
		BOOL(h->holds[i].udev);
		BOOL(h->holds[i].partition);
		TEXT(h->holds[i].what);
		TEXT(h->holds[i].comm);
	}
}

static void fill_map(struct obs_map *m)
{
	BOOL(m->present);
	DEVT(m->devt);
	TEXT(m->name);
	TEXT(m->uuid);
	U32(m->open_count);
	BOOL(m->queues);
	BOOL(m->suspended);
	BOOL(m->read_only);
	U64(m->size_sectors);
	TEXT(m->features);
	TEXT(m->handler);
	TEXT(m->selector);
	TEXT(m->groups);
	m->n_members = (uint32_t)(draw() % (MAX_MEMBERS + 1));
	for (uint32_t i = 0; i < m->n_members; i++) {
		DEVT(m->members[i].devt);
		BOOL(m->members[i].active);
		m->members[i].group = (uint16_t)some(65535);
		U32(m->members[i].failures);
	}
}

static void fill_done(struct obs_done *d)
{
	BOOL(d->written);
	BOOL(d->asked);
	d->stage = (uint8_t)some(255);
	some_answer(&d->tur);
	some_answer(&d->inquiry);
	U64(d->sectors);
}

static void fill_request(struct obs_request *r)
{
	U64(r->request);
	ENUM(r->verb, VERB_DETACH);
	TEXT(r->below);
	U32(r->flags);
	U64(r->timeout_ms);
	U32(r->paths);
	TEXT(r->requester);
}

static void fill_gap(struct obs_gap *gap)
{
	U32(gap->address.host);
	U32(gap->address.channel);
	U32(gap->address.target);
	U64(gap->address.lun);
	U64(gap->ino);
	U64(gap->youngest);
	BOOL(gap->everywhere);
	TEXT(gap->wwid);
	U64(gap->since.ms);
	U64(gap->until.ms);
	TEXT(gap->requester);
}

static void fill_word(struct obs_detaching *word)
{
	U64(word->number);
	TEXT(word->wwid);
	TEXT(word->sysfs);
	U64(word->ino);
	TEXT(word->name);
	TEXT(word->requester);
}

static void fill_taken(struct obs_taken *taken)
{
	U64(taken->word);
	DEVT(taken->devt);
	TEXT(taken->name);
	TEXT(taken->uuid);
	BOOL(taken->read_only);
	U64(taken->sectors);
	TEXT(taken->type);
	TEXT(taken->params);
}

static void fill_observation(struct observation *o)
{
	I32(o->result);
	U64(o->at.ms);
	U32(o->path.slot);
	U32(o->path.gen);
	U64(o->action);
	switch (o->kind) {
	case OBS_TIME: U64(o->time.slept_ms); return;
	case OBS_DEVICE: fill_device(&o->device); return;
	case OBS_HOST: fill_host(&o->host); return;
	case OBS_UEVENT: fill_uevent(&o->uevent); return;
	case OBS_CHECKED: fill_checked(&o->checked); return;
	case OBS_HOLDERS: fill_holders(&o->holders); return;
	case OBS_MAP: fill_map(&o->map); return;
	case OBS_OWNER:
		BOOL(o->owner.running);
		U32(o->owner.pid);
		BOOL(o->owner.knows_purge);
		BOOL(o->owner.purges);
		TEXT(o->owner.rules);
		return;
	case OBS_HAND:
		U32(o->hand.pid);
		U32(o->hand.host);
		return;
	case OBS_DONE: fill_done(&o->done); return;
	case OBS_HELPER:
		ENUM(o->helper.helper, HELPER_HAND);
		ENUM(o->helper.event, HELPER_LOST);
		U32(o->helper.host);
		U32(o->helper.pid);
		return;
	case OBS_REQUEST: fill_request(&o->request); return;
	case OBS_FENCED:
		U64(o->fenced.ino);
		TEXT(o->fenced.sysfs);
		TEXT(o->fenced.found);
		return;
	case OBS_KEPT_OUT: fill_gap(&o->gap); return;
	case OBS_DETACHING: fill_word(&o->detaching); return;
	case OBS_TAKEN: fill_taken(&o->taken); return;
	case OBS_DEVICES_END:
	case OBS_UEVENTS_LOST:
	case OBS_WATCHED:
	case OBS_HUNG_UP:
	case OBS_MAPS_END:
	case OBS_PRESSURE:
	case OBSERVATION_KINDS: return;
	}
}

static void fill_fence(struct act_fence *fence)
{
	U32(fence->host);
	U32(fence->deadline_ms);
	U64(fence->ino);
	TEXT(fence->sysfs);
	TEXT(fence->found);
}

static void fill_scan(struct act_scan *scan)
{
	U32(scan->place.host);
	U32(scan->place.channel);
	U32(scan->place.target);
	U64(scan->place.lun);
	TEXT(scan->sysfs);
	U64(scan->ino);
}

static void fill_watch(struct act_watch *watch)
{
	TEXT(watch->sysfs);
	U64(watch->ino);
	U32(watch->host);
	DEVT(watch->devt);
	DEVT(watch->sg);
}

static void fill_make(struct act_make *make)
{
	U64(make->word);
	TEXT(make->uuid);
	U32(make->deadline_ms);
	make->n_members = (uint32_t)(draw() % (MAX_MEMBERS + 1));
	for (uint32_t i = 0; i < make->n_members; i++) {
		DEVT(make->members[i].devt);
		U64(make->members[i].ino);
	}
}

static void fill_action(struct action *a)
{
	U64(a->id);
	U32(a->path.slot);
	U32(a->path.gen);
	switch (a->kind) {
	case ACT_LOOK: TEXT(a->look.sysfs); return;
	case ACT_WATCH: fill_watch(&a->watch); return;
	case ACT_REREAD:
		fill_watch(&a->reread.device);
		TEXT(a->reread.wwid);
		return;
	case ACT_CHECK:
		U32(a->check.host);
		BOOL(a->check.ask_inquiry);
		BOOL(a->check.ask_identity);
		BOOL(a->check.only_look);
		U32(a->check.timeout_ms);
		BOOL(a->check.seek);
		U64(a->check.lun);
		return;
	case ACT_KEEP_OUT:
	case ACT_LET_IN:
		fill_gap(&a->gap.gap);
		TEXT(a->gap.sysfs);
		return;
	case ACT_FIND_HOLDERS:
		DEVT(a->holders.devt);
		DEVT(a->holders.map);
		TEXT(a->holders.dev);
		U32(a->holders.deadline_ms);
		return;
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_RESIZE_MAP:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
		DEVT(a->map.map);
		DEVT(a->map.member);
		TEXT(a->map.name);
		TEXT(a->map.uuid);
		BOOL(a->map.owned);
		U64(a->map.sectors);
		U64(a->map.word);
		TEXT(a->map.dev);
		U64(a->map.ino);
		return;
	case ACT_MAKE_MAP: fill_make(&a->make); return;
	case ACT_FENCE: fill_fence(&a->fence); return;
	case ACT_DELETE:
		U32(a->del.host);
		BOOL(a->del.claim);
		BOOL(a->del.by_qualifier);
		BOOL(a->del.fenced);
		BOOL(a->del.detached);
		DEVT(a->del.devt);
		U32(a->del.deadline_ms);
		return;
	case ACT_SCAN: fill_scan(&a->scan); return;
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT: fill_word(&a->word); return;
	case ACT_READ_DEVICES:
	case ACT_ASK_OWNER:
	case ACT_FORGET:
	case ACT_READ_MAPS:
	case ACTION_KINDS: return;
	}
}

static void test_observations(void **state)
{
	static struct observation o, back;

	(void)state;
	for (int round = 0; round < ROUNDS * OBSERVATION_KINDS; round++) {
		struct text t = TEXT_INIT;

		seed = (uint64_t)round;
		memset(&o, 0, sizeof o);
		memset(&back, 0xff, sizeof back);
		o.kind = (enum observation_kind)(round % OBSERVATION_KINDS);
		fill_observation(&o);
		observation_print(&o, &t);
		if (observation_parse(text_str(&t), &back) < 0)
			fail_msg("not read back: %s", text_str(&t));
		if (memcmp(&o, &back, observation_size(&o)) != 0)
			fail_msg("another: %s", text_str(&t));
		assert_null(strchr(text_str(&t), '\n'));
		text_done(&t);
	}
}

static void test_actions(void **state)
{
	static struct action a, back;

	(void)state;
	for (int round = 0; round < ROUNDS * ACTION_KINDS; round++) {
		struct text t = TEXT_INIT;

		seed = 1000000u + (uint64_t)round;
		memset(&a, 0, sizeof a);
		memset(&back, 0xff, sizeof back);
		a.kind = (enum action_kind)(round % ACTION_KINDS);
		fill_action(&a);
		action_print(&a, &t);
		if (action_parse(text_str(&t), &back) < 0)
			fail_msg("not read back: %s", text_str(&t));
		if (memcmp(&a, &back, action_size(&a)) != 0)
			fail_msg("another: %s", text_str(&t));
		text_done(&t);
	}
}

static const char *const refused[] = {
	"",
	"nothing",
	"checked path",
	"checked nothing=1",
	"checked path.slot=x",
	"checked path.slot=-1",
	"checked path.slot=4294967296",
	"checked state=sleeping",
	"checked asked=1",
	"checked tur.sense=7",
	"holders hold.16.pid=1",
	"holders hold.x.pid=1",
	"map member.128.major=1",
	"time result=2147483648",
	"time result=-2147483649",
	"device revision=123456789",
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct observation o = { .result = 77 };

		if (observation_parse(refused[i], &o) != -EINVAL)
			fail_msg("taken: %s", refused[i]);
		assert_int_equal(o.result, 77);
	}
	assert_int_equal(action_parse("delete devt.major=x", &(struct action){ 0 }), -EINVAL);
}

static void test_sizes(void **state)
{
	(void)state;
	for (int i = 0; i < OBSERVATION_KINDS; i++) {
		const struct observation o = { .kind = (enum observation_kind)i };

		assert_in_range(observation_size(&o), offsetof(struct observation, time), sizeof o);
		assert_string_not_equal(observation_name(o.kind), "?");
	}
	for (int i = 0; i < ACTION_KINDS; i++) {
		const struct action a = { .kind = (enum action_kind)i };

		assert_in_range(action_size(&a), offsetof(struct action, look), sizeof a);
		assert_string_not_equal(action_name(a.kind), "?");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observations),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests_name("border", tests, NULL, NULL);
}

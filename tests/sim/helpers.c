/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Behind the port: what the helpers make of an action, in virtual time. A single helper answers in
 * the order in which it was asked; a keeper's checks overtake each other.
 */
#include "sim.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

/* ---- handles --------------------------------------------------------------------------------- */

struct handle *helpers_handle(struct sim *s, path_id id)
{
	struct handle *h = &s->handles[id.slot % HANDLES];

	return id.gen && path_id_equal(h->id, id) ? h : NULL;
}

static void watch(struct sim *s, const struct event *e)
{
	const struct act_watch *w = &e->action.watch;
	struct handle *h = &s->handles[e->action.path.slot % HANDLES];
	struct observation o = {
		.kind = OBS_WATCHED, .path = e->action.path, .action = e->action.id
	};
	uint32_t host, lun;

	if (!world_at(w->sysfs, &host, &lun))
		sim_fail(s, "watched is no device: %s", w->sysfs);
	if (e->order < s->forgotten[e->action.path.slot % HANDLES])
		return; /* opened and closed again: a keeper does one thing after the other */
	if (h->id.gen && !path_id_equal(h->id, e->action.path))
		sim_fail(s, "P6: the handles of %u:0:0:%u were never given back", h->host, h->lun);
	if (s->devices[host][lun].ino != w->ino || s->devices[host][lun].going)
		o.result = -ESTALE;
	else if (!s->peace && sim_chance(s, 20))
		o.result = -EAGAIN;
	else if (!h->id.gen)
		*h = (struct handle){
			.id = e->action.path,
			.host = host,
			.lun = lun,
			.ino = w->ino,
			.asked_at = s->now,
		};
	sim_feed(s, &o);
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* Another one may stand at its address by now. */
static bool is_there(const struct sim *s, const struct handle *h)
{
	return s->devices[h->host][h->lun].ino == h->ino;
}

static void tell_checked(struct sim *s, struct handle *h, const struct observation *o)
{
	h->check = 0;
	h->asked_at = s->now;
	if (is_there(s, h))
		oracle_told(s, h->host, h->lun, o);
	sim_feed(s, o);
}

static void check(struct sim *s, const struct event *e)
{
	struct handle *h = helpers_handle(s, e->action.path);
	struct observation o = {
		.kind = OBS_CHECKED, .path = e->action.path, .action = e->action.id
	};
	struct event *late;
	uint64_t order;
	instant when;

	if (e->state == DEVICE_UNKNOWN) { /* it was not watched */
		o.result = -ENODEV;
		sim_feed(s, &o);
		return;
	}
	if (!h || h->check != e->action.id)
		return; /* closed under the command: nobody answers it */
	if (instant_before(s->now, s->nexuses[h->host].tags_out_until)) {
		late = sim_push(s, EVENT_ANSWER, s->nexuses[h->host].tags_out_until);
		when = late->at;
		order = late->order;
		*late = *e;
		late->at = when;
		late->order = order;
		return;
	}
	o.checked.state = e->state;
	o.checked.transport = e->transport;
	if (e->state == DEVICE_RUNNING && !e->action.check.only_look)
		world_ask(s, h->host, h->lun, h->ino, e->action.check.ask_inquiry,
			e->action.check.ask_identity, &o.checked);
	if (e->action.check.seek && o.checked.asked)
		o.checked.sought = gaps_list(s, h->host, e->action.check.lun);
	if (o.checked.identified)
		s->asked[h->host][h->lun] = world_identity(s, h->host, h->lun, &o.checked);
	if (s->peace || !sim_chance(s, 40)) {
		tell_checked(s, h, &o);
		return;
	}
	late = sim_push(s, EVENT_SAY, sim_in(s, 100, sim_chance(s, 300) ? 20000 : 2000));
	late->helper = HELPER_KEEPER;
	late->epoch = e->epoch;
	late->daemon = e->daemon;
	late->host = h->host;
	late->lun = h->lun;
	late->said = malloc(sizeof o);
	*late->said = o;
}

/* ---- questions ------------------------------------------------------------------------------- */

static void say_later(struct sim *s, const struct event *e, const struct observation *o)
{
	struct event *later = sim_push(s, EVENT_SAY, sim_in(s, 0, 5));

	later->helper = e->helper;
	later->epoch = e->epoch;
	later->daemon = e->daemon;
	later->host = e->host;
	later->said = malloc(sizeof *o);
	*later->said = *o;
}

static void read_devices(struct sim *s, const struct event *e)
{
	struct observation end = { .kind = OBS_DEVICES_END, .action = e->action.id }, o;

	if (!s->peace && sim_chance(s, 30)) {
		end.result = -EIO;
		say_later(s, e, &end);
		return;
	}
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			world_describe(s, h, l, &o);
			if (!o.device.present ||
				(o.device.state == DEVICE_GOING && sim_chance(s, 700)))
				continue; /* the bus forgets it before it is gone */
			oracle_told(s, h, l, &o);
			sim_feed(s, &o);
		}
	for (uint32_t h = 0; h < HOSTS; h++) {
		world_describe_host(h, &o);
		sim_feed(s, &o);
	}
	say_later(s, e, &end);
}

static void look(struct sim *s, const struct event *e)
{
	struct observation o;
	uint32_t h, l;

	if (!world_at(e->action.look.sysfs, &h, &l)) { /* a name that was cut */
		o = (struct observation){ .kind = OBS_DEVICE, .action = e->action.id };
		memcpy(o.device.sysfs, e->action.look.sysfs, MAX_SYSFS);
		sim_feed(s, &o);
		return;
	}
	world_describe(s, h, l, &o);
	o.action = e->action.id;
	oracle_told(s, h, l, &o);
	sim_feed(s, &o);
}

static void read_maps(struct sim *s, const struct event *e)
{
	struct observation end = { .kind = OBS_MAPS_END, .action = e->action.id }, o;

	s->dm_watches = true;
	if (!s->peace && sim_chance(s, 30))
		end.result = -EIO;
	for (uint32_t i = 0; i < MAPS && end.result == 0; i++) {
		if (!s->maps[i].exists)
			continue;
		world_describe_map(s, i, &o);
		o.action = e->action.id;
		sim_feed(s, &o);
	}
	say_later(s, e, &end);
}

static void add_hold(struct obs_holders *to, enum hold_kind kind, bool critical, bool udev)
{
	struct hold *hold = &to->holds[to->n_holds++];

	hold->kind = kind;
	hold->critical = critical;
	hold->udev = udev;
	hold->pid = 99;
	TEXT_SET(hold->what, "/simulated");
}

static void find_holders(struct sim *s, const struct event *e)
{
	struct observation o = {
		.kind = OBS_HOLDERS, .path = e->action.path, .action = e->action.id
	};
	uint32_t minor = e->action.holders.devt.minor;

	o.holders.complete = s->peace || !sim_chance(s, 20);
	if (!s->peace && sim_chance(s, 10))
		o.result = -EIO;
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			const struct device *d = &s->devices[h][l];

			if (!d->ino || d->minor != minor)
				continue;
			if (d->mounted)
				add_hold(&o.holders, HOLD_MOUNT, d->critical, false);
			if (instant_is_set(d->opened_at))
				add_hold(&o.holders, HOLD_OPEN, false, false);
			if (instant_before(s->now, d->udev_until))
				add_hold(&o.holders, HOLD_OPEN, false, true);
		}
	for (uint32_t i = 0; i < MAPS; i++)
		if (s->maps[i].exists && s->maps[i].minor == e->action.holders.map.minor &&
			e->action.holders.map.major == DM_MAJOR && s->maps[i].mounted)
			add_hold(&o.holders, HOLD_MOUNT, false, false);
	if (!o.holders.complete || o.result < 0) /* what it had found by then */
		o.holders.n_holds = sim_below(s, o.holders.n_holds + 1);
	sim_feed(s, &o);
}

static void ask_owner(struct sim *s, const struct event *e)
{
	struct observation o = {
		.kind = OBS_OWNER, .action = e->action.id, .owner = s->owner.said
	};

	if (!s->peace && sim_chance(s, 30))
		o = (struct observation){
			.kind = OBS_OWNER, .action = e->action.id, .result = -EIO
		};
	else
		s->told_owner = s->owner;
	if (o.owner.running)
		taken_excuse(s);
	sim_feed(s, &o);
}

/* ---- dm hands -------------------------------------------------------------------------------- */

/* A table is refused for one of its devices that is too small. */
static int resize(struct sim *s, struct map_truth *m, uint64_t sectors)
{
	if (sectors > world_volume_sectors(s, m->volume))
		sim_fail(s, "map%u is to be longer than vol%u", m->minor, m->volume);
	if (sectors < m->sectors)
		sim_fail(s, "map%u is to be shorter", m->minor);
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		const struct device *d = &s->devices[i / LUNS][i % LUNS];

		if (d->ino && world_map_of(s, d) == m - s->maps && d->sectors < sectors)
			return -EINVAL;
	}
	m->sectors = sectors;
	s->counts.resized++;
	world_map_changed(s, (uint32_t)(m - s->maps));
	return 0;
}

static int do_map(struct sim *s, const struct act_map *wanted, enum action_kind kind)
{
	bool remove = kind == ACT_REMOVE_MAP;
	struct map_truth *m = NULL;

	for (uint32_t i = 0; i < MAPS; i++)
		if (s->maps[i].exists && s->maps[i].minor == wanted->map.minor)
			m = &s->maps[i];
	if (!m)
		return remove ? 0 : -ENXIO;
	if (remove) {
		if (wanted->word && !wanted->owned)
			taken_keep(s, wanted->word, m);
		if (m->mounted)
			return -EBUSY;
		m->exists = false;
		if (wanted->word && !s->peace && sim_chance(s, 200))
			taken_disturb(s, m);
		s->counts.maps_removed++;
		world_map_changed(s, (uint32_t)(m - s->maps));
		return 0;
	}
	if (kind == ACT_RESIZE_MAP)
		return resize(s, m, wanted->sectors);
	for (uint32_t i = 0; i < m->n_members; i++)
		if (m->members[i].minor == wanted->member.minor) {
			m->members[i].active = false;
			world_map_changed(s, (uint32_t)(m - s->maps));
			return 0;
		}
	return -EINVAL;
}

static struct device *device_of(struct sim *s, const struct act_map *wanted)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		struct device *d = &s->devices[i / LUNS][i % LUNS];

		if (d->ino && d->ino == wanted->ino && !d->going)
			return d;
	}
	return NULL;
}

/* As a hand looks, in the kernel. */
static bool is_carried(const struct sim *s, const struct act_map *wanted)
{
	bool others = false, meant = false;

	for (uint32_t i = 0; i < MAPS; i++) {
		const struct map_truth *m = &s->maps[i];

		if (!m->exists || !m->mounted || m->minor != wanted->map.minor)
			continue;
		for (uint32_t j = 0; j < m->n_members; j++) {
			bool is_it = m->members[j].minor == wanted->member.minor;

			meant |= is_it;
			others |= !is_it && m->members[j].active;
		}
	}
	return !wanted->carried || !meant || others;
}

static bool is_late(const struct sim *s, const struct act_map *wanted)
{
	return wanted->deadline_ms && s->now.ms - wanted->boot_ms > wanted->deadline_ms;
}

static int take_path(struct sim *s, const struct act_map *wanted)
{
	struct device *d = device_of(s, wanted);
	int map = d ? world_map_of(s, d) : -1;

	if (!d)
		return -ENODEV;
	if (!s->owner.said.running)
		return -ESRCH;
	if (map >= 0 && s->maps[map].minor == wanted->map.minor) {
		oracle_take(s, (uint32_t)(d - &s->devices[0][0]) / LUNS,
			(uint32_t)(d - &s->devices[0][0]) % LUNS, (instant){ wanted->boot_ms });
		maps_take(s, d);
	}
	return 0;
}

static int give_path(struct sim *s, const struct act_map *wanted)
{
	struct device *d = device_of(s, wanted);

	if (!d)
		return -ENODEV;
	if (wanted->owned != s->owner.said.running)
		return -ESRCH;
	maps_give(s, d, wanted->owned);
	return 0;
}

static void clerk(struct sim *s, const struct event *e)
{
	struct observation o = { .kind = OBS_DONE, .path = e->action.path, .action = e->action.id };
	const struct obs_detaching *word = &e->action.word;

	o.done.stage = STAGE_WRITE;
	if (!s->peace && sim_chance(s, 50))
		o.result = sim_chance(s, 500) ? -EIO : -EPIPE;
	if (o.result != -EIO && e->action.kind == ACT_WRITE_DOWN)
		o.result = records_keep(s, word) ? o.result : -ENOSPC;
	else if (o.result != -EIO) {
		taken_strike(s, word->number);
		records_strike(s, word->number);
	}
	sim_feed(s, &o);
}

static void dm_hand(struct sim *s, const struct event *e)
{
	struct observation o = { .kind = OBS_DONE, .path = e->action.path, .action = e->action.id };

	if (!s->peace && sim_chance(s, 50))
		o.result = sim_chance(s, 500) ? -EIO : -EPIPE; /* refused, or lost */
	else if (is_late(s, &e->action.map))
		o.result = -EAGAIN;
	else if (!is_carried(s, &e->action.map))
		o.result = -EBUSY;
	else
		o.result = e->action.kind == ACT_TAKE_PATH ? take_path(s, &e->action.map)
			   : e->action.kind == ACT_GIVE_PATH
				   ? give_path(s, &e->action.map)
				   : do_map(s, &e->action.map, e->action.kind);
	o.done.stage = o.result == -EPIPE ? STAGE_NONE : STAGE_WRITE;
	sim_feed(s, &o);
}

static void make_map(struct sim *s, const struct event *e)
{
	struct observation o = { .kind = OBS_DONE, .action = e->action.id };

	o.done.stage = STAGE_WRITE;
	o.result = !s->peace && sim_chance(s, 50) ? -EIO : taken_make(s, &e->action.make);
	if (!s->peace && sim_chance(s, 50))
		o.result = -EPIPE;
	taken_ended(s, &e->action.make, o.result);
	sim_feed(s, &o);
}

/* ---- the port -------------------------------------------------------------------------------- */

/* Single helpers take one thing after the other. */
static instant when_answered(struct sim *s, enum helper_kind helper)
{
	instant from = s->now, when;

	if (helper != HELPER_KEEPER && helper != HELPER_DM_HAND &&
		instant_before(from, s->busy_until[helper]))
		from = s->busy_until[helper];
	when = instant_add_ms(from, 1 + sim_below(s, 12));
	if (helper == HELPER_DM_HAND && !s->peace && sim_chance(s, 50))
		when = instant_add_ms(when, sim_below(s, 40000));
	else if (!s->peace && sim_chance(s, 20))
		when = instant_add_ms(when, sim_below(s, 3000));
	s->busy_until[helper] = when;
	return when;
}

static enum helper_kind helper_of(enum action_kind kind)
{
	switch (kind) {
	case ACT_READ_DEVICES:
	case ACT_LOOK: return HELPER_SCOUT;
	case ACT_ASK_OWNER: return HELPER_OWNER;
	case ACT_WATCH:
	case ACT_FORGET:
	case ACT_CHECK: return HELPER_KEEPER;
	case ACT_FIND_HOLDERS: return HELPER_SCANNER;
	case ACT_READ_MAPS: return HELPER_DM;
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_RESIZE_MAP: return HELPER_DM_HAND;
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACT_KEEP_OUT:
	case ACT_LET_IN: return HELPER_CLERK;
	case ACT_SCAN:
	case ACT_REREAD:
	case ACT_DELETE:
	case ACT_FENCE:
	case ACTION_KINDS: break;
	}
	return HELPER_HAND;
}

static void begin_check(struct sim *s, struct event *e)
{
	struct handle *h = helpers_handle(s, e->action.path);

	e->state = DEVICE_UNKNOWN;
	if (!h)
		return;
	if (h->check)
		sim_fail(s, "two checks of %u:0:0:%u at once", h->host, h->lun);
	if (hands_of_path(s, e->action.path))
		sim_fail(s, "a check of %u:0:0:%u while its hand is out", h->host, h->lun);
	if (!e->action.check.only_look && s->devices[h->host][h->lun].fenced_told == s->daemon)
		sim_fail(s, "P7: a question to %u:0:0:%u, which is fenced", h->host, h->lun);
	h->check = e->action.id;
	e->state = is_there(s, h) ? world_state(s, h->host, h->lun) : DEVICE_GOING;
	e->transport = world_transport(s, h->host);
}

/* A keeper closes them at once, and says so a little later. */
static void answer_forget(struct sim *s, const struct action *a, const struct handle *h)
{
	struct observation o = { .kind = OBS_WATCHED, .path = a->path, .action = a->id };
	struct event e = { .helper = HELPER_KEEPER, .host = h ? h->host : 0, .daemon = s->daemon };

	oracle_given_back(s, a);
	s->counts.cleaned++;
	e.epoch = s->epochs[HELPER_KEEPER][e.host];
	say_later(s, &e, &o);
}

void helpers_act(void *arg, const struct action *a)
{
	struct sim *s = arg;
	enum helper_kind helper = helper_of(a->kind);
	struct event *e;

	oracle_action(s, a);
	if (a->kind == ACT_FORGET) {
		struct handle *h = helpers_handle(s, a->path);

		s->forgotten[a->path.slot % HANDLES] = s->last_order + 1;
		if (a->id)
			answer_forget(s, a, h);
		if (h)
			*h = (struct handle){ 0 };
		return;
	}
	if (a->kind == ACT_WATCH)
		oracle_watched(s, a);
	if (a->kind == ACT_MAKE_MAP)
		taken_sent(s, &a->make);
	if (a->kind == ACT_DELETE || a->kind == ACT_FENCE) {
		hands_begin(s, a);
		return;
	}
	if (a->kind == ACT_SCAN || a->kind == ACT_REREAD) {
		hands_begin_scan(s, a);
		return;
	}
	e = sim_push(s, EVENT_ANSWER, when_answered(s, helper));
	e->action = *a;
	if (a->kind == ACT_MAKE_MAP)
		e->action.make.boot_ms = s->now.ms;
	else if (helper == HELPER_DM_HAND)
		e->action.map.boot_ms = s->now.ms;
	e->helper = helper;
	e->host = a->kind == ACT_WATCH ? a->watch.host : a->kind == ACT_CHECK ? a->check.host : 0;
	e->epoch = s->epochs[helper][e->host];
	e->daemon = s->daemon;
	if (a->kind == ACT_CHECK)
		begin_check(s, e);
}

static bool is_void(const struct sim *s, const struct event *e)
{
	return e->daemon != s->daemon || e->epoch != s->epochs[e->helper][e->host];
}

void helpers_answer(struct sim *s, const struct event *e)
{
	if (is_void(s, e))
		return;
	switch (e->action.kind) {
	case ACT_READ_DEVICES: read_devices(s, e); return;
	case ACT_LOOK: look(s, e); return;
	case ACT_ASK_OWNER: ask_owner(s, e); return;
	case ACT_WATCH: watch(s, e); return;
	case ACT_CHECK: check(s, e); return;
	case ACT_FIND_HOLDERS: find_holders(s, e); return;
	case ACT_READ_MAPS: read_maps(s, e); return;
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_RESIZE_MAP: dm_hand(s, e); return;
	case ACT_MAKE_MAP: make_map(s, e); return;
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT: clerk(s, e); return;
	case ACT_KEEP_OUT:
	case ACT_LET_IN: gaps_clerk(s, e); return;
	case ACT_FORGET:
	case ACT_DELETE:
	case ACT_FENCE:
	case ACT_SCAN:
	case ACT_REREAD:
	case ACTION_KINDS: return;
	}
}

/* What was put into words before: a late answer, a uevent, news of a map. */
void helpers_say(struct sim *s, const struct event *e)
{
	struct observation o;

	if (e->kind == EVENT_MAP) {
		if (is_void(s, e))
			return;
		world_describe_map(s, e->index, &o);
		sim_feed(s, &o);
		return;
	}
	if (is_void(s, e))
		return;
	if (e->said->kind == OBS_CHECKED) {
		struct handle *h = helpers_handle(s, e->said->path);

		if (!h || h->check != e->said->action)
			return;
		tell_checked(s, h, e->said);
		return;
	}
	sim_feed(s, e->said);
}

/* ---- losses ---------------------------------------------------------------------------------- */

void helpers_lose(struct sim *s, enum helper_kind helper, uint32_t host)
{
	struct observation o = { .kind = OBS_HELPER };

	s->epochs[helper][host]++;
	s->busy_until[helper] = s->now;
	o.helper.helper = helper;
	o.helper.event = HELPER_LOST;
	o.helper.host = host;
	if (helper == HELPER_DM)
		s->dm_watches = false;
	for (uint32_t i = 0; helper == HELPER_KEEPER && i < HANDLES; i++)
		if (s->handles[i].id.gen && s->handles[i].host == host)
			s->handles[i] = (struct handle){ 0 };
	sim_feed(s, &o);
}

/* Another daemon: all helpers' sockets are closed. Hands in the kernel go on. */
void helpers_forget_all(struct sim *s)
{
	s->daemon++;
	s->dm_watches = false;
	for (uint32_t i = 0; i < HANDLES; i++)
		s->handles[i] = (struct handle){ 0 };
	for (enum helper_kind k = HELPER_ZYGOTE; k <= HELPER_HAND; k++)
		s->busy_until[k] = s->now;
}

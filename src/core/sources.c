/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sources.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "act/clerk.h"
#include "act/detaches.h"
#include "act/dm_hand.h"
#include "act/fences.h"
#include "act/gaps.h"
#include "act/keeper.h"
#include "act/perform.h"
#include "act/scan_hand.h"
#include "act/taken.h"
#include "act/zygote.h"
#include "base/log.h"
#include "config/diagnostics.h"
#include "core/config_files.h"
#include "core/recording.h"
#include "observe/discover.h"
#include "observe/holders.h"
#include "observe/maps.h"
#include "observe/owner.h"
#include "observe/pressure.h"
#include "observe/uevent.h"
#include "port/loop.h"
#include "port/packet.h"
#include "port/test_point.h"

enum {
	HEARTBEAT_MS = 1000, /* so that a sleep of the whole machine is noticed */
	READER_MS = 10000,
};

struct reading {
	int socket;
	struct source *source, *deadline;
	void (*done)(void *arg, int result, const struct diagnostics *remarks);
	void *arg;
};

struct sources {
	struct loop *loop;
	int zygote;
	struct core *core;
	struct perform *perform;
	struct uevent *uevent;
	struct pressure *pressure; /* NULL: this kernel cannot tell */
	struct source *timer, *settle;
	instant last_turn;
	uint64_t suspended_ms;
	struct reading reading;
	void (*changed)(void *arg, const struct change *c);
	void (*settled)(void *arg);
	void *listener;
};

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-keeper", keeper_main },
	[HELPER_SCOUT] = { "pk-scout", scout_main },
	[HELPER_SCANNER] = { "pk-scanner", scanner_main },
	[HELPER_DM] = { "pk-dm", maps_main },
	[HELPER_OWNER] = { "pk-owner", owner_main },
	[HELPER_DM_HAND] = { "pk-dm-hand", dm_hand_main },
	[HELPER_SCAN_HAND] = { "pk-scan-hand", scan_hand_main },
	[HELPER_CLERK] = { "pk-clerk", clerk_main },
	[HELPER_READER] = { "pk-reader", config_reader_main },
};

int sources_zygote(int *ret)
{
	return zygote_start(roles, ARRAY_SIZE(roles), ret);
}

/* ---- feeding and thinking -------------------------------------------------------------------- */

/* The machine slept, or we were not let run: the time that is missing is an observation. */
static void feed_time(struct sources *s)
{
	uint64_t suspended = loop_suspended_ms();
	struct observation o = { .kind = OBS_TIME, .at = loop_now() };

	if (instant_is_set(s->last_turn)) {
		uint64_t gap = instant_ms_between(s->last_turn, o.at);

		/* the two clocks behind it are read one after the other: it may also shrink */
		if (suspended > s->suspended_ms)
			o.time.slept_ms = suspended - s->suspended_ms;
		if (gap > HEARTBEAT_MS)
			o.time.slept_ms += gap - HEARTBEAT_MS;
	}
	s->last_turn = o.at;
	s->suspended_ms = suspended;
	core_feed(s->core, &o);
}

static void feed(void *arg, const struct observation *o)
{
	struct sources *s = arg;

	if (instant_ms_between(s->last_turn, loop_now()) > 2 * HEARTBEAT_MS)
		feed_time(s); /* first the time, then what came in meanwhile */
	core_feed(s->core, o);
	if (o->kind == OBS_HELPER && o->helper.event == HELPER_LOST &&
		o->helper.helper == HELPER_ZYGOTE) {
		log_event(LOG_LEVEL_ERR, "zygote-lost", "what=ending, to be started anew");
		loop_exit(s->loop, EXIT_FAILURE);
	}
	sources_kick(s);
}

static void feed_record(void *arg, const struct observation *o)
{
	struct sources *s = arg;

	core_feed(s->core, o);
}

static void on_settle(void *arg)
{
	struct sources *s = arg;
	instant now = loop_now(), next;
	int r;

	next = core_settle(s->core, now);
	recording_flush();
	if (s->settled)
		s->settled(s->listener);
	r = loop_timer_set(s->timer, instant_earlier(next, instant_add_ms(now, HEARTBEAT_MS)));
	if (r < 0) { /* nothing would wake us any more */
		log_failure(r, "timer-lost", "what=ending, to be started anew");
		loop_exit(s->loop, EXIT_FAILURE);
	}
}

static void on_time(void *arg)
{
	struct sources *s = arg;

	feed_time(s);
	sources_kick(s);
}

static void act(void *arg, const struct action *action)
{
	struct sources *s = arg;

	perform_act(s->perform, action);
}

static void changed(void *arg, const struct change *c)
{
	struct sources *s = arg;

	if (c->kind == CHANGE_PURGE)
		test_end("rung", purge_stage_name((enum purge_stage)c->to));
	if (c->kind == CHANGE_DETACH)
		test_end("detach", detach_stage_name((enum detach_stage)c->to));
	if (s->changed)
		s->changed(s->listener, c);
}

void sources_kick(struct sources *s)
{
	loop_defer_now(s->settle);
}

void sources_listen(struct sources *s, void (*on_changed)(void *arg, const struct change *c),
	void (*on_settled)(void *arg), void *arg)
{
	s->changed = on_changed;
	s->settled = on_settled;
	s->listener = arg;
}

struct core *sources_core(struct sources *s)
{
	return s->core;
}

struct loop *sources_loop(struct sources *s)
{
	return s->loop;
}

void sources_helpers(struct sources *s,
	void (*visit)(
		void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action),
	void *arg)
{
	perform_helpers(s->perform, visit, arg);
}

/* ---- reading the configuration again --------------------------------------------------------- */

static void reading_end(struct sources *s, int result, const struct diagnostics *remarks)
{
	struct reading reading = s->reading;

	s->reading = (struct reading){ .socket = -1 };
	source_free(reading.source);
	source_free(reading.deadline);
	close_fd(reading.socket);
	if (reading.done)
		reading.done(reading.arg, result, remarks);
}

static int build(struct sources *s, int fd, struct diagnostics *remarks)
{
	struct config_files files = CONFIG_FILES_INIT;
	struct config *config;
	struct settings old = core_model(s->core)->defaults, new;
	int r = config_files_unpack(fd, &files);

	if (r < 0)
		return r;
	r = config_new(files.files, files.n, remarks, &config);
	config_files_done(&files);
	if (r < 0)
		return r;
	config_resolve(config, NULL, &new);
	if (new.mode != old.mode) {
		diagnostics_add(remarks, SEVERITY_FATAL,
			config_files_ours() ? config_files_ours() : "", 0,
			"the mode never changes while the daemon runs");
		config_free(config);
		return -EINVAL;
	}
	core_set_config(s->core, config);
	sources_kick(s);
	return 0;
}

static void on_reading(void *arg, int fd, uint32_t events)
{
	static struct packet packet;
	struct sources *s = arg;
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	struct config_reading reading;
	int r;

	(void)events;
	packet.len = 0;
	r = packet_receive(fd, &packet);
	if (r == -EAGAIN)
		return;
	while (r == 1 && (r = packet_next(&packet, &reading, sizeof reading)) == 1)
		if (reading.magic == CONFIG_READING)
			break;
	if (r == 0 && packet.len > 0) {
		packet_done(&packet);
		return; /* not what we wait for: its birth */
	}
	if (r != 1) {
		r = -EPIPE;
	} else if (reading.result < 0) {
		diagnostics_add(&remarks, SEVERITY_FATAL, reading.failed, 0, "cannot be read");
		r = reading.result;
	} else {
		r = packet.n_fds == 1 ? build(s, packet.fds[0], &remarks) : -EBADMSG;
	}
	packet_done(&packet);
	reading_end(s, r, &remarks);
	diagnostics_done(&remarks);
}

static void on_reading_late(void *arg)
{
	reading_end(arg, -ETIMEDOUT, NULL);
}

int sources_reconfigure(struct sources *s,
	void (*done)(void *arg, int result, const struct diagnostics *remarks), void *arg)
{
	int socket, r;

	if (s->reading.socket >= 0)
		return -EBUSY;
	r = zygote_spawn(s->zygote, HELPER_READER, 0, &socket);
	if (r < 0)
		return r;
	s->reading = (struct reading){ .socket = socket, .done = done, .arg = arg };
	r = loop_watch(
		s->loop, socket, EPOLLIN, PRIORITY_ANSWER, on_reading, s, &s->reading.source);
	if (r >= 0)
		r = loop_timer(s->loop, PRIORITY_TIME, on_reading_late, s, &s->reading.deadline);
	if (r >= 0)
		r = loop_timer_set(s->reading.deadline, instant_add_ms(loop_now(), READER_MS));
	if (r < 0) {
		s->reading.done = NULL;
		reading_end(s, r, NULL);
	}
	return r;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sources *sources_free(struct sources *s)
{
	if (!s)
		return NULL;
	s->reading.done = NULL;
	reading_end(s, 0, NULL);
	uevent_free(s->uevent);
	pressure_free(s->pressure);
	source_free(s->timer);
	source_free(s->settle);
	core_free(s->core);
	perform_free(s->perform);
	free(s);
	return NULL;
}

/* Memory is only a wish: nothing depends on it. */
static void listen_to_pressure(struct sources *s)
{
	int r = pressure_new(s->loop, PRESSURE_FILE, feed, s, &s->pressure);

	if (r < 0 && r != -EOPNOTSUPP)
		log_failure(r, "pressure-unknown", "file=" PRESSURE_FILE);
}

int sources_new(struct loop *loop, int zygote, struct config *config, struct sources **ret)
{
	struct sources *s = calloc(1, sizeof *s);
	struct core_port port = {
		.act = act, .changed = changed, .arg = s, .recorder = recording_recorder()
	};
	int r;

	if (!s) {
		config_free(config);
		close_fd(zygote);
		return -ENOMEM;
	}
	s->loop = loop;
	s->zygote = zygote;
	s->reading.socket = -1;
	r = core_new(&port, config, &s->core);
	if (r >= 0)
		r = perform_new(loop, zygote, feed, s, &s->perform);
	else
		close_fd(zygote);
	if (r >= 0)
		r = uevent_new(loop, feed, s, &s->uevent);
	if (r >= 0)
		r = loop_timer(loop, PRIORITY_TIME, on_time, s, &s->timer);
	if (r >= 0)
		r = loop_defer(loop, on_settle, s, &s->settle);
	if (r < 0) {
		sources_free(s);
		return r;
	}
	listen_to_pressure(s);
	r = fences_read(feed_record, s);
	if (r >= 0 && core_model(s->core)->out_of_memory)
		r = -ENOMEM;
	if (r < 0) { /* what one does not know to be fenced, one would ask */
		sources_free(s);
		return r;
	}
	sources_kick(s);
	*ret = s;
	return 0;
}

int sources_know_gaps(struct sources *s)
{
	int r;

	core_guards_nothing(s->core);
	r = gaps_read(feed_record, s);
	return r >= 0 && core_model(s->core)->out_of_memory ? -ENOMEM : r;
}

int sources_resume(struct sources *s)
{
	int r = gaps_read(feed_record, s);

	if (r >= 0)
		r = detaches_read(feed_record, s);
	if (r >= 0)
		r = taken_read(feed_record, s);
	if (r >= 0 && core_model(s->core)->out_of_memory)
		r = -ENOMEM;
	sources_kick(s);
	return r;
}

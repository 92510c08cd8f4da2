/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <grp.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/text.h"
#include "config/diagnostics.h"
#include "port/loop.h"
#include "serve/dbus.h"

/* ---- sources, as serve/ knows them ----------------------------------------------------------- */

struct sources {
	struct loop *loop;
	struct core *core;
	struct stage_script script;
	struct source *settle, *answer, *timer, *happen, *read;
	struct action actions[4096];
	unsigned n_actions, n_events;
	void (*changed)(void *arg, const struct change *c);
	void (*settled)(void *arg);
	void *listener;
	void (*done)(void *arg, int result, const struct diagnostics *remarks);
	void *done_arg;
};

static void own(const struct sources *s, bool begins)
{
	if (s->script.own)
		s->script.own(begins);
}

struct core *sources_core(struct sources *s)
{
	return s->core;
}

struct loop *sources_loop(struct sources *s)
{
	return s->loop;
}

void sources_kick(struct sources *s)
{
	loop_defer_now(s->settle);
}

void sources_listen(struct sources *s, void (*changed)(void *arg, const struct change *c),
	void (*settled)(void *arg), void *arg)
{
	s->changed = changed;
	s->settled = settled;
	s->listener = arg;
}

void sources_helpers(struct sources *s,
	void (*visit)(
		void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action),
	void *arg)
{
	(void)s;
	visit(arg, HELPER_KEEPER, 4711, 3, 0);
}

int sources_reconfigure(struct sources *s,
	void (*done)(void *arg, int result, const struct diagnostics *remarks), void *arg)
{
	int r;

	if (s->done)
		return -EBUSY;
	s->done = done;
	s->done_arg = arg;
	own(s, true);
	r = loop_defer_now(s->read);
	own(s, false);
	return r;
}

static void on_read(void *arg)
{
	struct sources *s = arg;
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	void (*done)(void *a, int result, const struct diagnostics *r) = s->done;

	s->done = NULL;
	if (s->script.reading_result < 0)
		diagnostics_add(&remarks, SEVERITY_FATAL, "/etc/x.conf", 3, "missing brace");
	done(s->done_arg, s->script.reading_result, &remarks);
	diagnostics_done(&remarks);
}

/* ---- the script ------------------------------------------------------------------------------ */

static void act(void *arg, const struct action *action)
{
	struct sources *s = arg;

	if (s->n_actions == ARRAY_SIZE(s->actions))
		return;
	s->actions[s->n_actions++] = *action;
	loop_defer_now(s->answer);
}

static void changed(void *arg, const struct change *c)
{
	struct sources *s = arg;

	if (s->changed)
		s->changed(s->listener, c);
}

static void feed(struct sources *s, struct observation *o)
{
	o->at = loop_now();
	core_feed(s->core, o);
}

static void feed_device(struct sources *s, unsigned i)
{
	struct observation o = { .kind = OBS_DEVICE };

	o.device.present = true;
	snprintf(o.device.sysfs, sizeof o.device.sysfs,
		"devices/pci0000:00/0000:00:05.0/host3/target3:0:0/3:0:0:%u", i);
	o.device.ino = 1000 + i;
	o.device.address = (struct scsi_address){ .host = 3, .lun = i };
	o.device.protocol = PROTOCOL_ISCSI;
	o.device.state = DEVICE_RUNNING;
	o.device.transport = TRANSPORT_UP;
	o.device.devt = (struct devt){ 8 + i / 16, i % 16 * 16 };
	o.device.sg = (struct devt){ 21, i };
	snprintf(o.device.dev, sizeof o.device.dev, "sd%c%c%c", 'a' + i / 676, 'a' + i / 26 % 26,
		'a' + i % 26);
	snprintf(o.device.wwid, sizeof o.device.wwid, "36001405%024x", i);
	TEXT_SET(o.device.array, "iqn.2026-01.example:a");
	feed(s, &o);
}

static void feed_host(struct sources *s)
{
	struct observation o = { .kind = OBS_HOST };

	o.host.number = 3;
	o.host.ino = 900;
	o.host.protocol = PROTOCOL_ISCSI;
	TEXT_SET(o.host.sysfs, "devices/pci0000:00/0000:00:05.0/host3");
	feed(s, &o);
}

static void answer_one(struct sources *s, const struct action *a)
{
	struct observation o = { .action = a->id, .path = a->path };

	switch (a->kind) {
	case ACT_READ_DEVICES:
		if (s->script.devices_stay_unknown)
			return;
		for (unsigned i = 0; i < s->script.n_devices; i++)
			feed_device(s, i);
		feed_host(s);
		o.kind = OBS_DEVICES_END;
		break;
	case ACT_SCAN: o.kind = OBS_DONE; break;
	case ACT_READ_MAPS: o.kind = OBS_MAPS_END; break;
	case ACT_ASK_OWNER: o.kind = OBS_OWNER; break;
	case ACT_WATCH: o.kind = OBS_WATCHED; break;
	case ACT_FIND_HOLDERS:
		o.kind = OBS_HOLDERS;
		o.holders.complete = true;
		break;
	case ACT_CHECK:
		if (s->script.checks_stay_out)
			return;
		o.kind = OBS_CHECKED;
		o.checked.asked = true;
		o.checked.state = DEVICE_RUNNING;
		o.checked.transport = TRANSPORT_UP;
		o.checked.identified = a->check.ask_identity; /* by a refusal */
		break;
	case ACT_LOOK:
	case ACT_FORGET:
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_RESIZE_MAP:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACT_REREAD:
	case ACT_KEEP_OUT:
	case ACT_LET_IN:
	case ACT_DELETE:
	case ACT_FENCE:
	case ACTION_KINDS: return;
	}
	feed(s, &o);
}

static void on_answer(void *arg)
{
	struct sources *s = arg;
	static struct action actions[ARRAY_SIZE(((struct sources *)0)->actions)];
	unsigned n = s->n_actions;

	own(s, true);
	memcpy(actions, s->actions, n * sizeof *actions);
	s->n_actions = 0;
	for (unsigned i = 0; i < n; i++)
		answer_one(s, &actions[i]);
	sources_kick(s);
	own(s, false);
}

static void on_settle(void *arg)
{
	struct sources *s = arg;
	instant now = loop_now(), next;

	own(s, true);
	next = core_settle(s->core, now);
	own(s, false);
	if (s->settled)
		s->settled(s->listener);
	own(s, true);
	loop_timer_set(s->timer, instant_earlier(next, instant_add_ms(now, 1000)));
	own(s, false);
}

static void on_time(void *arg)
{
	sources_kick(arg);
}

static void on_happen(void *arg)
{
	struct sources *s = arg;
	struct change c = { .kind = CHANGE_MAP };

	for (unsigned i = 0; i < s->n_events; i++) {
		c.number = i;
		snprintf(c.map, sizeof c.map, "map%u", i);
		changed(s, &c);
	}
	sources_kick(s);
}

/* ---- life ------------------------------------------------------------------------------------ */

void stage_init(struct stage *stage, const struct stage_script *script)
{
	struct sources *s = calloc(1, sizeof *s);
	struct core_port port = { .act = act, .changed = changed, .arg = s };
	struct config *config = NULL;

	assert_non_null(s);
	s->script = *script;
	TEXT_SET(stage->dir, "/tmp/pathkeeper-stage.XXXXXX");
	assert_non_null(mkdtemp(stage->dir));
	chmod(stage->dir, 0755);
	setenv("PATHKEEPER_RUNTIME_DIR", stage->dir, 1);
	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(config_new(NULL, 0, NULL, &config), 0);
	assert_int_equal(core_new(&port, config, &s->core), 0);
	assert_int_equal(loop_defer(s->loop, on_settle, s, &s->settle), 0);
	assert_int_equal(loop_defer(s->loop, on_answer, s, &s->answer), 0);
	assert_int_equal(loop_defer(s->loop, on_read, s, &s->read), 0);
	assert_int_equal(loop_timer(s->loop, PRIORITY_TIME, on_time, s, &s->timer), 0);
	assert_int_equal(loop_timer(s->loop, PRIORITY_TIME, on_happen, s, &s->happen), 0);
	stage->loop = s->loop;
	stage->sources = s;
	stage->core = s->core;
	assert_int_equal(serve_dbus_new(s, NULL, &stage->serve), 0);
	sources_kick(s);
}

void stage_done(struct stage *stage)
{
	struct sources *s = stage->sources;

	serve_dbus_free(stage->serve);
	core_free(s->core);
	source_free(s->settle);
	source_free(s->answer);
	source_free(s->read);
	source_free(s->timer);
	source_free(s->happen);
	loop_free(s->loop);
	free(s);
	assert_int_equal(rmdir(stage->dir), 0); /* the sockets' names are gone */
}

static void on_child(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	loop_exit(arg, 0);
}

/* The loop of a stage ends for good when it is left: a stage runs one client or one moment. */
void stage_run(struct stage *stage, unsigned uid, int (*client)(void))
{
	struct source *source;
	pid_t pid = fork();
	int fd, status;

	if (pid == 0) {
		alarm(60);
		if (uid && (setgroups(0, NULL) < 0 || setgid(uid) < 0 || setuid(uid) < 0))
			_exit(254);
		_exit(client());
	}
	assert_true(pid > 0);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(fd >= 0);
	assert_int_equal(
		loop_watch(stage->loop, fd, EPOLLIN, PRIORITY_STOP, on_child, stage->loop, &source),
		0);
	assert_int_equal(loop_run(stage->loop), 0);
	source_free(source);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("the client ended with status %#x: line %d", (unsigned)status,
			WEXITSTATUS(status));
}

void stage_happen(struct stage *stage, unsigned n_events, unsigned after_ms)
{
	stage->sources->n_events = n_events;
	loop_timer_set(stage->sources->happen, instant_add_ms(loop_now(), after_ms));
}

unsigned stage_requests(const struct stage *stage)
{
	const struct model *m = core_model(stage->core);
	unsigned n = 0;

	for (uint32_t i = 0; i < m->n_requests; i++)
		n += m->requests[i].used;
	return n;
}

/* ---- for clients ----------------------------------------------------------------------------- */

int stage_connect(const char *door)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/%s",
		getenv("PATHKEEPER_RUNTIME_DIR"), door);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

bool stage_is_closed(int fd, int ms)
{
	instant deadline = instant_add_ms(loop_now(), (uint64_t)ms);

	while (!instant_reached(loop_now(), deadline)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char bytes[4096];

		if (poll(&p, 1, 100) == 1 && recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
			return true;
	}
	return false;
}

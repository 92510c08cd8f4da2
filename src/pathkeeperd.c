/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon: options, configuration, one instance, the loop. The order of main() matters: the
 * processes that write the journal and make the helpers are forked before there is anything to
 * inherit, and memory is locked when everything is there.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "config/diagnostics.h"
#include "config/policy.h"
#include "core/config_files.h"
#include "core/journal.h"
#include "core/recording.h"
#include "core/sources.h"
#include "port/loop.h"
#include "port/process.h"
#include "serve/dbus.h"

enum { EXIT_USAGE = 2 };

struct options {
	const char *config;
	const char *mode;
	const char *record;
	enum log_level level;
	bool check_only;
};

static const char usage[] =
	"usage: pathkeeperd [options]\n"
	"Watches the storage paths of this host and removes SCSI devices that their array took "
	"away.\n"
	"  --config FILE      read FILE instead of /etc/pathkeeper/pathkeeper.conf\n"
	"  --check-config     read the configuration, say what is wrong with it, end (status 2: "
	"refused)\n"
	"  --mode observe     multipathd, or nobody, owns the maps (the only mode so far)\n"
	"  --record FILE      write all that it is told into a new FILE, to be fed again\n"
	"  --log-level LEVEL  err, warning, notice, info (usual) or debug\n"
	"  --version          print the version\n"
	"  --help             print this text\n";

/* 0: go on, else the exit status plus one. */
static int parse_options(int argc, char **argv, struct options *ret)
{
	static const struct option rows[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'C' },
		{ "mode", required_argument, NULL, 'm' },
		{ "record", required_argument, NULL, 'r' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1)
		switch (c) {
		case 'c': ret->config = optarg; break;
		case 'C': ret->check_only = true; break;
		case 'm': ret->mode = optarg; break;
		case 'r': ret->record = optarg; break;
		case 'l':
			if (log_level_parse(optarg, &ret->level) < 0) {
				fprintf(stderr, "pathkeeperd: no log level is called \"%s\"\n",
					optarg);
				return EXIT_USAGE + 1;
			}
			break;
		case 'V': printf("pathkeeperd %s\n", PATHKEEPER_VERSION); return EXIT_SUCCESS + 1;
		case 'h': fputs(usage, stdout); return EXIT_SUCCESS + 1;
		default: fputs(usage, stderr); return EXIT_USAGE + 1;
		}
	if (optind < argc) {
		fprintf(stderr, "pathkeeperd: unexpected word \"%s\"\n", argv[optind]);
		return EXIT_USAGE + 1;
	}
	if (ret->mode && strcmp(ret->mode, "observe") && strcmp(ret->mode, "manage")) {
		fprintf(stderr, "pathkeeperd: no mode is called \"%s\"\n", ret->mode);
		return EXIT_USAGE + 1;
	}
	return 0;
}

static void print_remarks(const struct diagnostics *remarks)
{
	for (size_t i = 0; i < remarks->n; i++) {
		const struct diagnostic *d = &remarks->rows[i];

		fprintf(stderr, "%s:%u: %s: %s\n", d->file, d->line, severity_name(d->severity),
			d->text);
	}
}

/* 0 or an exit status. */
static int load(const struct options *options, struct diagnostics *remarks, struct config **ret)
{
	struct config_files files = CONFIG_FILES_INIT;
	_cleanup_(freep) char *failed = NULL;
	int r = config_files_read(options->config, &files, &failed);

	if (r < 0) {
		fprintf(stderr, "pathkeeperd: %s: %s\n", failed ? failed : "configuration",
			strerror(-r));
		return EXIT_USAGE;
	}
	r = config_new(files.files, files.n, remarks, ret);
	config_files_done(&files);
	print_remarks(remarks);
	if (r >= 0)
		return 0;
	fprintf(stderr, "pathkeeperd: the configuration is refused\n");
	return EXIT_USAGE;
}

static int refuse_mode(const struct options *options, const struct config *config)
{
	struct settings settings;
	bool manage;

	config_resolve(config, NULL, &settings);
	manage = options->mode ? !strcmp(options->mode, "manage") : settings.mode == MODE_MANAGE;
	if (!manage)
		return 0;
	fprintf(stderr, "pathkeeperd: mode manage is not available yet; use mode observe\n");
	return EXIT_USAGE;
}

/* One daemon, or one verb that works without it. The descriptor stays open for our life. */
static void on_stop(void *arg)
{
	struct loop *loop = arg;

	log_event(LOG_LEVEL_NOTICE, "daemon-stopping", "pid=%d", (int)getpid());
	loop_exit(loop, EXIT_SUCCESS);
}

static void on_hangup(void *arg)
{
	serve_dbus_reconfigure(arg);
}

static int run(struct loop *loop, struct sources *sources, const struct diagnostics *remarks)
{
	_cleanup_(serve_dbus_freep) struct serve_dbus *bus = NULL;
	struct source *stop = NULL, *interrupt = NULL, *hangup = NULL;
	int r = serve_dbus_new(sources, remarks, &bus);

	if (r < 0)
		return log_failure(r, "cannot-serve", "dir=%s", process_runtime_dir());
	r = loop_signal(loop, SIGTERM, on_stop, loop, &stop);
	if (r >= 0)
		r = loop_signal(loop, SIGINT, on_stop, loop, &interrupt);
	if (r >= 0)
		r = loop_signal(loop, SIGHUP, on_hangup, bus, &hangup);
	if (r >= 0) {
		process_lock_memory();
		log_event(LOG_LEVEL_NOTICE, "daemon-started", "pid=%d version=%s mode=observe",
			(int)getpid(), PATHKEEPER_VERSION);
		sd_notify(0, "READY=1");
		r = loop_run(loop);
	}
	source_free(stop);
	source_free(interrupt);
	source_free(hangup);
	return r;
}

/* From here on everything that is forked or opened stays. zygote and config taken. */
static int start(int zygote, struct config *config, const struct diagnostics *remarks)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(sources_freep) struct sources *sources = NULL;
	int r = loop_new(&loop);

	if (r < 0) {
		config_free(config);
		close_fd(zygote);
		return log_failure(r, "cannot-start", "what=loop");
	}
	r = sources_new(loop, zygote, config, &sources);
	if (r >= 0)
		r = sources_resume(sources);
	if (r < 0)
		return log_failure(r, "cannot-start", "what=sources");
	return run(loop, sources, remarks);
}

/* The processes that are to inherit nothing; 0 or negative errno, which was said. */
static int start_writers(const struct options *options, int *ret_zygote)
{
	int r = journal_start(JOURNAL_SOCKET);

	if (r >= 0 && options->record) {
		r = recording_start(options->record, PATHKEEPER_VERSION);
		if (r < 0) {
			fprintf(stderr, "pathkeeperd: %s: %s\n", options->record, strerror(-r));
			return r;
		}
	}
	if (r >= 0)
		r = sources_zygote(ret_zygote);
	if (r < 0)
		fprintf(stderr, "pathkeeperd: cannot start helpers: %s\n", strerror(-r));
	return r;
}

int main(int argc, char **argv)
{
	struct options options = { .level = LOG_LEVEL_INFO };
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(closep) int lock = -1;
	int zygote, r;

	r = parse_options(argc, argv, &options);
	if (r)
		return r - 1;
	r = load(&options, &remarks, &config);
	if (r || options.check_only) {
		if (!r && diagnostics_count(&remarks, SEVERITY_ERROR))
			r = EXIT_USAGE;
		diagnostics_done(&remarks);
		return r;
	}
	r = refuse_mode(&options, config);
	if (r)
		return r;
	lock = process_take_lock();
	if (lock < 0) {
		fprintf(stderr, "pathkeeperd: %s/lock: %s\n", process_runtime_dir(),
			lock == -EWOULDBLOCK ? "a pathkeeper is running" : strerror(-lock));
		return EXIT_FAILURE;
	}
	config_files_set_ours(options.config);
	log_set_level(options.level);
	r = start_writers(&options, &zygote);
	if (r < 0)
		return EXIT_FAILURE;
	r = start(zygote, TAKE(config), &remarks);
	recording_flush();
	diagnostics_done(&remarks);
	return r < 0 ? EXIT_FAILURE : r;
}

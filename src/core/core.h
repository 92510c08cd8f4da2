/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where thinking and doing meet: feed an observation, and the model notes it, the judge says what
 * it means; settle, and the plan finds what is due and hands it out. The same in the daemon, in
 * the verbs that need none, and in the simulation: whoever performs is behind struct core_port.
 * All that comes in is a call of a function below, and so it can be recorded.
 */
#include "config/policy.h"
#include "core/recorder.h"
#include "model/model.h"
#include "plan/agenda.h"

struct core_port {
	/* Hand this out; must not block and must not feed before it returned. */
	void (*act)(void *arg, const struct action *action);
	/* Everything that changed, one call each, after the log; may be NULL. */
	void (*changed)(void *arg, const struct change *change);
	void *arg;
	struct recorder recorder;
};

struct core;

/* config taken. 0 or negative errno. */
int core_new(const struct core_port *port, struct config *config, struct core **ret);
struct core *core_free(struct core *core);
DEFINE_FREEP(struct core, core_free)

/* Nobody stays to guard what is kept out: a word of this core may let it in, and that is all. */
void core_guards_nothing(struct core *core);

void core_feed(struct core *core, const struct observation *o);

/* Think about all that was fed: hands out what is due. Returns when to be called again at the
 * latest. now is the time of this thought. */
instant core_settle(struct core *core, instant now);

/* Another configuration is in force from now on; taken. */
void core_set_config(struct core *core, struct config *config);

/* What a client wants of every device that name means, from now on known under id.
 * The number of devices; 0: the name means nothing now, but could (its answer is "absent");
 * -ENODEV: no such device; -EINVAL: nothing can be called so; -ENOMEM. */
int core_request(struct core *core, const struct obs_request *word, const char *name);

/* purge --held and --fenced without a name: everything that P4 holds back, that is fenced. */
int core_request_all(struct core *core, const struct obs_request *word);

/* rescan without a name: every host that an array may be behind. */
int core_request_hosts(struct core *core, const struct obs_request *word);

/* Everything is read again: what devices_seq of the model is greater than when it was. */
uint64_t core_read_again(struct core *core);

/* For readers (show, serve). Borrowed. */
const struct model *core_model(const struct core *core);
bool core_request_is_done(const struct core *core, uint64_t id);
void core_request_close(struct core *core, uint64_t id);
uint64_t core_next_request(struct core *core);

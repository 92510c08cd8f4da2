/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line that may be an observation or an action: what is understood is sound, and its text form is
 * read back the same. */
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "model/action.h"
#include "model/observation.h"

/* Elements of a list that are not counted stay where they are, and are nobody's. */
static bool has_list(enum observation_kind kind)
{
	return kind == OBS_HOLDERS || kind == OBS_MAP;
}

static void require_observation(const char *line)
{
	_cleanup_(text_done) struct text once = TEXT_INIT, again = TEXT_INIT;
	static struct observation o, back;

	if (observation_parse(line, &o) < 0)
		return;
	REQUIRE(observation_is_sound(&o));
	REQUIRE(observation_size(&o) > 0 && observation_size(&o) <= sizeof o);
	observation_print(&o, &once);
	REQUIRE(observation_parse(text_str(&once), &back) == 0);
	observation_print(&back, &again);
	REQUIRE(!strcmp(text_str(&once), text_str(&again)));
	REQUIRE(has_list(o.kind) || !memcmp(&o, &back, observation_size(&o)));
}

static void require_action(const char *line)
{
	_cleanup_(text_done) struct text once = TEXT_INIT, again = TEXT_INIT;
	static struct action a, back;

	if (action_parse(line, &a) < 0)
		return;
	REQUIRE(action_is_sound(&a));
	REQUIRE(action_size(&a) > 0 && action_size(&a) <= sizeof a);
	action_print(&a, &once);
	REQUIRE(action_parse(text_str(&once), &back) == 0);
	action_print(&back, &again);
	REQUIRE(!strcmp(text_str(&once), text_str(&again)));
	REQUIRE(!memcmp(&a, &back, action_size(&a)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *line = strndup((const char *)bytes, len);

	REQUIRE(line);
	require_observation(line);
	require_action(line);
	return 0;
}

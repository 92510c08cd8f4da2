/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/owner.h"

#include <string.h>

#include "base/cleanup.h"

/* NULL: not to be understood to the letter, so that nothing can be said of one map. */
static struct config *read_rules(const char *rules)
{
	const struct config_file file = {
		.name = "multipathd", .text = rules, .len = strlen(rules)
	};
	_cleanup_(diagnostics_done) struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(config_freep) struct config *config = NULL;

	if (!rules[0] || config_new(&file, 1, &remarks, &config) < 0 || remarks.failed ||
		diagnostics_count(&remarks, SEVERITY_WARNING))
		return NULL;
	return TAKE(config);
}

void owner_set(struct model *m, const struct obs_owner *word)
{
	m->owner = *word;
	config_free(m->owner_rules);
	m->owner_rules = read_rules(word->rules);
}

bool owner_purges_anything(const struct model *m)
{
	return m->owner.running && m->owner.knows_purge && m->owner.purges;
}

static bool rules_say_yes(
	const struct config *rules, const char *wwid, const struct obs_device *device)
{
	const struct config_device d = {
		.wwid = wwid,
		.vendor = device->vendor,
		.product = device->product,
		.revision = device->revision,
	};
	bool is_identified = d.vendor[0] && d.product[0];
	struct settings s;

	if (config_resolve(rules, &d, &s) < 0)
		return true;
	return s.purge_disconnected ||
	       (!is_identified && s.origins[SETTING_PURGE_DISCONNECTED].layer < LAYER_OVERRIDES);
}

/* Its word for the map is taken by one of the map's paths; it does not tell by which. */
bool owner_purges(const struct model *m, const struct path *p)
{
	const char *wwid = p->map < 0 ? "" : map_wwid(&m->maps[p->map]);
	struct path *other;

	if (p->map < 0 || !owner_purges_anything(m))
		return false;
	if (!m->owner_rules || !wwid[0])
		return true;
	for_each_path (m, other)
		if (other->map == p->map && rules_say_yes(m->owner_rules, wwid, &other->device))
			return true;
	return false;
}

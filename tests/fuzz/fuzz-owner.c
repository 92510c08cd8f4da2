/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a multipathd answers to "show config": its rules are a configuration, or it purges all. */
#include "fuzz.h"

#include <errno.h>

#include "base/cleanup.h"
#include "config/policy.h"
#include "observe/owner.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(diagnostics_done) struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *text = strndup((const char *)bytes, len);
	static struct obs_owner owner;
	struct config_file file = { .name = "multipathd", .text = owner.rules };
	int r;

	REQUIRE(text);
	owner_read_config(text, &owner);
	REQUIRE(memchr(owner.rules, '\0', sizeof owner.rules));
	REQUIRE(owner.knows_purge || !owner.purges);
	REQUIRE(owner.purges || !owner.rules[0]);
	file.len = strlen(owner.rules);
	r = config_new(&file, 1, &remarks, &config);
	REQUIRE(r == 0 || r == -EINVAL);
	return 0;
}

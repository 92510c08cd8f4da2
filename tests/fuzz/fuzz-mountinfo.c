/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of mountinfo, an fdinfo, or a backstore's description. */
#include "fuzz.h"

#include "base/cleanup.h"
#include "observe/exports.h"
#include "observe/mountinfo.h"
#include "observe/opens.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *line = strndup((const char *)bytes, len);
	struct mountinfo m;
	struct devt devt;
	uint64_t flags;
	uint32_t mount;
	char value[32];

	REQUIRE(line);
	opens_parse_fdinfo(line, &flags, &mount);
	exports_parse_info(line, &devt);
	if (mountinfo_parse(line, &m) == 0) {
		REQUIRE(m.type[0] && m.root[0] && m.point[0]);
		mountinfo_is_remote(m.type);
		if (mountinfo_option(m.options, "logdev", value, sizeof value))
			REQUIRE(strlen(value) < sizeof value);
	}
	return 0;
}

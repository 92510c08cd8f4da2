/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/swaps, line by line. */
#include "fuzz.h"

#include "base/cleanup.h"
#include "observe/mountinfo.h"

static void read_line(char *line)
{
	size_t len = strlen(line);
	struct swap_line swap;

	if (mountinfo_parse_swap(line, &swap) < 0)
		return;
	REQUIRE(swap.name[0] == '/');
	REQUIRE(swap.name >= line && swap.name + strlen(swap.name) <= line + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *text = strndup((const char *)bytes, len);
	char *rest = text, *line;

	REQUIRE(text);
	while ((line = strsep(&rest, "\n")))
		read_line(line);
	return 0;
}

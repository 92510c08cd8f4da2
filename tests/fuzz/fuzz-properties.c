/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of udev's database; its first byte says how much room there is for the names. */
#include "fuzz.h"

#include "observe/properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char names[256], before[256] = "";
	size_t size = len ? bytes[0] : 0;

	if (size == 0)
		return 0;
	properties_value((const char *)bytes + 1, len - 1, "ID_SERIAL", names, size);
	REQUIRE(strlen(names) < size);
	properties_parse((const char *)bytes + 1, len - 1, names, size);
	REQUIRE(strlen(names) < size);
	for (const char *at = names; *at;) {
		size_t n = strcspn(at, ",");
		char name[256] = "";

		REQUIRE(n > 0);
		memcpy(name, at, n);
		REQUIRE(strcmp(before, name) < 0);
		memcpy(before, name, sizeof before);
		at += n + (at[n] == ',');
		REQUIRE(at[-1] != ',' || *at);
	}
	return 0;
}

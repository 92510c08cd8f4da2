/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the hardware table (up to a form feed) and a multipath.conf behind them. The table is
 * built in as text and read like any file, so a bad row is skipped with a remark, and the built-in
 * one stays readable whatever follows it.
 */
#include "fuzz.h"

#include <errno.h>

#include "base/text.h"
#include "config/hwtable.h"
#include "config/policy.h"

static const struct config_device device = {
	.wwid = "3600a0b8000",
	.vendor = "HP",
	.product = "HSV210",
	.revision = "0100",
	.devnode = "sdb",
	.protocol = "scsi:fcp",
};

static void require_read(const struct config_file *files, size_t n)
{
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	struct text once = TEXT_INIT, again = TEXT_INIT;
	struct config_file printed = { .name = "printed" };
	struct config *config, *back;
	struct settings settings;
	int r = config_new(files, n, &remarks, &config);

	REQUIRE(r == 0 || r == -EINVAL);
	diagnostics_done(&remarks);
	if (r < 0)
		return;
	config_resolve(config, &device, &settings);
	REQUIRE(settings.polling_interval_s >= 1);
	REQUIRE(config_print(config, false, &once) == 0);
	printed.text = text_str(&once);
	printed.len = once.len;
	REQUIRE(config_new(&printed, 1, NULL, &back) == 0);
	REQUIRE(config_print(back, false, &again) == 0);
	REQUIRE(!strcmp(text_str(&once), text_str(&again)));
	config_free(config);
	config_free(back);
	text_done(&once);
	text_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes, *feed = len ? memchr(text, '\f', len) : NULL;
	size_t table = feed ? (size_t)(feed - text) : len;
	struct config_file files[] = {
		{ HWTABLE_NAME, text, table, FILE_HARDWARE },
		{ "multipath.conf", feed ? feed + 1 : "", feed ? len - table - 1 : 0, FILE_MAIN },
	};

	require_read(files, 2);
	if (len % 16 == 0) { /* it is large */
		files[0] = (struct config_file){ HWTABLE_NAME, hwtable_text, hwtable_len,
			FILE_HARDWARE };
		require_read(files, 2);
	}
	return 0;
}

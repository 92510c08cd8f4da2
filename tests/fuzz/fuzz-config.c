/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Up to three files with a form feed between them: multipath.conf, a drop-in, our own. What is read
 * is asked for a device that the seeds speak of, printed, and read back.
 */
#include "fuzz.h"

#include <errno.h>

#include "base/text.h"
#include "config/policy.h"

#define FILES 3

static const char *const names[FILES] = { "/etc/multipath.conf", "conf.d/a.conf",
	"pathkeeper.conf" };

static const struct config_device device = {
	.wwid = "3600a0b8000",
	.vendor = "foo",
	.product = "bar",
	.revision = "0100",
	.devnode = "sdb",
	.protocol = "scsi:iscsi",
	.properties = "ID_SERIAL,SCSI_IDENT_SERIAL",
};

static size_t split(const uint8_t *bytes, size_t len, struct config_file files[FILES])
{
	const char *at = (const char *)bytes, *end = at + len;
	size_t n = 0;

	while (n < FILES) {
		const char *feed = n + 1 < FILES && len ? memchr(at, '\f', (size_t)(end - at))
							: NULL;
		const char *stop = feed ? feed : end;

		files[n] = (struct config_file){ names[n], at, (size_t)(stop - at),
			n == 1 ? FILE_DROP_IN : FILE_MAIN };
		n++;
		if (!feed)
			break;
		at = feed + 1;
	}
	return n;
}

static void require_remarks(const struct diagnostics *list, int result)
{
	REQUIRE(!list->failed);
	REQUIRE((diagnostics_count(list, SEVERITY_FATAL) > 0) == (result == -EINVAL));
	for (size_t i = 0; i < list->n; i++)
		for (const char *p = list->rows[i].text; *p; p++)
			REQUIRE(*p >= ' ' && *p < 0x7f);
}

static void require_settings(const struct settings *s)
{
	REQUIRE(s->mode <= MODE_MANAGE && s->purge_owner <= PURGE_OWNER_PATHKEEPER);
	REQUIRE(s->purge_action <= PURGE_ACTION_REPORT);
	REQUIRE(s->identity_fence <= IDENTITY_FENCE_REMOVE);
	REQUIRE(s->polling_interval_s >= 1 && s->polling_interval_s <= 86400);
	REQUIRE(s->max_polling_interval_s >= s->polling_interval_s);
	REQUIRE(s->max_polling_interval_s <= 86400);
	REQUIRE(s->purge_checks >= 1 && s->purge_checks <= 100);
	REQUIRE(s->purge_limit >= 1 && s->purge_share_percent >= 1);
	REQUIRE(s->purge_share_percent <= 100 && s->purge_grace_s <= 86400);
	REQUIRE(s->identity_interval_checks >= 1);
	REQUIRE(memchr(s->path_checker, '\0', sizeof s->path_checker));
}

/* What is printed must be read back without anything fatal, and print the same. */
static void require_round_trip(const struct config *config)
{
	struct text once = TEXT_INIT, again = TEXT_INIT;
	struct config_file file = { .name = "printed" };
	struct config *back = NULL;

	REQUIRE(config_print(config, false, &once) == 0);
	file.text = text_str(&once);
	file.len = once.len;
	REQUIRE(config_new(&file, 1, NULL, &back) == 0);
	REQUIRE(config_print(back, false, &again) == 0);
	REQUIRE(strcmp(text_str(&once), text_str(&again)) == 0);
	config_free(back);
	text_done(&once);
	text_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct diagnostics list = DIAGNOSTICS_INIT;
	struct config_file files[FILES];
	struct config *config = NULL;
	size_t n = split(bytes, len, files);
	int r = config_new(files, n, &list, &config);
	const char *reason = NULL;
	struct settings settings;

	REQUIRE(r == 0 || r == -EINVAL);
	require_remarks(&list, r);
	if (r == 0) {
		config_resolve(config, &device, &settings);
		require_settings(&settings);
		config_resolve(config, NULL, &settings);
		require_settings(&settings);
		REQUIRE(config_is_asked(config, &device, &reason) == !reason);
		require_round_trip(config);
	}
	config_free(config);
	diagnostics_done(&list);
	return 0;
}

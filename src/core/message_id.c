/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/message_id.h"

#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *event, *id;
} rows[] = {
	{ "path-added", "09a22e6de5674fd0804fa70b727f0513" },
	{ "path-gone", "1292a1ca3f95439997bf1dd903dddd9c" },
	{ "path-state", "368a2853010049bf8076a7576f981046" },
	{ "path-purge", "4d69e2deaeac4804b9d74870db438a8f" },
	{ "detach", "af2ba6b00e044294b7a08ad7bf6b744b" },
	{ "map-lost", "5bc57223b3ab4276abe2b1bd965f9016" },
	{ "path-fence", "1d736b1b12e646e99ab7c6788f91153f" },
	{ "gap", "8bb5211db88148a0acf5ea6d35a2fc4a" },
	{ "path-kept-out", "bed551e774894cb29f55bf8aea7df3d5" },
	{ "map-changed", "df3383c557c54d1a95fba3cfbbde025b" },
	{ "map-gone", "1a54903ec8f74acf89cf7c7576a29d50" },
	{ "owner", "77d416651f4f49909142f68febe0e33b" },
	{ "helper-lost", "bbbd7c51d2c5408fbca87e008984071c" },
	{ "slept", "70ea8f0314d54ae7b47d94350bd5a0c6" },
	{ "uevents-lost", "873eb1b9b8574af0bba40c0fba905ed5" },
	{ "attention", "bebc3b6d171a4dd0a672e8c28de6dec7" },
	{ "cleaned", "c1ea9ad7e4f54b6f8a3d2e5b70c91d46" },
	{ "daemon-started", "88537dac32764c54b2a4b55bec7f642e" },
	{ "daemon-stopping", "36d59659526d49eb824516467a7d59f2" },
	{ "cannot-start", "2a3d93103d424360908a8b35060ee149" },
	{ "cannot-serve", "bd1e861dc091445b9255c465ac4eb037" },
	{ "config-changed", "567faa4ed558413b842135ed5f468436" },
	{ "config-refused", "fdc64d16af274ef7a42c9eddd31a0c6f" },
	{ "config-remark", "5e8c1a4305b84a14b2ba292af3e33763" },
	{ "request", "c68744dcb86f4c97853e18f519f9fa9f" },
	{ "purge-round", "2a435ed64d4b49b590e465710a30c7e2" },
	{ "zygote-lost", "bdf12cfb5c59476f8123aa0fad981b6a" },
	{ "pressure-unknown", "5b0c6f7e1d9a4c38a2e4f6079d83b1c5" },
	{ "timer-lost", "b173935684a14bb6815815312b17c296" },
	{ "events-dropped", "9fe097517f764702b3e4a8eb24f9049b" },
	{ "recording-ended", "6627376d19254fa19620ddf4819e595a" },
	{ "out-of-memory", "9a3e45f8d90946b685e983a58ae86e5a" },
	{ "client-refused", "341e905369824f19ae02adb02ebbecd0" },
	{ "client-dropped", "4fdbe50aa0244b8e9789ce3b1ec66555" },
	{ "door-paused", "d5546325fc4d4a23b94c37a0ba1366fc" },
};

const char *message_id(const char *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].event, event))
			return rows[i].id;
	return NULL;
}

const char *message_id_event(size_t i)
{
	return i < ARRAY_SIZE(rows) ? rows[i].event : NULL;
}

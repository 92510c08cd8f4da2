/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/alua.h"

#include <errno.h>

#include "base/number.h"

enum {
	HEADER = 4,
	EXTENDED_HEADER = 8, /* an implicit transition time stands before the groups */
	GROUP_BYTES = 8,
	PORT_BYTES = 4,
};

size_t alua_length(const uint8_t *bytes, size_t len)
{
	return len < HEADER ? 0 : (size_t)HEADER + number_be32(bytes);
}

static struct alua_group read_group(const uint8_t *b)
{
	return (struct alua_group){
		.preferred = b[0] & 0x80,
		.state = b[0] & 0x0f,
		.supported_states = b[1],
		.id = number_be16(b + 2),
		.status_code = b[5],
		.n_ports = b[7],
	};
}

int alua_decode(const uint8_t *bytes, size_t len, struct alua *ret)
{
	struct alua alua = { 0 };
	size_t end = alua_length(bytes, len), at = HEADER;

	if (!end)
		return -EBADMSG;
	if (end > len)
		return -EMSGSIZE;
	/* Zeroes at bit 6..4 of the fifth byte: no such header, this is the first group. */
	if (end >= EXTENDED_HEADER && (bytes[4] & 0x70) == 0x10)
		at = EXTENDED_HEADER;
	while (at < end) {
		struct alua_group group;

		if (end - at < GROUP_BYTES)
			return -EBADMSG;
		group = read_group(bytes + at);
		at += GROUP_BYTES;
		if (end - at < (size_t)group.n_ports * PORT_BYTES)
			return -EBADMSG;
		at += (size_t)group.n_ports * PORT_BYTES;
		if (alua.n_groups == ALUA_GROUPS)
			return -E2BIG;
		alua.groups[alua.n_groups++] = group;
	}
	*ret = alua;
	return 0;
}

const struct alua_group *alua_find(const struct alua *alua, uint16_t id)
{
	for (uint32_t i = 0; i < alua->n_groups; i++)
		if (alua->groups[i].id == id)
			return &alua->groups[i];
	return NULL;
}

const char *alua_state_name(uint8_t state)
{
	static const char *const names[16] = {
		[ALUA_OPTIMIZED] = "active/optimized",
		[ALUA_NON_OPTIMIZED] = "active/non-optimized",
		[ALUA_STANDBY] = "standby",
		[ALUA_UNAVAILABLE] = "unavailable",
		[ALUA_LBA_DEPENDENT] = "lba-dependent",
		[ALUA_OFFLINE] = "offline",
		[ALUA_TRANSITIONING] = "transitioning",
	};
	const char *name = names[state & 0x0f];

	return state <= 0x0f && name ? name : "reserved";
}

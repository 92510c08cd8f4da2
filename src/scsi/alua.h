/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* REPORT TARGET PORT GROUPS parameter data (SPC-6 6.36) out of untrusted bytes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alua_state {
	ALUA_OPTIMIZED = 0x0,
	ALUA_NON_OPTIMIZED = 0x1,
	ALUA_STANDBY = 0x2,
	ALUA_UNAVAILABLE = 0x3,
	ALUA_LBA_DEPENDENT = 0x4,
	ALUA_OFFLINE = 0xe,
	ALUA_TRANSITIONING = 0xf,
};

struct alua_group {
	uint16_t id;
	uint8_t state; /* enum alua_state, or a value the standard reserves */
	uint8_t status_code;
	uint8_t supported_states; /* as sent: T O 0 LBD U S AN AO */
	uint8_t n_ports;
	bool preferred;
};

#define ALUA_GROUPS 64

struct alua {
	uint32_t n_groups;
	struct alua_group groups[ALUA_GROUPS];
};

/* How long the data is by its own word, header included; 0 when there is no header. */
size_t alua_length(const uint8_t *bytes, size_t len);

/* 0, -EBADMSG (a descriptor runs past the end), -EMSGSIZE (the data is longer than len), -E2BIG
 * (more groups than fit). Understands both header formats. */
int alua_decode(const uint8_t *bytes, size_t len, struct alua *ret);

/* Borrowed from alua; NULL when it has no such group. */
const struct alua_group *alua_find(const struct alua *alua, uint16_t id);

/* As the kernel's access_state attribute spells it; "reserved" for others. */
const char *alua_state_name(uint8_t state);

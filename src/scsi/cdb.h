/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The commands we send. Each fills cdb and returns how many of its bytes are the command. */
#include <stddef.h>
#include <stdint.h>

#define CDB_BYTES 16

enum report_luns_select {
	REPORT_LUNS_ADDRESSED = 0x00, /* without the well known ones */
	REPORT_LUNS_WELL_KNOWN = 0x01,
	REPORT_LUNS_ALL = 0x02,
};

size_t cdb_test_unit_ready(uint8_t cdb[CDB_BYTES]);
size_t cdb_inquiry(uint8_t cdb[CDB_BYTES], uint16_t allocation_bytes);
size_t cdb_inquiry_vpd(uint8_t cdb[CDB_BYTES], uint8_t page, uint16_t allocation_bytes);
size_t cdb_report_luns(
	uint8_t cdb[CDB_BYTES], enum report_luns_select select, uint32_t allocation_bytes);
size_t cdb_report_target_port_groups(uint8_t cdb[CDB_BYTES], uint32_t allocation_bytes);

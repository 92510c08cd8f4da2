/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/cdb.h"

#include <string.h>

enum {
	OP_TEST_UNIT_READY = 0x00,
	OP_INQUIRY = 0x12,
	OP_REPORT_LUNS = 0xa0,
	OP_MAINTENANCE_IN = 0xa3,
	ACTION_REPORT_TARGET_PORT_GROUPS = 0x0a,
	INQUIRY_EVPD = 0x01,
};

static void put_be32(uint8_t *b, uint32_t n)
{
	b[0] = (uint8_t)(n >> 24);
	b[1] = (uint8_t)(n >> 16);
	b[2] = (uint8_t)(n >> 8);
	b[3] = (uint8_t)n;
}

size_t cdb_test_unit_ready(uint8_t cdb[CDB_BYTES])
{
	memset(cdb, 0, CDB_BYTES);
	cdb[0] = OP_TEST_UNIT_READY;
	return 6;
}

size_t cdb_inquiry(uint8_t cdb[CDB_BYTES], uint16_t allocation_bytes)
{
	memset(cdb, 0, CDB_BYTES);
	cdb[0] = OP_INQUIRY;
	cdb[3] = (uint8_t)(allocation_bytes >> 8);
	cdb[4] = (uint8_t)allocation_bytes;
	return 6;
}

size_t cdb_inquiry_vpd(uint8_t cdb[CDB_BYTES], uint8_t page, uint16_t allocation_bytes)
{
	size_t len = cdb_inquiry(cdb, allocation_bytes);

	cdb[1] = INQUIRY_EVPD;
	cdb[2] = page;
	return len;
}

size_t cdb_report_luns(
	uint8_t cdb[CDB_BYTES], enum report_luns_select select, uint32_t allocation_bytes)
{
	memset(cdb, 0, CDB_BYTES);
	cdb[0] = OP_REPORT_LUNS;
	cdb[2] = (uint8_t)select;
	put_be32(cdb + 6, allocation_bytes);
	return 12;
}

size_t cdb_report_target_port_groups(uint8_t cdb[CDB_BYTES], uint32_t allocation_bytes)
{
	memset(cdb, 0, CDB_BYTES);
	cdb[0] = OP_MAINTENANCE_IN;
	cdb[1] = ACTION_REPORT_TARGET_PORT_GROUPS;
	put_be32(cdb + 6, allocation_bytes);
	return 12;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One SCSI command through an sg node (v3 interface). Submitted and collected, or in one call that
 * waits. Only the process that opened the descriptor may submit and collect; sg_ask() works in a
 * forked child too, and on a block node.
 */
#include <stddef.h>
#include <stdint.h>

#include "scsi/answer.h"
#include "scsi/cdb.h"

/* What must stay where it is while the command is in flight. */
struct sg_command {
	uint8_t cdb[CDB_BYTES];
	size_t cdb_bytes;
	uint8_t *data; /* borrowed; NULL when none is read */
	uint32_t data_bytes;
	uint32_t timeout_ms;
	uint8_t sense[SCSI_ANSWER_SENSE];
};

/* To be called once on a new descriptor: answers are then collected by their pack_id. */
int sg_prepare(int fd);

/* Opened O_NONBLOCK it waits for no answer, but may for a free tag of the host. 0 or negative
 * errno; then nothing is in flight. */
int sg_submit(int fd, const struct sg_command *command, int pack_id);

/* 0, or -EAGAIN: no answer yet. Any other failure is the answer (ret->error). *ret_bytes: of data.
 */
int sg_collect(int fd, const struct sg_command *command, int pack_id, struct scsi_answer *ret,
	uint32_t *ret_bytes);

/* Blocks for the answer. Failures are in ret->error. */
void sg_ask(int fd, const struct sg_command *command, struct scsi_answer *ret, uint32_t *ret_bytes);

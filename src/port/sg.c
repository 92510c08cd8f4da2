/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/sg.h"

#include <errno.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void fill_header(struct sg_io_hdr *h, const struct sg_command *command, int pack_id)
{
	*h = (struct sg_io_hdr){
		.interface_id = 'S',
		.dxfer_direction = command->data_bytes ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
		.cmd_len = (unsigned char)command->cdb_bytes,
		.mx_sb_len = SCSI_ANSWER_SENSE,
		.dxfer_len = command->data_bytes,
		.dxferp = command->data,
		.cmdp = (unsigned char *)command->cdb,
		.sbp = (unsigned char *)command->sense,
		.timeout = command->timeout_ms,
		.pack_id = pack_id,
	};
}

static uint8_t as_byte(unsigned n)
{
	return n > UINT8_MAX ? UINT8_MAX : (uint8_t)n;
}

static void read_header(const struct sg_io_hdr *h, const struct sg_command *command,
	struct scsi_answer *ret, uint32_t *ret_bytes)
{
	size_t sense_bytes = h->sb_len_wr < SCSI_ANSWER_SENSE ? h->sb_len_wr : SCSI_ANSWER_SENSE;

	*ret = (struct scsi_answer){
		.status = h->status,
		.host_status = as_byte(h->host_status),
		.driver_status = as_byte(h->driver_status),
		.sense_len = (uint8_t)sense_bytes,
	};
	memcpy(ret->sense, command->sense, sense_bytes);
	*ret_bytes = command->data_bytes;
	if (h->resid > 0)
		*ret_bytes -= (uint32_t)h->resid < *ret_bytes ? (uint32_t)h->resid : *ret_bytes;
}

int sg_prepare(int fd)
{
	int yes = 1;

	return ioctl(fd, SG_SET_FORCE_PACK_ID, &yes) < 0 ? -errno : 0;
}

int sg_submit(int fd, const struct sg_command *command, int pack_id)
{
	struct sg_io_hdr h;
	ssize_t n;

	fill_header(&h, command, pack_id);
	do {
		n = write(fd, &h, sizeof h);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int sg_collect(int fd, const struct sg_command *command, int pack_id, struct scsi_answer *ret,
	uint32_t *ret_bytes)
{
	struct sg_io_hdr h;
	ssize_t n;

	fill_header(&h, command, pack_id);
	do {
		n = read(fd, &h, sizeof h);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -EAGAIN;
	if (n < 0) {
		*ret = (struct scsi_answer){ .error = -errno };
		*ret_bytes = 0;
		return 0;
	}
	read_header(&h, command, ret, ret_bytes);
	return 0;
}

void sg_ask(int fd, const struct sg_command *command, struct scsi_answer *ret, uint32_t *ret_bytes)
{
	struct sg_io_hdr h;
	int r;

	fill_header(&h, command, 0);
	do {
		r = ioctl(fd, SG_IO, &h);
	} while (r < 0 && errno == EINTR);
	if (r < 0) {
		*ret = (struct scsi_answer){ .error = -errno };
		*ret_bytes = 0;
		return;
	}
	read_header(&h, command, ret, ret_bytes);
}

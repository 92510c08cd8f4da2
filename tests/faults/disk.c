/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fault.h"

static char root[64];
static enum disk_answer answers;

static const char *place(const char *path)
{
	static char whole[512];

	snprintf(whole, sizeof whole, "%s/%s", root, path);
	return whole;
}

void disk_folder(const char *path)
{
	char command[600];

	snprintf(command, sizeof command, "mkdir -p '%s'", place(path));
	assert_int_equal(system(command), 0);
}

void disk_remove(const char *path)
{
	char command[600];

	if (unlink(place(path)) == 0) /* a file: there may be many */
		return;
	snprintf(command, sizeof command, "rm -rf '%s'", place(path));
	assert_int_equal(system(command), 0);
}

void disk_write(const char *path, const char *text)
{
	FILE *file = fopen(place(path), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

bool disk_was_written(const char *path)
{
	struct stat st;

	assert_int_equal(stat(place(path), &st), 0);
	if (!st.st_size)
		return false;
	assert_int_equal(truncate(place(path), 0), 0);
	return true;
}

bool disk_holds(const char *path, const char *text)
{
	FILE *file = fopen(place(path), "re");
	char line[64] = "";

	assert_non_null(file);
	if (!fgets(line, sizeof line, file))
		line[0] = '\0';
	fclose(file);
	return !strcmp(line, text);
}

bool disk_has(const char *path)
{
	struct stat st;

	return stat(place(path), &st) == 0;
}

/* Page 83h, as far as there is room for it. */
static void identify(struct sg_io_hdr *h)
{
	static const uint8_t page[] = { 0x00, 0x83, 0, 20, 0x01, 0x03, 0, 16, 0x60, 0x01, 0x40,
		0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	unsigned len = h->dxfer_len < sizeof page ? h->dxfer_len : sizeof page;

	memcpy(h->dxferp, page, len);
	h->resid = (int)(h->dxfer_len - len);
}

/* It and LUN 0. */
static void list(struct sg_io_hdr *h)
{
	static const uint8_t luns[] = { 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
		0, 0, 0, 0 };
	unsigned len = h->dxfer_len < sizeof luns ? h->dxfer_len : sizeof luns;

	memcpy(h->dxferp, luns, len);
	h->resid = (int)(h->dxfer_len - len);
}

static int on_ioctl(int fd, unsigned long request, void *arg)
{
	static const uint8_t gone[] = { 0x72, 0x05, 0x25, 0x00, 0, 0, 0, 0 };
	struct sg_io_hdr *h = arg;

	(void)fd;
	if (request == SG_SET_FORCE_PACK_ID)
		return 0;
	if (request == BLKFLSBUF) {
		disk_write(DISK_FLUSHED, "");
		return 0;
	}
	if (request != SG_IO)
		return 1;
	h->status = 0;
	h->resid = 0;
	if (h->dxfer_len) {
		memset(h->dxferp, 0, h->dxfer_len);
		*(uint8_t *)h->dxferp = answers == DISK_GOOD ? 0x00 : 0x7f;
		if (answers == DISK_GOOD && h->cmdp[0] == 0x12 && h->cmdp[1] & 1)
			identify(h);
		if (answers == DISK_GOOD && h->cmdp[0] == 0xa0)
			list(h);
	} else if (answers == DISK_GONE) {
		h->status = 0x02;
		h->sb_len_wr = sizeof gone;
		memcpy(h->sbp, gone, sizeof gone);
	}
	return 0;
}

void disk_answers(enum disk_answer answer)
{
	answers = answer;
}

static void make_node(const char *class, const char *name, const char *kind, const char *number)
{
	char path[256];

	snprintf(path, sizeof path, "sys/" DISK "/%s/%s", class, name);
	disk_folder(path);
	snprintf(path, sizeof path, "sys/" DISK "/%s/%s/dev", class, name);
	disk_write(path, number);
	snprintf(path, sizeof path, "sys/dev/%s/%s", kind, number);
	disk_folder(path);
	snprintf(path, sizeof path, "%s/sys/dev/%s/%s/device", root, kind, number);
	assert_int_equal(symlink("../../../" DISK, path), 0);
}

const char *disk_begin(bool with_sg)
{
	TEXT_SET(root, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(root));
	disk_folder("sys/" DISK "/block/sda/holders");
	disk_folder("sys/devices/pci0/host3/session1/iscsi_session/session1");
	disk_folder("dev");
	disk_folder("run");
	disk_write("sys/" DISK "/delete", "");
	disk_write("sys/" DISK "/state", "running\n");
	disk_write("sys/" DISK "/timeout", "30\n");
	disk_write("sys/" DISK "/driver", "");
	disk_write("sys/devices/pci0/host3/session1/iscsi_session/session1/state", "LOGGED_IN\n");
	make_node("block", "sda", "block", "8:0");
	disk_write("dev/sda", "");
	disk_write("dev/sda.node", "b 8:0");
	if (with_sg) {
		make_node("scsi_generic", "sg0", "char", "21:0");
		assert_int_equal(mkfifo(place("dev/sg0"), 0600), 0);
		disk_write("dev/sg0.node", "c 21:0");
	}
	assert_int_equal(setenv("PATHKEEPER_RUNTIME_DIR", place("run"), 1), 0);
	fault_world(root);
	fault_on_ioctl(on_ioctl);
	disk_answers(DISK_GONE);
	return root;
}

void disk_end(void)
{
	fault_world(NULL);
	fault_on_ioctl(NULL);
	disk_remove("");
}

struct act_watch disk_watch(void)
{
	struct act_watch watch = { .host = 3, .devt = { 8, 0 }, .sg = { 21, 0 } };
	struct stat st;

	assert_int_equal(stat(place("sys/" DISK), &st), 0);
	watch.ino = st.st_ino;
	TEXT_SET(watch.sysfs, DISK);
	return watch;
}

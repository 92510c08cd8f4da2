/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every block of a volume says which volume and which block it is, so that a block that was read
 * or written through another volume's path is known for ever.
 *
 *   pattern fill DEVICE MARK      write all of it
 *   pattern work DEVICE MARK      read and write random blocks until a SIGTERM; what it did is
 * printed pattern verify FILE MARK      read all of it
 *
 * Ends with 1 when a block was not what it should be. I/O that failed is counted and tried again:
 * the kernel gives an error upwards where a LUN is taken away under I/O.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, MARK = 32, WRONG_TOLD = 8, PAUSE_NS = 4000000 };

struct record {
	char mark[MARK];
	uint64_t block, sequence, reserved[2];
};

struct volume {
	int fd;
	char mark[MARK];
	uint64_t n_blocks, reads, writes, failed, wrong;
	union {
		struct record records[BLOCK / sizeof(struct record)];
		uint8_t bytes[BLOCK];
	} * buffer;
};

static volatile sig_atomic_t ends;

static void end(int signal)
{
	(void)signal;
	ends = 1;
}

static void fill(struct volume *v, uint64_t block, uint64_t sequence)
{
	struct record record = { .block = block, .sequence = sequence };

	memcpy(record.mark, v->mark, MARK);
	for (size_t i = 0; i < BLOCK / sizeof record; i++)
		v->buffer->records[i] = record;
}

static void compare(struct volume *v, uint64_t block)
{
	const struct record *first = &v->buffer->records[0];
	bool good = !memcmp(first->mark, v->mark, MARK) && first->block == block;

	for (size_t i = 1; good && i < BLOCK / sizeof *first; i++)
		good = !memcmp(first, &v->buffer->records[i], sizeof *first);
	if (good)
		return;
	if (v->wrong++ < WRONG_TOLD)
		printf("block %" PRIu64 " of %s is block %" PRIu64 " of %.*s\n", block, v->mark,
			first->block, MARK, first->mark);
}

static bool write_block(struct volume *v, uint64_t block, uint64_t sequence)
{
	fill(v, block, sequence);
	v->writes++;
	return pwrite(v->fd, v->buffer, BLOCK, (off_t)(block * BLOCK)) == BLOCK;
}

static bool read_block(struct volume *v, uint64_t block)
{
	v->reads++;
	if (pread(v->fd, v->buffer, BLOCK, (off_t)(block * BLOCK)) != BLOCK)
		return false;
	compare(v, block);
	return true;
}

static int all(struct volume *v, bool writes)
{
	for (uint64_t block = 0; block < v->n_blocks; block++)
		if (!(writes ? write_block(v, block, 0) : read_block(v, block))) {
			perror("pattern");
			return -1;
		}
	return writes ? fsync(v->fd) : 0;
}

static void work(struct volume *v)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t z = (uint64_t)getpid() << 20, sequence = 1;

	while (!ends) {
		uint64_t block;
		bool good;

		z = z * 6364136223846793005u + 1442695040888963407u;
		block = (z >> 33) % v->n_blocks;
		good = z >> 62 ? read_block(v, block) : write_block(v, block, sequence++);
		v->failed += !good;
		nanosleep(&pause, NULL);
	}
}

static int open_volume(struct volume *v, const char *path, const char *mark, int flags)
{
	off_t size;

	v->fd = open(path, flags | O_CLOEXEC);
	if (v->fd < 0)
		return -1;
	size = lseek(v->fd, 0, SEEK_END);
	if (size < BLOCK || posix_memalign((void **)&v->buffer, BLOCK, BLOCK))
		return -1;
	snprintf(v->mark, sizeof v->mark, "%s", mark);
	v->n_blocks = (uint64_t)size / BLOCK;
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc == 4 ? argv[1] : "";
	bool fills = !strcmp(verb, "fill"), works = !strcmp(verb, "work");
	struct volume v = { 0 };
	int r = 0;

	if (!fills && !works && strcmp(verb, "verify") != 0) {
		fprintf(stderr, "usage: pattern fill|work|verify DEVICE MARK\n");
		return 2;
	}
	signal(SIGTERM, end);
	if (open_volume(&v, argv[2], argv[3],
		    works   ? O_RDWR | O_DIRECT
		    : fills ? O_RDWR
			    : O_RDONLY) < 0) {
		perror(argv[2]);
		return 1;
	}
	if (works)
		work(&v);
	else
		r = all(&v, fills);
	printf("%s: %" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64 " failed, %" PRIu64 " wrong\n",
		v.mark, v.reads, v.writes, v.failed, v.wrong);
	free(v.buffer);
	close(v.fd);
	return r < 0 || v.wrong ? 1 : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A story as a file: a seed, until when, and what happened by itself, a line each:
 *
 *	seed 17
 *	until 405678
 *	345000 unmap 9837492834	  (when, what, and the stream that it draws from)
 *
 * It names every disturbance, so that it stays what it is when others are added to the simulation.
 */
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

int story_write(const char *file, const struct tale *tale, const struct outcome *outcome)
{
	FILE *f = fopen(file, "we");
	int r;

	if (!f)
		return -errno;
	fprintf(f, "# %s\nseed %" PRIu64 "\nuntil %" PRIu64 "\n", outcome->words, tale->seed,
		tale->until.ms);
	for (uint32_t i = 0; i < tale->n; i++)
		fprintf(f, "%" PRIu64 " %s %" PRIu64 "\n", tale->list[i].at.ms,
			disturb_deed(tale->list[i].deed)->name, tale->list[i].stream);
	r = ferror(f) ? -EIO : 0;
	return fclose(f) == 0 ? r : -errno;
}

static bool find_deed(const char *name, uint32_t *ret)
{
	const struct deed *deed;

	for (uint32_t i = 0; (deed = disturb_deed(i)); i++)
		if (!strcmp(deed->name, name)) {
			*ret = i;
			return true;
		}
	return false;
}

static int read_line(const char *line, struct tale *tale, struct disturbance *ret)
{
	char name[32];

	*ret = (struct disturbance){ 0 };
	if (line[0] == '#' || line[0] == '\n')
		return 0;
	if (sscanf(line, "seed %" SCNu64, &tale->seed) == 1 ||
		sscanf(line, "until %" SCNu64, &tale->until.ms) == 1)
		return 0;
	if (sscanf(line, "%" SCNu64 " %31s %" SCNu64, &ret->at.ms, name, &ret->stream) != 3 ||
		!find_deed(name, &ret->deed))
		return -EINVAL;
	return 1;
}

int story_read(const char *file, struct tale *ret)
{
	FILE *f = fopen(file, "re");
	struct disturbance *list = NULL;
	struct tale tale = { .told = true };
	char line[512];
	int r = f ? 0 : -errno;

	while (r >= 0 && fgets(line, sizeof line, f)) {
		struct disturbance one, *more;

		r = read_line(line, &tale, &one);
		if (r <= 0)
			continue;
		more = realloc(list, (tale.n + 1) * sizeof *list);
		if (!more) {
			r = -ENOMEM;
			break;
		}
		list = more;
		list[tale.n++] = one;
	}
	if (f)
		fclose(f);
	if (r < 0) {
		free(list);
		return r;
	}
	tale.list = list;
	*ret = tale;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"
#include "observe/mountinfo.h"
#include "observe/visitor.h"
#include "port/sysfs.h"

/* Through whom a namespace is read. */
struct witness {
	uint32_t pid; /* 0: nobody to be named */
	bool is_first, is_own;
};

/* What the host cannot do without, where the first process has it mounted. */
static const char *const critical_points[] = { "/", "/boot", "/boot/efi", "/efi", "/usr", "/var" };

static bool is_critical(const char *point)
{
	for (size_t i = 0; i < ARRAY_SIZE(critical_points); i++)
		if (!strcmp(point, critical_points[i]))
			return true;
	return false;
}

/* "mnt:[4026531841]" */
static int parse_namespace(const char *name, uint64_t *ret)
{
	char number[24];
	size_t len = strlen(name);

	if (strncmp(name, "mnt:[", 5) != 0 || name[len - 1] != ']' || len - 6 >= sizeof number)
		return -EBADMSG;
	memcpy(number, name + 5, len - 6);
	number[len - 6] = '\0';
	return number_parse_u64(number, 1, UINT64_MAX, ret);
}

static int read_namespace(int at, const char *path, uint64_t *ret)
{
	char name[64];
	int r = sysfs_read_link(at, path, name, sizeof name);

	return r < 0 ? r : parse_namespace(name, ret);
}

static struct mount_namespace *find_namespace(struct mounts *m, uint64_t inode)
{
	for (size_t i = 0; i < m->n_namespaces; i++)
		if (m->namespaces[i].inode == inode)
			return &m->namespaces[i];
	if (!scan_grow(m->scan, &m->namespaces, m->n_namespaces, sizeof *m->namespaces))
		return NULL;
	m->namespaces[m->n_namespaces] = (struct mount_namespace){ .inode = inode };
	return &m->namespaces[m->n_namespaces++];
}

/* The same mount is seen in many namespaces: once is enough, and the first process' is the best. */
static void add_use(struct mounts *m, const struct mount_use *use, bool is_first)
{
	for (size_t i = 0; i < m->n_uses; i++) {
		struct mount_use *known = &m->uses[i];

		if (!devt_equal(&known->devt, &use->devt) ||
			!devt_equal(&known->source, &use->source) ||
			strcmp(known->point, use->point) != 0)
			continue;
		known->critical |= use->critical;
		if (is_first)
			known->pid = 0;
		return;
	}
	if (!scan_grow(m->scan, &m->uses, m->n_uses, sizeof *m->uses))
		return;
	m->uses[m->n_uses++] = *use;
}

/* One mount can keep several devices: what it lies on, what it names, where its journal is. */
static void note_use(struct mounts *m, const struct mountinfo *line, const struct witness *by)
{
	struct mount_use use = { .devt = line->devt, .pid = by->is_first ? 0 : by->pid };
	static const char *const others[] = { "logdev", "rtdev" };
	char path[128];

	TEXT_SET(use.point, line->point);
	use.critical = by->is_first && is_critical(line->point);
	if (!line->devt.major)
		scan_path_number(m->scan, line->source, &use.source);
	if (use.devt.major || use.source.major)
		add_use(m, &use, by->is_first);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (mountinfo_option(line->options, others[i], path, sizeof path) &&
			scan_path_number(m->scan, path, &use.devt) >= 0)
			add_use(m, &use, by->is_first);
}

static bool is_below(const char *path, const char *point, size_t len)
{
	return len == 1 || (!strncmp(path, point, len) && (path[len] == '/' || !path[len]));
}

/* The last of two mounts on the same point hides the other. */
static void note_places(struct mounts *m, const struct mountinfo *line)
{
	size_t len = strlen(line->point);

	for (size_t i = 0; i < m->n_places; i++) {
		struct mount_place *place = &m->places[i];

		if (len < place->matched || !is_below(place->path, line->point, len))
			continue;
		place->matched = len;
		place->devt = line->devt;
		place->source = (struct devt){ 0 };
		scan_path_number(m->scan, line->source, &place->source);
	}
}

static void note_bound(struct mounts *m, const struct mountinfo *line, bool is_own)
{
	struct mount_bound bound = { 0 };

	if (strcmp(line->type, "nsfs") != 0 || parse_namespace(line->root, &bound.inode) < 0)
		return;
	if (!scan_grow(m->scan, &m->bound, m->n_bound, sizeof *m->bound))
		return;
	if (is_own)
		bound.path = strdup(line->point);
	m->bound[m->n_bound++] = bound;
}

static void note_id(struct mounts *m, const struct mountinfo *line)
{
	if (mountinfo_is_remote(line->type))
		return;
	if (scan_grow(m->scan, &m->local_ids, m->n_local_ids, sizeof *m->local_ids))
		m->local_ids[m->n_local_ids++] = line->id;
}

/* 0, or negative errno: the process ended, or will not be looked at. */
static int read_mountinfo(struct mounts *m, int dir, const struct witness *by)
{
	int fd = openat(dir, "mountinfo", O_RDONLY | O_CLOEXEC);
	_cleanup_(freep) char *line = NULL;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	size_t size = 0;
	int r;

	if (!file) {
		r = -errno;
		close_fd(fd);
		return r;
	}
	while (getline(&line, &size, file) >= 0) {
		struct mountinfo parsed;

		if (mountinfo_parse(line, &parsed) < 0) {
			m->scan->incomplete = true;
			continue;
		}
		note_use(m, &parsed, by);
		note_bound(m, &parsed, by->is_own);
		note_id(m, &parsed);
		if (by->is_own)
			note_places(m, &parsed);
	}
	r = feof(file) ? 0 : -EIO; /* without memory for a line there is neither end nor error */
	fclose(file);
	return r;
}

/* Reads the namespace that the process is in, unless that was done. 0 or negative errno. */
static int read_process(struct mounts *m, int dir, uint32_t pid)
{
	struct witness by = { .pid = pid };
	struct mount_namespace *ns;
	uint64_t inode;
	int r = read_namespace(dir, "ns/mnt", &inode);

	if (r < 0)
		return r;
	ns = find_namespace(m, inode);
	if (!ns || ns->is_read)
		return 0;
	by.is_first = inode == m->first;
	by.is_own = inode == m->own;
	r = read_mountinfo(m, dir, &by);
	ns->is_read = r >= 0;
	return r;
}

static void on_process(void *arg, int dir, uint32_t pid)
{
	struct mounts *m = arg;
	int r = read_process(m, dir, pid);

	if (r < 0)
		scan_missed(m->scan, dir, r);
}

static bool was_read(const struct mounts *m, uint64_t inode)
{
	for (size_t i = 0; i < m->n_namespaces; i++)
		if (m->namespaces[i].inode == inode)
			return m->namespaces[i].is_read;
	return false;
}

static int visit(struct mounts *m, const struct mount_bound *bound)
{
	_cleanup_(closep) int dir = -1;
	struct visitor visitor;
	char pid[16];
	int r;

	if (!bound->path)
		return -EXDEV;
	r = visitor_enter(m->scan->root, bound->path, bound->inode, m->scan->deadline, &visitor);
	if (r < 0)
		return r;
	snprintf(pid, sizeof pid, "%d", visitor.pid);
	dir = openat(m->scan->proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? -errno : read_process(m, dir, 0);
	visitor_leave(&visitor);
	return r;
}

/* Namespaces without processes, or whose processes ended before they were read. The list grows: in
 * such a namespace another one's file may be bound, which we then do not see. */
static void visit_bound(struct mounts *m)
{
	for (size_t i = 0; i < m->n_bound && scan_goes_on(m->scan); i++)
		if (!was_read(m, m->bound[i].inode))
			visit(m, &m->bound[i]);
	for (size_t i = 0; i < m->n_bound; i++)
		if (!was_read(m, m->bound[i].inode))
			m->scan->incomplete = true;
}

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void mounts_read(struct scan *scan, struct mount_place *places, size_t n_places, struct mounts *ret)
{
	*ret = (struct mounts){ .scan = scan, .places = places, .n_places = n_places };
	if (read_namespace(scan->proc, "1/ns/mnt", &ret->first) < 0 ||
		read_namespace(scan->proc, "self/ns/mnt", &ret->own) < 0)
		scan->incomplete = true;
	scan_processes(scan, on_process, ret);
	visit_bound(ret);
	if (ret->n_local_ids)
		qsort(ret->local_ids, ret->n_local_ids, sizeof *ret->local_ids, compare_ids);
}

void mounts_done(struct mounts *mounts)
{
	free(mounts->uses);
	free(mounts->namespaces);
	for (size_t i = 0; i < mounts->n_bound; i++)
		free(mounts->bound[i].path);
	free(mounts->bound);
	free(mounts->local_ids);
}

bool mounts_is_local(const struct mounts *mounts, uint32_t id)
{
	return mounts->n_local_ids &&
	       bsearch(&id, mounts->local_ids, mounts->n_local_ids, sizeof id, compare_ids) != NULL;
}

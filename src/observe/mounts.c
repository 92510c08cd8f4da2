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
	uint32_t pid;	   /* 0: nobody to be named */
	const char *bound; /* the namespace's file; NULL: there was no need of it */
	uint64_t namespace;
	bool is_first;
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

int mounts_namespace(int dir, uint64_t *ret)
{
	return read_namespace(dir, "ns/mnt", ret);
}

/* Does one go when the other is unmounted? A copy that follows nobody stays. */
static bool goes_along(const struct mount_use *a, const struct mount_use *b)
{
	return a->namespace == b->namespace ||
	       (a->shared && (a->shared == b->shared || a->shared == b->master)) ||
	       (a->master && a->master == b->shared);
}

/* The same mount is seen in many namespaces: once is enough, and the first process' is the best. */
static bool is_known(struct mounts *m, const struct mount_use *use, bool is_first)
{
	for (size_t i = 0; i < m->n_uses; i++) {
		struct mount_use *known = &m->uses[i];

		if (!devt_equal(&known->devt, &use->devt) ||
			!devt_equal(&known->source, &use->source) || !goes_along(known, use) ||
			strcmp(known->point, use->point) != 0)
			continue;
		known->critical |= use->critical;
		if (is_first)
			known->pid = 0;
		return true;
	}
	return false;
}

/* Takes copies of the texts. */
static void add_use(struct mounts *m, const struct mount_use *use, bool is_first)
{
	struct mount_use added = *use;

	if (is_known(m, use, is_first) || !scan_grow(m->scan, &m->uses, m->n_uses, sizeof *m->uses))
		return;
	added.point = strdup(use->point);
	added.bound = use->bound ? strdup(use->bound) : NULL;
	m->scan->incomplete |= !added.point || (use->bound && !added.bound);
	if (added.point)
		m->uses[m->n_uses++] = added;
	else
		free(added.bound);
}

/* One mount can keep several devices: what it lies on, what it names, where its journal is. */
static void note_use(struct mounts *m, const struct mountinfo *line, const struct devt *source,
	const struct witness *by)
{
	struct mount_use use = {
		.devt = line->devt,
		.source = *source,
		.pid = by->is_first ? 0 : by->pid,
		.shared = line->shared,
		.master = line->master,
		.namespace = by->namespace,
		.critical = by->is_first && is_critical(line->point),
		.point = (char *)line->point,
		.bound = (char *)by->bound,
	};
	static const char *const others[] = { "logdev", "rtdev" };
	char path[128];

	if (use.devt.major || use.source.major)
		add_use(m, &use, by->is_first);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (mountinfo_option(line->options, others[i], path, sizeof path) &&
			scan_path_number(m->scan, path, &use.devt) >= 0)
			add_use(m, &use, by->is_first);
}

static void note_line(struct mounts *m, const struct mountinfo *line, const struct devt *source,
	const struct witness *by)
{
	struct mount_line *added;

	if (!scan_grow(m->scan, &m->lines, m->n_lines, sizeof *m->lines))
		return;
	added = &m->lines[m->n_lines];
	*added = (struct mount_line){
		.namespace = by->namespace,
		.id = line->id,
		.is_local = !mountinfo_is_remote(line->type),
		.devt = line->devt,
		.source = *source,
		.point = strdup(line->point),
	};
	m->n_lines += added->point != NULL;
	m->scan->incomplete |= !added->point;
}

static bool is_below(const char *path, const char *point, size_t len)
{
	return len == 1 || (!strncmp(path, point, len) && (path[len] == '/' || !path[len]));
}

/* The last of two mounts on the same point hides the other. */
const struct mount_line *mounts_by_path(
	const struct mounts *mounts, uint64_t namespace, const char *path)
{
	const struct mount_line *found = NULL;
	size_t matched = 0;

	for (size_t i = 0; path[0] == '/' && i < mounts->n_lines; i++) {
		const struct mount_line *line = &mounts->lines[i];
		size_t len = strlen(line->point);

		if (line->namespace != namespace || len < matched ||
			!is_below(path, line->point, len))
			continue;
		matched = len;
		found = line;
	}
	return found;
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
		struct devt source = { 0 };
		struct mountinfo parsed;

		if (mountinfo_parse(line, &parsed) < 0) {
			m->scan->incomplete = true;
			continue;
		}
		if (!parsed.devt.major)
			scan_path_number(m->scan, parsed.source, &source);
		note_use(m, &parsed, &source, by);
		note_line(m, &parsed, &source, by);
		note_bound(m, &parsed, by->namespace == m->own);
	}
	r = feof(file) ? 0 : -EIO; /* without memory for a line there is neither end nor error */
	fclose(file);
	return r;
}

/* Reads the namespace that the process is in, unless that was done. 0 or negative errno. */
static int read_process(struct mounts *m, int dir, uint32_t pid, const char *bound)
{
	struct witness by = { .pid = pid, .bound = bound };
	struct mount_namespace *ns;
	int r = mounts_namespace(dir, &by.namespace);

	if (r < 0)
		return r;
	ns = find_namespace(m, by.namespace);
	if (!ns || ns->is_read)
		return 0;
	by.is_first = by.namespace == m->first;
	r = read_mountinfo(m, dir, &by);
	ns->is_read = r >= 0;
	return r;
}

/* Its list of mounts begins at its own root. */
static bool is_jailed(int dir)
{
	char root[2];
	int r = sysfs_read_link(dir, "root", root, sizeof root);

	return r == -ENAMETOOLONG || (r >= 0 && strcmp(root, "/") != 0);
}

static void on_process(void *arg, int dir, uint32_t pid)
{
	struct mounts *m = arg;
	struct mount_namespace *ns;
	uint64_t inode;
	int r;

	if (!is_jailed(dir)) {
		r = read_process(m, dir, pid, NULL);
	} else {
		r = mounts_namespace(dir, &inode);
		ns = r < 0 ? NULL : find_namespace(m, inode);
		if (ns)
			ns->jailed = pid;
	}
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

/* at, path: of the namespace's file. pid, bound: by which it is known to people. */
static int visit(
	struct mounts *m, int at, const char *path, uint64_t inode, uint32_t pid, const char *bound)
{
	_cleanup_(closep) int dir = -1;
	struct visitor visitor;
	char own_pid[16];
	int r = visitor_enter(at, path, inode, m->scan->deadline, &visitor);

	if (r < 0)
		return r;
	snprintf(own_pid, sizeof own_pid, "%d", visitor.pid);
	dir = openat(m->scan->proc, own_pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? -errno : read_process(m, dir, pid, bound);
	visitor_leave(&visitor);
	return r;
}

/* Whoever enters a namespace has its root. */
static void visit_jailed(struct mounts *m)
{
	for (size_t i = 0; i < m->n_namespaces && scan_goes_on(m->scan); i++) {
		uint64_t inode = m->namespaces[i].inode;
		uint32_t pid = m->namespaces[i].jailed;
		char path[32];

		if (m->namespaces[i].is_read || !pid)
			continue;
		snprintf(path, sizeof path, "%u/ns/mnt", pid);
		visit(m, m->scan->proc, path, inode, pid, NULL);
	}
}

/* Namespaces without processes, or whose processes ended before they were read. The list grows: in
 * such a namespace another one's file may be bound, which we then do not see. */
static void visit_bound(struct mounts *m)
{
	for (size_t i = 0; i < m->n_bound && scan_goes_on(m->scan); i++)
		if (!was_read(m, m->bound[i].inode) && m->bound[i].path)
			visit(m, m->scan->root, m->bound[i].path, m->bound[i].inode, 0,
				m->bound[i].path);
	for (size_t i = 0; i < m->n_bound; i++)
		if (!was_read(m, m->bound[i].inode))
			m->scan->incomplete = true;
	for (size_t i = 0; i < m->n_namespaces; i++)
		if (m->namespaces[i].jailed && !m->namespaces[i].is_read)
			m->scan->incomplete = true;
}

static int compare_ids(const void *a, const void *b)
{
	const struct mount_index *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void sort_lines(struct mounts *m)
{
	m->by_id = calloc(m->n_lines + 1, sizeof *m->by_id);
	if (!m->by_id) {
		m->scan->incomplete = true;
		return;
	}
	for (size_t i = 0; i < m->n_lines; i++)
		m->by_id[i] = (struct mount_index){ m->lines[i].id, i };
	qsort(m->by_id, m->n_lines, sizeof *m->by_id, compare_ids);
}

static struct mount_spot spot_of(const struct mount_line *line)
{
	return line ? (struct mount_spot){ line->devt, line->source } : (struct mount_spot){ 0 };
}

static void find_place(const struct mounts *m, struct mount_place *place)
{
	const struct mount_line *own = mounts_by_path(m, m->own, place->path), *closest = own;

	for (size_t i = 0; i < m->n_namespaces; i++) {
		const struct mount_line *line = mounts_by_path(
			m, m->namespaces[i].inode, place->path);

		if (line && (!closest || strlen(line->point) > strlen(closest->point)))
			closest = line;
	}
	place->own = spot_of(own);
	place->elsewhere = spot_of(closest == own ? NULL : closest);
}

void mounts_read(struct scan *scan, struct mount_place *places, size_t n_places, struct mounts *ret)
{
	*ret = (struct mounts){ .scan = scan };
	if (read_namespace(scan->proc, "1/ns/mnt", &ret->first) < 0 ||
		read_namespace(scan->proc, "self/ns/mnt", &ret->own) < 0)
		scan->incomplete = true;
	scan_processes(scan, on_process, ret);
	visit_jailed(ret);
	visit_bound(ret);
	sort_lines(ret);
	for (size_t i = 0; i < n_places; i++)
		find_place(ret, &places[i]);
}

void mounts_done(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->n_uses; i++) {
		free(mounts->uses[i].point);
		free(mounts->uses[i].bound);
	}
	free(mounts->uses);
	free(mounts->namespaces);
	for (size_t i = 0; i < mounts->n_bound; i++)
		free(mounts->bound[i].path);
	free(mounts->bound);
	for (size_t i = 0; i < mounts->n_lines; i++)
		free(mounts->lines[i].point);
	free(mounts->lines);
	free(mounts->by_id);
}

const struct mount_line *mounts_by_id(const struct mounts *mounts, uint32_t id)
{
	const struct mount_index wanted = { .id = id }, *found;

	if (!mounts->by_id)
		return NULL;
	found = bsearch(&wanted, mounts->by_id, mounts->n_lines, sizeof wanted, compare_ids);
	return found ? &mounts->lines[found->line] : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/mountinfo.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

static const char *const remote_types[] = {
	"9p",
	"afs",
	"autofs",
	"beegfs",
	"ceph",
	"cifs",
	"coda",
	"fuse",
	"fuse.*",
	"gfs2",
	"gpfs",
	"lustre",
	"ncpfs",
	"nfs",
	"nfs4",
	"ocfs2",
	"orangefs",
	"smb3",
	"smbfs",
	"vboxsf",
	"virtiofs",
};

/* The character that \ooo stands for, 0: it is no escape. The kernel escapes blanks and
 * backslashes. */
static char escaped(const char *text)
{
	unsigned value = 0;

	if (text[0] != '\\' || text[1] < '0' || text[1] > '3')
		return 0;
	for (int i = 1; i <= 3; i++) {
		if (text[i] < '0' || text[i] > '7')
			return 0;
		value = value << 3 | (unsigned)(text[i] - '0');
	}
	return (char)value;
}

static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		char c = escaped(from);

		*to = c ? c : *from;
		from += c ? 4 : 1;
	}
	*to = '\0';
}

/* The next word, NULL at the end. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\n");

	if (!*word)
		return NULL;
	*line = word + strcspn(word, " \t\n");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

/* "shared:7", "master:3", and others that are of no concern. */
static void take_field(const char *word, struct mountinfo *m)
{
	if (!strncmp(word, "shared:", 7))
		number_parse_u32(word + 7, &m->shared);
	else if (!strncmp(word, "master:", 7))
		number_parse_u32(word + 7, &m->master);
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
int mountinfo_parse(char *line, struct mountinfo *ret)
{
	struct mountinfo m = { 0 };
	char *words[6], *word, *type, *source, *options;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = next_word(&line);
		if (!words[i])
			return -EBADMSG;
	}
	while ((word = next_word(&line)) && strcmp(word, "-") != 0)
		take_field(word, &m); /* there can be any number of them */
	type = next_word(&line);
	source = next_word(&line);
	options = next_word(&line);
	if (!word || !type || !source || number_parse_u32(words[0], &m.id) < 0 ||
		devt_parse(words[2], &m.devt) < 0)
		return -EBADMSG;
	unescape(words[3]);
	unescape(words[4]);
	unescape(source);
	m.root = words[3];
	m.point = words[4];
	m.type = type;
	m.source = source;
	m.options = options ? options : "";
	*ret = m;
	return 0;
}

bool mountinfo_option(const char *options, const char *name, char *ret, size_t size)
{
	size_t len = strlen(name);

	while (*options) {
		size_t n = strcspn(options, ",");

		if (n > len && !strncmp(options, name, len) && options[len] == '=' &&
			n - len - 1 < size) {
			memcpy(ret, options + len + 1, n - len - 1);
			ret[n - len - 1] = '\0';
			unescape(ret);
			return true;
		}
		options += n + (options[n] == ',');
	}
	return false;
}

bool mountinfo_is_remote(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(remote_types); i++) {
		size_t n = strlen(remote_types[i]) - 1;

		if (remote_types[i][n] == '*' ? !strncmp(type, remote_types[i], n)
					      : !strcmp(type, remote_types[i]))
			return true;
	}
	return false;
}

/* "/dev/dm-2                               partition	1048572		0		-2" */
int mountinfo_parse_swap(char *line, struct swap_line *ret)
{
	char *name = next_word(&line), *type = next_word(&line);

	if (!name || !type || name[0] != '/')
		return -EBADMSG;
	unescape(name);
	ret->name = name;
	ret->is_file = strcmp(type, "partition") != 0;
	return 0;
}

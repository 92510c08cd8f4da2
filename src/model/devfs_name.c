/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/devfs_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scsi/address.h"

/* A word, and how long it is: none of these texts ends where the word does. */
struct piece {
	const char *at;
	size_t len;
};

struct component {
	struct piece word, address; /* address.len 0: none */
	const char *minor;	    /* NULL: none */
};

/* Called so by the kernel, with an address behind it. No driver is bound to these. */
static const struct {
	const char *prefix, *word;
} called[] = {
	{ "host", "host" },
	{ "target", "target" },
	{ "session", "session" },
	{ "rport-", "rport" },
	{ "port-", "port" },
	{ "end_device-", "end_device" },
	{ "ata", "ata" },
	{ "dm-", "dm" },
	{ "md", "md" },
	{ "loop", "loop" },
};

static struct piece piece_of(const char *text, size_t len)
{
	return (struct piece){ text, len };
}

static bool is_same(struct piece a, struct piece b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

static bool is_digits(struct piece p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!isdigit((unsigned char)p.at[i]))
			return false;
	return p.len > 0;
}

static bool is_without_driver(struct piece word)
{
	for (size_t i = 0; i < ARRAY_SIZE(called); i++)
		if (is_same(word, piece_of(called[i].word, strlen(called[i].word))))
			return true;
	return false;
}

/* "virtio2", "nvme0": how long its word is, 0: it is not of this form. */
static size_t length_of_word(struct piece name)
{
	size_t n = 0;

	while (n < name.len && (isalpha((unsigned char)name.at[n]) || name.at[n] == '_'))
		n++;
	return is_digits(piece_of(name.at + n, name.len - n)) ? n : 0;
}

/* The kernel's name of a device as word and address. */
static struct component split_kernel_name(struct piece name)
{
	struct component c = { .word = name };
	struct scsi_address address;
	char text[SCSI_ADDRESS_TEXT];
	size_t n = length_of_word(name);

	for (size_t i = 0; i < ARRAY_SIZE(called); i++) {
		size_t len = strlen(called[i].prefix);

		if (name.len <= len || strncmp(name.at, called[i].prefix, len) != 0 ||
			!isdigit((unsigned char)name.at[len]))
			continue;
		c.word = piece_of(called[i].word, strlen(called[i].word));
		c.address = piece_of(name.at + len, name.len - len);
		return c;
	}
	snprintf(text, sizeof text, "%.*s", (int)name.len, name.at);
	if (!scsi_address_parse(text, &address)) {
		c = (struct component){ .word = piece_of("lun", 3), .address = name };
	} else if (n) {
		c.word.len = n;
		c.address = piece_of(name.at + n, name.len - n);
	} else if (name.len > 3 && !strncmp(name.at, "pci", 3) &&
		   isxdigit((unsigned char)name.at[3])) {
		c.word.len = 3;
		c.address = piece_of(name.at + 3, name.len - 3);
	} else if (isdigit((unsigned char)name.at[0])) {
		c = (struct component){ .word = piece_of("pci", 3), .address = name };
	}
	return c;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_component(const struct node *node, struct text *out)
{
	const char *name = node_name(node);
	struct component c = split_kernel_name(piece_of(name, strlen(name)));

	if (node->driver[0])
		text_add(out, node->driver);
	else
		text_add_bytes(out, c.word.at, c.word.len);
	if (c.address.len) {
		text_add(out, "@");
		text_add_bytes(out, c.address.at, c.address.len);
	} else if (node->driver[0]) {
		text_addf(out, "@%s", name);
	}
}

static bool has_address(const struct node *node)
{
	const char *name = node_name(node);

	return node->driver[0] || split_kernel_name(piece_of(name, strlen(name))).address.len;
}

/* Of which device the minors are: the one above its block devices, or, below "virtual" and such,
 * the first of these itself. */
static size_t device_of(const struct node *const *chain, size_t n)
{
	size_t disk = n - 1;

	if (!chain[disk]->devt.major)
		return disk;
	while (disk && chain[disk - 1]->devt.major)
		disk--;
	return disk > 1 && has_address(chain[disk - 1]) ? disk - 1 : disk;
}

void devfs_name_print(const struct node *const *chain, size_t n, struct text *out)
{
	size_t device = device_of(chain, n);

	if (n <= 1)
		text_add(out, "/");
	for (size_t i = 1; i <= device; i++) {
		text_add(out, "/");
		print_component(chain[i], out);
	}
	if (n && chain[n - 1]->devt.major)
		text_addf(out, ":%s", node_name(chain[n - 1]));
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* "05.0" and "af" are ends of an address; nodes of block devices are called otherwise. */
static bool is_minor(struct piece p)
{
	bool is_bus = p.len == 2 && isxdigit((unsigned char)p.at[0]) &&
		      isxdigit((unsigned char)p.at[1]);

	return p.len && isalpha((unsigned char)p.at[0]) && !is_bus;
}

/* A component of a name. False: it is none. */
static bool split_component(struct piece text, bool is_last, struct component *ret)
{
	const char *at = memchr(text.at, '@', text.len), *end = text.at + text.len, *colon = end;

	*ret = (struct component){ .word = text };
	if (!at)
		return text.len > 0;
	while (colon > at && *colon != ':')
		colon--;
	if (is_last && colon > at && is_minor(piece_of(colon + 1, (size_t)(end - colon) - 1))) {
		ret->minor = colon + 1;
		end = colon;
	}
	ret->word.len = (size_t)(at - text.at);
	ret->address = piece_of(at + 1, (size_t)(end - at) - 1);
	return ret->word.len && ret->address.len;
}

static bool is_called(struct piece kernel, const struct component *c)
{
	struct component k = split_kernel_name(kernel);

	if (!c->address.len)
		return is_same(kernel, c->word);
	if (!is_same(k.address, c->address) && !is_same(kernel, c->address))
		return false;
	return is_same(k.word, c->word) ||
	       (!is_without_driver(k.word) && !is_without_driver(c->word));
}

static struct piece first_part(const char *path)
{
	return piece_of(path, strcspn(path, "/"));
}

static const char *without_root(const char *path)
{
	static const char root[] = "devices/";

	while (*path == '/')
		path++;
	return strncmp(path, root, strlen(root)) ? path : path + strlen(root);
}

bool devfs_name_is_one(const char *name)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	struct component c;

	return split_component(piece_of(last, strlen(last)), true, &c) && c.address.len &&
	       isdigit((unsigned char)c.address.at[0]);
}

const char *devfs_name_follow(const char *sysfs, const char *name, const char **ret_minor)
{
	const char *at = without_root(sysfs);
	struct component c = { 0 };

	for (name = without_root(name); *name; name += *name == '/') {
		struct piece part = first_part(name), kernel;

		name += part.len;
		if (!split_component(part, !*name, &c))
			return NULL;
		do {
			if (!*at)
				return NULL;
			kernel = first_part(at);
			at += kernel.len;
			at += *at == '/';
		} while (!is_called(kernel, &c));
	}
	if (!c.word.len)
		return NULL;
	*ret_minor = c.minor;
	return at;
}

int devfs_name_kernel(const char *name, char *ret, size_t size)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	char text[SCSI_ADDRESS_TEXT];
	struct scsi_address address;
	struct component c;

	if (!split_component(piece_of(last, strlen(last)), true, &c) || !c.address.len)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(called); i++)
		if (is_same(c.word, piece_of(called[i].word, strlen(called[i].word)))) {
			snprintf(ret, size, "%s%.*s", called[i].prefix, (int)c.address.len,
				c.address.at);
			return 0;
		}
	snprintf(text, sizeof text, "%.*s", (int)c.address.len, c.address.at);
	if (scsi_address_parse(text, &address) < 0)
		return -EINVAL;
	text_copy(ret, size, text);
	return 0;
}

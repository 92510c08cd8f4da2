/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/release.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/observation.h"
#include "show/printable.h"

static void print_command(const char *command, const char *word, struct text *out)
{
	text_addf(out, word[0] == '-' ? "%s -- " : "%s ", command);
	printable_shell_word(word, out);
}

/* The kernel's own name of a block device, as it is below /dev. */
static void print_device_command(const char *command, const char *dev, struct text *out)
{
	_cleanup_(text_done) struct text path = TEXT_INIT;

	text_addf(&path, dev[0] == '/' ? "%s" : "/dev/%s", dev);
	print_command(command, text_str(&path), out);
}

static const char volume[] = " LVM";

static bool is_volume(const char *what)
{
	size_t n = strlen(what);

	return n > strlen(volume) && !strcmp(what + n - strlen(volume), volume);
}

/* "vg--a-lv": a dash of a name is doubled, a single one stands between the two. */
static void print_volume_command(const char *name, struct text *out)
{
	_cleanup_(text_done) struct text volume_name = TEXT_INIT;
	size_t n = strlen(name) - strlen(volume);
	bool divided = false;

	for (size_t i = 0; i < n; i++) {
		bool dash = name[i] == '-', doubled = dash && name[i + 1] == '-';

		text_add_bytes(&volume_name, dash && !doubled && !divided ? "/" : &name[i], 1);
		divided |= dash && !doubled;
		i += doubled;
	}
	print_command("lvchange -an", text_str(&volume_name), out);
}

/* "dm-5 data": of a map whose name could not be read nothing can be said. */
static void print_map_command(const char *what, struct text *out)
{
	const char *name = strchr(what, ' ');

	if (!name)
		return;
	if (is_volume(name))
		print_volume_command(name + 1, out);
	else
		print_command("dmsetup remove", name + 1, out);
}

/* A process tells in whose mount namespace it is. What the host itself lies on is not let go. */
static void print_mount_command(const struct hold *h, struct text *out)
{
	if (h->critical)
		return;
	if (h->pid)
		text_addf(out, "nsenter -t %u -m ", h->pid);
	print_command("umount", h->what, out);
}

void release_print(const struct hold *h, struct text *out)
{
	if (h->kind == HOLD_OPEN && h->pid) {
		text_addf(out, "kill %u", h->pid);
		return;
	}
	if (!h->what[0])
		return;
	switch (h->kind) {
	case HOLD_MOUNT: print_mount_command(h, out); break;
	case HOLD_SWAP: print_device_command("swapoff", h->what, out); break;
	case HOLD_MAP: print_map_command(h->what, out); break;
	case HOLD_MD: print_device_command("mdadm --stop", h->what, out); break;
	case HOLD_LOOP: print_device_command("losetup -d", h->what, out); break;
	case HOLD_BCACHE:
	case HOLD_EXPORT:
	case HOLD_OPEN:
	case HOLD_CLAIM:
	case HOLD_OTHER: break;
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/release.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/use.h"
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

/* A process, or a file, tells in which mount namespace it is. What the host itself lies on is not
 * let go. */
static void print_mount_command(const struct use *u, struct text *out)
{
	_cleanup_(text_done) struct text enter = TEXT_INIT;

	if (u->critical)
		return;
	if (u->namespace) {
		text_add(&enter, "nsenter --mount=");
		printable_shell_word(u->namespace, &enter);
		text_addf(out, "%s ", text_str(&enter));
	} else if (u->pid) {
		text_addf(out, "nsenter -t %u -m ", u->pid);
	}
	print_command("umount", u->what, out);
}

/* A service would be started again if its process were killed. What a user's own manager runs is
 * told by that one's name, which must not end. */
static bool is_service(const char *unit)
{
	static const char suffix[] = ".service";
	size_t n = unit ? strlen(unit) : 0;

	return n > strlen(suffix) && !strcmp(unit + n - strlen(suffix), suffix) &&
	       strncmp(unit, "user@", 5) != 0;
}

static void print_process_command(const struct use *u, struct text *out)
{
	if (u->udev)
		text_add(out, "udevadm settle"); /* a short look, which ends by itself */
	else if (is_service(u->unit))
		print_command("systemctl stop", u->unit, out);
	else
		text_addf(out, "kill %u", u->pid);
}

void release_print(const struct use *u, struct text *out)
{
	if (u->kind == HOLD_OPEN && u->pid) {
		print_process_command(u, out);
		return;
	}
	if (!u->what || !u->what[0] || u->is_cut)
		return;
	switch (u->kind) {
	case HOLD_MOUNT: print_mount_command(u, out); break;
	case HOLD_SWAP: print_device_command("swapoff", u->what, out); break;
	case HOLD_MAP: print_map_command(u->what, out); break;
	case HOLD_MD: print_device_command("mdadm --stop", u->what, out); break;
	case HOLD_LOOP: print_device_command("losetup -d", u->what, out); break;
	case HOLD_BCACHE:
	case HOLD_EXPORT:
	case HOLD_OPEN:
	case HOLD_CLAIM:
	case HOLD_OTHER: break;
	}
}

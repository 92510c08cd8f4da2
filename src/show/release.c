/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/release.h"

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

void release_print(const struct hold *h, struct text *out)
{
	if (h->kind == HOLD_OPEN && h->pid) {
		text_addf(out, "kill %u", h->pid);
		return;
	}
	if (!h->what[0])
		return;
	switch (h->kind) {
	case HOLD_MOUNT: print_command("umount", h->what, out); break;
	case HOLD_SWAP: print_device_command("swapoff", h->what, out); break;
	case HOLD_MAP: print_command("dmsetup remove", h->what, out); break;
	case HOLD_MD: print_device_command("mdadm --stop", h->what, out); break;
	case HOLD_LOOP: print_device_command("losetup -d", h->what, out); break;
	case HOLD_BCACHE:
	case HOLD_EXPORT:
	case HOLD_OPEN:
	case HOLD_CLAIM:
	case HOLD_OTHER: break;
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is kept out, for udev and for the next daemon: below /run/pathkeeper/state/gap a folder for
 * what is kept out, with a file in it for each place where that was. The rule that is shipped asks
 * no more than whether the folder is there, whose name is "@" and the WWID as the kernel's
 * attribute has it, or the address, "@" and that WWID where only one place is meant. A file is
 * written by rename before the first deed; what is in it is an observation's text form.
 */
#include "model/action.h"
#include "model/observation.h"

/* Of what is at a place that says so of itself: the folder's name. 0 or -ENAMETOOLONG. */
enum { GAP_FOLDER = 256 };
int gaps_folder(const struct obs_gap *gap, const char *kernel_wwid, char ret[GAP_FOLDER]);

/* What is at this directory is kept out, while it is there: its attribute is read. 0, or negative
 * errno: it is not written down. */
int gaps_keep_out(const struct act_gap *gap);

/* 0 or negative errno. May block as a write to /run does. */
int gaps_write(const struct obs_gap *gap, const char *folder);
/* Also when there is nothing: 0. */
int gaps_remove(const struct obs_gap *gap);

/* Tells sink OBS_KEPT_OUT for each. 0 (also when there are none), or negative errno: not all that
 * there are were told. */
int gaps_read(observation_sink sink, void *arg);

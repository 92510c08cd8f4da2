/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/routes.h"

static const struct route routes[ACTION_KINDS] = {
	[ACT_READ_DEVICES] = { HELPER_SCOUT, OBS_DEVICES_END, false },
	[ACT_LOOK] = { HELPER_SCOUT, OBS_DEVICE, false },
	[ACT_ASK_OWNER] = { HELPER_OWNER, OBS_OWNER, false },
	[ACT_WATCH] = { HELPER_KEEPER, OBS_WATCHED, true },
	[ACT_FORGET] = { HELPER_KEEPER, OBS_WATCHED, true }, /* when it has a number */
	[ACT_CHECK] = { HELPER_KEEPER, OBS_CHECKED, true },
	[ACT_FIND_HOLDERS] = { HELPER_SCANNER, OBS_HOLDERS, true },
	[ACT_READ_MAPS] = { HELPER_DM, OBS_MAPS_END, false },
	[ACT_FAIL_PATH] = { HELPER_DM_HAND, OBS_DONE, true },
	[ACT_REMOVE_MAP] = { HELPER_DM_HAND, OBS_DONE, true },
	[ACT_RESIZE_MAP] = { HELPER_DM_HAND, OBS_DONE, true },
	[ACT_TAKE_PATH] = { HELPER_DM_HAND, OBS_DONE, true },
	[ACT_GIVE_PATH] = { HELPER_DM_HAND, OBS_DONE, true },
	[ACT_MAKE_MAP] = { HELPER_DM_HAND, OBS_DONE, true },
	[ACT_WRITE_DOWN] = { HELPER_CLERK, OBS_DONE, true },
	[ACT_STRIKE_OUT] = { HELPER_CLERK, OBS_DONE, true },
	[ACT_SCAN] = { HELPER_SCAN_HAND, OBS_DONE, true },
	[ACT_REREAD] = { HELPER_SCAN_HAND, OBS_DONE, true },
	[ACT_KEEP_OUT] = { HELPER_CLERK, OBS_DONE, true },
	[ACT_LET_IN] = { HELPER_CLERK, OBS_DONE, true },
	[ACT_DELETE] = { HELPER_HAND, OBS_DONE, true }, /* forked by the keeper of its host */
	[ACT_FENCE] = { HELPER_HAND, OBS_DONE, true },
};

const struct route *route_of(enum action_kind kind)
{
	return &routes[kind];
}

bool helper_is_single(enum helper_kind kind)
{
	switch (kind) {
	case HELPER_SCOUT:
	case HELPER_SCANNER:
	case HELPER_DM:
	case HELPER_OWNER: return true;
	case HELPER_ZYGOTE:
	case HELPER_KEEPER:
	case HELPER_DM_HAND:
	case HELPER_SCAN_HAND:
	case HELPER_CLERK:
	case HELPER_READER:
	case HELPER_HAND: break;
	}
	return false;
}

bool helper_is_for_one_deed(enum helper_kind kind)
{
	return kind == HELPER_DM_HAND || kind == HELPER_SCAN_HAND || kind == HELPER_CLERK;
}

bool helper_is_hand(enum helper_kind kind)
{
	return kind == HELPER_HAND || helper_is_for_one_deed(kind);
}

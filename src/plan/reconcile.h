/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The one question: what should be true now, and what differs? Asked after whatever was observed;
 * there is no other way from the model to an action.
 */
#include "model/model.h"
#include "plan/agenda.h"

void reconcile(struct model *m, struct agenda *agenda);

enum {
	RECONCILE_DEVICES_MS = 60000, /* everything is read again, in case an event was lost */
	RECONCILE_OWNER_MS = 30000,
	RECONCILE_SECOND_MS = 1000, /* one sweep and one sentinel per nexus and second */
};

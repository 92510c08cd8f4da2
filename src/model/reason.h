/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Why something is as it is: shown to people, counted, never parsed. */

#define REASONS(X)                                                                                 \
	X(NOTHING, "")                                                                             \
	/* of a path's state */                                                                    \
	X(GOOD, "good")                                                                            \
	X(CONFLICT, "reservation conflict")                                                        \
	X(STANDBY, "standby")                                                                      \
	X(TRANSITION, "transitioning")                                                             \
	X(ATTENTION, "unit attention")                                                             \
	X(BUSY, "busy")                                                                            \
	X(DISCONNECTED, "disconnected")                                                            \
	X(OTHER_SENSE, "other sense")                                                              \
	X(HOST_BYTE, "host adapter")                                                               \
	X(TIMEOUT, "timeout")                                                                      \
	X(NO_ANSWER, "no answer")                                                                  \
	X(OFFLINE, "offline")                                                                      \
	X(BLOCKED, "blocked")                                                                      \
	X(REMOVED, "removed")                                                                      \
	X(UNREACHABLE, "cannot be opened")                                                         \
	X(NOT_ASKED, "not asked")                                                                  \
	X(CLEANED, "cleaned")                                                                      \
	/* of a clean */                                                                           \
	X(OPERATOR, "operator")                                                                    \
	X(NODE_CACHE_LIMIT, "node_cache_limit")                                                    \
	X(PRESSURE, "memory pressure")                                                             \
	/* of its identity, and of a fence */                                                      \
	X(IDENTITY_CHANGED, "identity changed")                                                    \
	X(IDENTITY_SAME, "same identity")                                                          \
	X(REPORTED, "identity_fence report")                                                       \
	X(ALL_CHANGED, "all paths changed")                                                        \
	X(FENCE_LIMIT, "fence_limit")                                                              \
	X(UNDONE, "set running again")                                                             \
	X(FENCED, "fenced")                                                                        \
	X(NOT_FENCED, "not fenced")                                                                \
	X(IDENTITY_UNKNOWN, "identity unknown")                                                    \
	/* a volume does not grow */                                                               \
	X(NO_GOOD_PATH, "no good path")                                                            \
	X(SIZE_UNKNOWN, "size unknown")                                                            \
	X(SIZES_DIFFER, "sizes differ")                                                            \
	X(TOO_SMALL, "too small")                                                                  \
	X(SMALLER, "smaller than before")                                                          \
	/* a client waits for paths */                                                             \
	X(ABSENT, "absent")                                                                        \
	X(TOO_FEW, "too few paths")                                                                \
	/* a marked path waits */                                                                  \
	X(CHECKING, "checking")                                                                    \
	X(TRANSPORT, "transport")                                                                  \
	X(GRACE, "grace")                                                                          \
	X(DELAY, "delay")                                                                          \
	X(LIMIT, "limit")                                                                          \
	X(BACKOFF, "backoff")                                                                      \
	X(HOST, "host")		      /* another hand is out on this SCSI host */                  \
	X(MAP_BUSY, "map")	      /* another deed is out on this map */                        \
	X(DEPARTED, "removed lately") /* of a scan: the owner may still delete there by name */    \
	X(OWNER_UNKNOWN, "owner unknown")                                                          \
	X(SLEPT, "slept")                                                                          \
	/* a path is held */                                                                       \
	X(HOLDERS, "in use")                                                                       \
	X(HOLDERS_UNKNOWN, "holders unknown")                                                      \
	X(CLAIMED, "claimed") /* the kernel says busy and names nobody */                          \
	X(UDEV, "udev")                                                                            \
	X(PROTECTED, "protected")                                                                  \
	X(LAST_PATH, "last path")                                                                  \
	X(OWNER_PURGES, "owner purges")                                                            \
	X(CONTRADICTED, "inquiry disagrees")                                                       \
	X(NEXUS_SILENT, "no other LUN answers")                                                    \
	X(WOULD_REMOVE, "would-remove")                                                            \
	/* a path is not marked, or no longer */                                                   \
	X(OFF, "purge_disconnected no")                                                            \
	X(SINGLE_PATH, "purge_single_path no")                                                     \
	X(ANSWERS, "answers")                                                                      \
	X(NOT_CONFIRMED, "not confirmed")                                                          \
	/* on the way down */                                                                      \
	X(VERIFIED, "verified")                                                                    \
	X(FAIL_FIRST, "fail path first")                                                           \
	X(MAP_FIRST, "remove map first")                                                           \
	X(MOVED, "the world moved")                                                                \
	X(DETACHED, "detach") /* an operator's word */                                             \
	X(TAKE_FIRST, "take path first")                                                           \
	X(OTHERS_FIRST, "others first")                                                            \
	X(CAME_BACK, "came back")                                                                  \
	X(BECAUSE_OF, "because of") /* another device of the same word */                          \
	/* something is kept out no longer */                                                      \
	X(TIME, "time")		  /* the hold is over */                                           \
	X(ARRAY, "array")	  /* the array has taken it away, too */                           \
	X(RESCAN, "rescan")	  /* an operator's word */                                         \
	X(WITHDRAWN, "withdrawn") /* it was not detached after all */                              \
	X(FAILED, "failed")                                                                        \
	X(STUCK, "stuck")

enum reason {
#define X(name, text) BECAUSE_##name,
	REASONS(X)
#undef X
		REASON_N
};

/* The words of a reason; "" for BECAUSE_NOTHING. */
const char *reason_name(enum reason reason);

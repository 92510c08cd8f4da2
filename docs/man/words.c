/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words that the programs show, one a line behind the page that must explain them: out of the
 * tables that the programs print them from. Run by docs/man/check-words.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "core/events.h"
#include "model/path.h"
#include "model/request.h"

static void put(const char *page, const char *word)
{
	if (*word)
		printf("%s %s\n", page, word);
}

static void put_paths(void)
{
	for (int i = 0; i < PATH_STATES; i++)
		put("pathkeeper.8", path_state_name((enum path_state)i));
	for (int i = 0; i < CHECKER_WORDS; i++)
		put("pathkeeper.8", checker_word_name((enum checker_word)i));
	for (int i = 0; i < PURGE_STAGES; i++)
		put("pathkeeper.8", purge_stage_name((enum purge_stage)i));
	for (int i = 0; i < REASON_N; i++)
		put("pathkeeper.8", reason_name((enum reason)i));
	for (int i = RESULT_REMOVED; i <= RESULT_WOULD_REMOVE; i++)
		put("pathkeeper.8", request_result_name((enum request_result)i));
	for (int i = RESULT_SCANNED; i <= RESULT_REACHED; i++)
		put("pathkeeper.8", request_result_name((enum request_result)i));
	for (int i = HOLD_OTHER; i <= HOLD_CLAIM; i++)
		put("pathkeeper.8", hold_kind_name((enum hold_kind)i));
	for (int i = STAGE_LOCK; i < STAGE_N; i++)
		put("pathkeeper.8", hand_stage_name((enum hand_stage)i));
}

static void put_events(void)
{
	for (int i = CHANGE_PATH_ADDED; i <= CHANGE_CLEANED; i++) {
		struct change c = { .kind = (enum change_kind)i, .result = -1 };
		struct text fields = TEXT_INIT;

		put("pathkeeperd.8", event_name(&c));
		event_fields(&c, &fields);
		printf("pathkeeperd.8:%s %s\n", event_name(&c), text_str(&fields));
		text_done(&fields);
	}
}

static void put_attentions(void)
{
	for (unsigned i = ATTENTION_LUNS_CHANGED; i <= ATTENTION_OTHER; i++) {
		struct change c = { .kind = CHANGE_ATTENTION, .number = i };
		struct text fields = TEXT_INIT;

		event_fields(&c, &fields);
		printf("pathkeeperd.8= %s\n", text_str(&fields));
		text_done(&fields);
	}
}

int main(void)
{
	put_paths();
	put_events();
	put_attentions();
	return fflush(stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
}

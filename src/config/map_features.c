/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/map_features.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define BLANKS " \t"

static unsigned count_words(const char *s)
{
	unsigned n = 0;

	for (s += strspn(s, BLANKS); *s; s += strspn(s, BLANKS)) {
		s += strcspn(s, BLANKS);
		n++;
	}
	return n;
}

/* Where words stand in list as whole words; NULL: they do not. */
static const char *find(const char *list, const char *words)
{
	size_t len = strlen(words);

	for (const char *at = list; (at = strstr(at, words)); at++)
		if ((at == list || strchr(BLANKS, at[-1])) && strchr(BLANKS, at[len]))
			return at;
	return NULL;
}

int map_features_remove(const char *features, const char *words, struct text *ret)
{
	size_t digits = strspn(features, "0123456789");
	const char *list = features + digits, *at, *rest;
	unsigned left;

	if (digits == 0 || !strchr(BLANKS, *list) || !*words)
		return -EINVAL;
	list += strspn(list, BLANKS);
	at = find(list, words);
	if (!at)
		return 0;
	rest = at + strlen(words);
	rest += strspn(rest, BLANKS);
	while (!*rest && at > list && strchr(BLANKS, at[-1]))
		at--;
	left = count_words(list) - count_words(words);
	text_addf(ret, "%u%s", left, left ? " " : "");
	text_add_bytes(ret, list, (size_t)(at - list));
	text_add(ret, rest);
	return 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/names.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "model/name.h"
#include "show/document.h"

int names_choose(char *const *names, uint32_t (*find)(void *arg, const char *name), void *arg,
	char ***ret_unknown)
{
	_cleanup_(freep) char **unknown = NULL;
	size_t n = 0, n_unknown = 0;

	while (names[n])
		n++;
	unknown = calloc(n + 1, sizeof *unknown);
	if (!unknown)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (find(arg, names[i]) == 0 && name_form(names[i]) != NAME_ADDRESS)
			unknown[n_unknown++] = names[i];
	if (n && n_unknown == n)
		return -ENODEV;
	*ret_unknown = TAKE(unknown);
	return 0;
}

void document_put_unknown(struct document *d, char *const *names)
{
	struct json_object *array;

	if (!names || !names[0])
		return;
	array = document_array(d);
	for (size_t i = 0; names[i]; i++)
		document_append(d, array, document_text(d, names[i]));
	document_put(d, d->root, "unknown", array);
}

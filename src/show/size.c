/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/size.h"

#include "base/text.h"

void size_print(uint64_t sectors, struct text *out)
{
	static const char units[] = "KMGTP";
	double size = (double)sectors / 2;
	unsigned unit = 0;

	for (; size >= 1024 && units[unit + 1]; unit++)
		size /= 1024;
	text_addf(out, "%.*f%c", size < 10 ? 1 : 0, size, units[unit]);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gcov writes what was counted at exit(); our children end by _exit(), so it is written there. */

void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
void fault_end(void) __attribute__((weak)); /* of the loops of faults: not while gcov writes */

void __wrap__exit(int status)
{
	if (fault_end)
		fault_end();
	__gcov_dump();
	__real__exit(status);
}

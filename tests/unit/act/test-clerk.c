/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a clerk writes down and strikes out, and that it says so; in a folder of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/clerk.h"
#include "act/detaches.h"
#include "act/gaps.h"
#include "act/records.h"
#include "act/taken.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "port/packet.h"

#define SOMEWHERE "devices/system" /* any directory of sysfs will do */

static char dir[64];
static struct observation told[4];
static unsigned n_told;
static struct packet packet;

static int begin(void **state)
{
	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-clerk.XXXXXX");
	return !mkdtemp(dir) || setenv("PATHKEEPER_RUNTIME_DIR", dir, 1) < 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

/* ---- the clerk ------------------------------------------------------------------------------- */

/* A helper like any other, in a process of its own; its daemon has nothing more to say. */
static int begin_clerk(int *ret_pid)
{
	int pair[2];

	assert_true(packet_pair(pair) >= 0);
	*ret_pid = fork();
	assert_true(*ret_pid >= 0);
	if (*ret_pid == 0) {
		close(pair[0]);
		_exit(clerk_main(pair[1], 0));
	}
	close(pair[1]);
	return pair[0];
}

static void end_clerk(int socket, int pid)
{
	int status;

	close(socket);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static struct observation hear(int socket)
{
	struct observation o = { 0 };

	assert_int_equal(packet_receive_patiently(socket, &packet), 1);
	assert_int_equal(packet_next(&packet, &o, sizeof o), 1);
	packet_done(&packet);
	return o;
}

static int perform(const struct action *a)
{
	int pid, socket = begin_clerk(&pid);
	struct observation o;

	assert_true(packet_send_one(socket, a, action_size(a), NULL, 0) >= 0);
	o = hear(socket);
	assert_int_equal(o.kind, OBS_DONE);
	assert_int_equal(o.action, a->id);
	assert_true(path_id_equal(o.path, a->path));
	assert_int_equal(o.done.stage, STAGE_WRITE);
	end_clerk(socket, pid);
	return o.result;
}

static void note(void *arg, const struct observation *o)
{
	(void)arg;
	assert_in_range(n_told, 0, 3);
	told[n_told++] = *o;
}

static unsigned words_left(void)
{
	n_told = 0;
	assert_int_equal(detaches_read(note, NULL), 0);
	return n_told;
}

static unsigned gaps_left(void)
{
	n_told = 0;
	assert_int_equal(gaps_read(note, NULL), 0);
	return n_told;
}

static uint64_t inode_of(const char *sysfs)
{
	char path[MAX_SYSFS + 8];
	struct stat s;

	snprintf(path, sizeof path, "/sys/%s", sysfs);
	assert_int_equal(stat(path, &s), 0);
	return s.st_ino;
}

/* ---- words ----------------------------------------------------------------------------------- */

static struct action word_of(enum action_kind kind, uint64_t number)
{
	struct action a = { .kind = kind, .id = 7, .path = { 3, 2 } };

	a.word.number = number;
	TEXT_SET(a.word.name, "host3");
	TEXT_SET(a.word.requester, "uid 0");
	return a;
}

static void a_volume_is_written_down_by_its_name(void **state)
{
	struct action a = word_of(ACT_WRITE_DOWN, 5), end_of = word_of(ACT_STRIKE_OUT, 5);

	(void)state;
	TEXT_SET(a.word.wwid, "3600");
	assert_int_equal(perform(&a), 0);
	assert_int_equal(perform(&a), 0); /* the same again */
	assert_int_equal(words_left(), 1);
	assert_int_equal(told[0].kind, OBS_DETACHING);
	assert_int_equal(told[0].detaching.number, 5);
	assert_int_equal(told[0].detaching.ino, 0);
	assert_string_equal(told[0].detaching.wwid, "3600");
	assert_string_equal(told[0].detaching.name, "host3");
	assert_string_equal(told[0].detaching.requester, "uid 0");
	assert_int_equal(perform(&end_of), 0);
	assert_int_equal(words_left(), 0);
	assert_int_equal(perform(&end_of), 0); /* as often as one likes */
}

/* A name may be another device's after a restart. */
static void a_branch_is_written_down_by_its_inode(void **state)
{
	struct action a = word_of(ACT_WRITE_DOWN, 5);

	(void)state;
	TEXT_SET(a.word.sysfs, SOMEWHERE);
	assert_int_equal(perform(&a), 0);
	assert_int_equal(words_left(), 1);
	assert_int_equal(told[0].detaching.ino, inode_of(SOMEWHERE));
	a.word.ino = inode_of(SOMEWHERE) + 1;
	assert_int_equal(perform(&a), 0);
	assert_int_equal(words_left(), 0); /* that one is not there */
}

/* ---- maps that a word removed ---------------------------------------------------------------- */

static void write_taken(uint64_t word)
{
	struct observation o = { .kind = OBS_TAKEN, .taken = { .word = word } };
	char name[32];

	TEXT_SET(o.taken.uuid, "mpath-3600");
	snprintf(name, sizeof name, "taken-%u-0", (unsigned)word);
	assert_int_equal(records_write(name, &o), 0);
}

static unsigned taken_left(void)
{
	n_told = 0;
	assert_int_equal(taken_read(note, NULL), 0);
	return n_told;
}

static void what_a_word_took_is_struck_out_with_it(void **state)
{
	struct action a = word_of(ACT_WRITE_DOWN, 5), b = word_of(ACT_WRITE_DOWN, 55),
		      end_of = word_of(ACT_STRIKE_OUT, 5);

	(void)state;
	TEXT_SET(a.word.wwid, "3600");
	TEXT_SET(b.word.wwid, "3600");
	assert_int_equal(perform(&a), 0);
	assert_int_equal(perform(&b), 0);
	write_taken(5);
	write_taken(55);
	assert_int_equal(perform(&end_of), 0);
	assert_int_equal(records_has("taken-5-0"), 0);
	assert_int_equal(taken_left(), 1);
	assert_int_equal(told[0].taken.word, 55);
	assert_string_equal(told[0].taken.uuid, "mpath-3600");
}

/* Whatever ended between the two. */
static void what_an_unknown_word_took_goes(void **state)
{
	(void)state;
	write_taken(7);
	assert_int_equal(records_has("taken-7-0"), 1);
	assert_int_equal(taken_left(), 0);
	assert_int_equal(records_has("taken-7-0"), 0);
}

/* ---- branches -------------------------------------------------------------------------------- */

static void what_is_not_there_is_not_written_down(void **state)
{
	struct action a = word_of(ACT_WRITE_DOWN, 5);

	(void)state;
	TEXT_SET(a.word.sysfs, "devices/none/host4242");
	assert_int_equal(perform(&a), -ENOENT);
	assert_int_equal(words_left(), 0);
}

static void one_word_is_not_another(void **state)
{
	struct action a = word_of(ACT_WRITE_DOWN, 5), b = word_of(ACT_WRITE_DOWN, 6),
		      end_of = word_of(ACT_STRIKE_OUT, 5);

	(void)state;
	TEXT_SET(a.word.wwid, "3600");
	TEXT_SET(b.word.wwid, "3601");
	assert_int_equal(perform(&a), 0);
	assert_int_equal(perform(&b), 0);
	assert_int_equal(perform(&end_of), 0);
	assert_int_equal(words_left(), 1);
	assert_string_equal(told[0].detaching.wwid, "3601");
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
	struct action a = word_of(ACT_WRITE_DOWN, 5);
	char path[128];
	FILE *file;

	(void)state;
	TEXT_SET(a.word.wwid, "3600");
	snprintf(path, sizeof path, "%s/state", dir);
	file = fopen(path, "we"); /* it is in the way */
	assert_non_null(file);
	fclose(file);
	assert_int_equal(perform(&a), -ENOTDIR);
}

/* ---- what is kept out ------------------------------------------------------------------------ */

static struct action gap_of(enum action_kind kind, const char *wwid)
{
	struct action a = { .kind = kind, .id = 7 };

	a.gap.gap.address = (struct scsi_address){ .host = 3, .lun = 7 };
	a.gap.gap.everywhere = true;
	a.gap.gap.ino = inode_of(SOMEWHERE);
	TEXT_SET(a.gap.gap.wwid, wwid);
	TEXT_SET(a.gap.sysfs, SOMEWHERE);
	return a;
}

static void what_is_let_in_is_struck_out(void **state)
{
	struct action let = gap_of(ACT_LET_IN, "3600"), other = gap_of(ACT_LET_IN, "3601");

	(void)state;
	assert_int_equal(gaps_write(&let.gap.gap, "@naa.600"), 0);
	assert_int_equal(perform(&other), 0); /* another volume's */
	assert_int_equal(gaps_left(), 1);
	assert_int_equal(perform(&let), 0);
	assert_int_equal(gaps_left(), 0);
	assert_int_equal(perform(&let), 0);
}

static void who_does_not_say_who_it_is_is_not_written_down(void **state)
{
	struct action keep = gap_of(ACT_KEEP_OUT, "3600");

	(void)state;
	assert_int_equal(perform(&keep), -ENOENT); /* there is no such attribute */
	assert_int_equal(gaps_left(), 0);
}

static void another_device_is_not_kept_out(void **state)
{
	struct action keep = gap_of(ACT_KEEP_OUT, "3600");

	(void)state;
	keep.gap.gap.ino++;
	assert_int_equal(perform(&keep), -ESTALE);
	assert_int_equal(gaps_left(), 0);
}

/* ---- the helper ------------------------------------------------------------------------------ */

static void it_does_nothing_that_is_not_its_own(void **state)
{
	struct action others[] = { { .kind = ACT_SCAN, .id = 1 }, { .kind = ACT_DELETE, .id = 2 } },
		      ours = word_of(ACT_STRIKE_OUT, 5);
	int pid, socket = begin_clerk(&pid);
	struct observation o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_true(
			packet_send_one(socket, &others[i], action_size(&others[i]), NULL, 0) >= 0);
	assert_true(packet_send_one(socket, &ours, action_size(&ours), NULL, 0) >= 0);
	o = hear(socket);
	assert_int_equal(o.action, 7); /* and nothing before it */
	end_clerk(socket, pid);
}

static void it_ends_with_its_daemon(void **state)
{
	int pid, socket = begin_clerk(&pid);

	(void)state;
	end_clerk(socket, pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_volume_is_written_down_by_its_name),
		TEST(a_branch_is_written_down_by_its_inode),
		TEST(what_is_not_there_is_not_written_down),
		TEST(what_a_word_took_is_struck_out_with_it),
		TEST(what_an_unknown_word_took_goes),
		TEST(one_word_is_not_another),
		TEST(a_folder_that_cannot_be_made_is_told),
		TEST(what_is_let_in_is_struck_out),
		TEST(who_does_not_say_who_it_is_is_not_written_down),
		TEST(another_device_is_not_kept_out),
		TEST(it_does_nothing_that_is_not_its_own),
		TEST(it_ends_with_its_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

# SPDX-License-Identifier: LGPL-2.1-or-later
# With a long interval between checks, an unmap is noticed by the unit attention of a neighbour, and
# not only when the one question a second that goes round comes to the LUN itself.
# timeout: 240

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

must san_build 1 1 2 3 4 5 6 7 8 9 10
victim=$(san_dev 4 1)
dir=$(device_dir "$victim")
san_find_volume vol4
questions=$SAN_GROUPS/tpgt_1/lun/lun_$san_number/statistics/scsi_tgt_port/in_cmds
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 60' \
	'max_polling_interval 240' 'purge_share 100'
must daemon_start
must wait_until 120 paths_up 10

# The array counts what the LUN is asked: the question comes once a round
asked_since() { read -r count <"$questions" && [ "$count" -gt "$1" ]; }
read -r count <"$questions"
must wait_until 60 asked_since "$count"
begin=$(clock)
read -r count <"$questions"
must wait_until 60 asked_since "$count"
round=$(($(clock) - begin))

# just asked: without its neighbours' attention it would be asked a round later
must san_unmap 4 1
begin=$(clock)
marked() { grep -q "dev=$victim .*new=marked" $daemon_log; }
ok wait_until 60 marked -- "the dead path is marked"
took=$(($(clock) - begin))
note "noticed after $took ms; a round is $round ms, checks are 60 to 240 s apart"
ok [ $((took * 2)) -lt "$round" ] -- "in less than half a round"
ok said attention what=luns-changed -- "a neighbour's attention was heard"
first_word() { log_lines 'hctl=' | grep -nE "$1" | head -n1 | cut -d: -f1; }
attention=$(first_word 'what=luns-changed') mark=$(first_word "dev=$victim .*new=marked")
ok [ "${attention:-999999}" -lt "${mark:-0}" ] -- "before the path was marked"
ok wait_until 30 device_gone "$dir" -- "the dead device goes"
ok paths_up 9 -- "the neighbours are up"
ok fails said "dev=$(san_dev 1 1)" new=marked -- "and were not marked"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

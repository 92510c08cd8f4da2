#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/lab/guest-main.sh SCENARIO...: runs scenarios one after the other inside one guest, each
# in a clean SAN with a time limit of its own. Between their lines it says what happened:
#
#   #begin NAME
#   #end NAME STATUS      the exit status, or "timeout"
#   #unclean NAME         what it left cannot be taken down: the guest ends here
set -u

# shellcheck source=../../lab/clean.sh
. "$LAB/clean.sh"
default_limit=180

# header FILE KEY: the value of a "# KEY: value" line at the head of a scenario
header() { sed -n "1,20s/^# $2: *//p" "$1" | head -n1; }

run_limited()
{
	file=$1
	limit=$(header "$file" timeout)
	rm -f /run/lab/result
	mkfifo /run/lab/result
	(
		(
			lab_enter
			exec setsid --wait sh "$file" </dev/null 2>&1
		)
		echo $? >/run/lab/result
	) &
	(
		trap 'kill $!' TERM
		sleep "${limit:-$default_limit}" &
		wait $! && echo timeout >/run/lab/result
	) &
	watchdog=$!
	read -r status </run/lab/result
	kill $watchdog 2>/dev/null
}

# What a failed scenario's reader wants to see
show_logs()
{
	dmesg --notime | tac | sed '/^lab: begin /q' | tac | tail -n 20 | sed 's/^/# kernel: /'
	[ ! -e /run/lab/pathkeeperd.log ] || tail -n 80 /run/lab/pathkeeperd.log | sed 's/^/# daemon: /'
}

run_scenario()
{
	name=${1##*/}
	name=${name%.sh}
	echo "#begin $name"
	echo "lab: begin $name" >/dev/kmsg
	run_limited "$1"
	[ "$status" = 0 ] || show_logs
	echo "#end $name $status"
	if ! lab_clean; then
		echo "#unclean $name"
		exit 3
	fi
}

lab_remember
for scenario; do
	run_scenario "$scenario"
done

# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/wait.sh: the clock of a guest, and waiting that polls. Sourced by the lab's other files.
#
#   wait_until SECONDS COMMAND...   until the command succeeds; fails when the time is over
#   wait_while SECONDS COMMAND...   until the command fails; fails when the time is over
#   clock                           prints the milliseconds since boot

# What the lab's functions do is for a guest, never for a host
if [ ! -e /run/lab-guest ]; then
	echo "lab: only inside a guest of lab/run" >&2
	exit 99
fi

# milliseconds since boot, into $lab_now
read_clock()
{
	local up

	read -r up _ </proc/uptime
	lab_now=${up%.*}${up#*.}0
}

clock()
{
	read_clock
	echo "$lab_now"
}

wait_until()
{
	local deadline

	read_clock
	deadline=$((lab_now + $1 * 1000))
	shift
	until "$@"; do
		read_clock
		[ "$lab_now" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

fails() { ! "$@"; }

wait_while()
{
	local seconds

	seconds=$1
	shift
	wait_until "$seconds" fails "$@"
}

# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/tap.sh: test lines (TAP) for a scenario. To be sourced: . "$LAB/tap.sh"
#
#   ok COMMAND... -- TEXT       holds when the command succeeds
#   is ACTUAL EXPECTED TEXT     holds when both are the same
#   like ACTUAL PATTERN TEXT    holds when the shell pattern fits the whole
#   pass TEXT, fail TEXT
#   skip TEXT WHY               a line that could not be tried here
#   must COMMAND...             a step that is no test: bails out when it fails
#   need PROGRAM...             bails out when a program is not there
#   bail TEXT                   ends the scenario as failed
#   note TEXT                   a line for the reader
#   wait_until, wait_while      see wait.sh
#   done_testing                the last line: without it the scenario counts as failed
#
# With TAP_STOP=yes in the environment the first line that fails is the last one.

# shellcheck source=wait.sh
. "$LAB/wait.sh"

tap_count=0 tap_failed=0 tap_ended=no

tap_line()
{
	tap_count=$((tap_count + 1))
	[ "$1" = ok ] || tap_failed=$((tap_failed + 1))
	echo "$1 $tap_count - $2"
	[ "$1" = ok ] || [ "${TAP_STOP:-no}" = no ] || bail 'the first failure is the last line'
}

pass() { tap_line ok "$1"; }

fail()
{
	tap_line "not ok" "$1"
	return 1
}

skip() { tap_line ok "$1 # SKIP $2"; }

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

ok()
{
	local left text

	# turns the words round until "-- TEXT" stand first
	left=$(($# - 2))
	while [ $left -gt 0 ]; do
		set -- "$@" "$1"
		shift
		left=$((left - 1))
	done
	[ "$1" = -- ] || bail "ok needs '-- TEXT' at its end"
	text=$2
	shift 2
	if "$@"; then
		pass "$text"
	else
		fail "$text"
		note "failed: $*"
		return 1
	fi
}

is()
{
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		note "got:      $1"
		note "expected: $2"
		return 1
	fi
}

like()
{
	# shellcheck disable=SC2254 # the pattern is meant as one
	case $1 in
	$2)
		pass "$3"
		;;
	*)
		fail "$3"
		note "got:     $1"
		note "pattern: $2"
		return 1
		;;
	esac
}

bail()
{
	tap_ended=yes
	echo "Bail out! $*"
	exit 1
}

must() { "$@" || bail "failed: $*"; }

need()
{
	local program

	for program; do
		command -v "$program" >/dev/null || bail "$program is not there"
	done
}

done_testing()
{
	[ $tap_count -gt 0 ] || bail "nothing was tested"
	tap_ended=yes
	echo "1..$tap_count"
	[ $tap_failed -eq 0 ]
	exit
}

# A scenario that ends in its middle must not look like one that passed
tap_at_exit()
{
	[ $tap_ended = yes ] || bail "the scenario ended before done_testing"
}
trap tap_at_exit EXIT

# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/lab/daemon.sh: the daemon in a scenario. To be sourced: . "$ROOT/tests/lab/daemon.sh"
#
#   daemon_config LINE...        writes /etc/pathkeeper/pathkeeper.conf: defaults { LINE... }
#   daemon_start [OPTION...]     starts pathkeeperd and waits until it answers; its words are in
#                                $daemon_log, its pid in $daemon_pid; with $RECORD, a folder, what
#                                it is told goes to a new NN-name-N.obs there
#   daemon_stop [SIGNAL]         ends it (TERM) and waits
#   daemon_ended                 for wait_until: it ended by itself
#   pk VERB...                   the command
#   path_field DEV FIELD         one field of a path, as "pathkeeper paths --json" tells
#   path_is DEV FIELD VALUE      for wait_until
#   paths_up N                   for wait_until: so many paths are up
#   purge_of DEV                 "marked grace", "held in use: mount /mnt", "no"
#   purge_like DEV PATTERN       for wait_until
#   hand_pid [HOST]              the pid of the hand that is out, from "pathkeeper status --json"
#   hand_stopped [HOST]          for wait_until: the hand that is out stands still; its pid: $hand
#   test_point PLACE [TEXT]      what reaches PLACE from now on stops itself (port/test_point.h)
#   test_point_end PLACE
#   log_mark                     said and fails said look at what is logged from now on
#   said WORD...                 did the daemon log a line with all these words?
#   said_count WORD...           how many such lines
#   process_state PID            the letter of /proc/PID/stat, nothing when it is gone
#   process_is PID LETTER        for wait_until
#   helpers                      names and pids of all pk-* processes
#   device_dir DEV               the SCSI device's directory in /sys: note it before it goes
#   device_gone DIR              is it gone?
#   inode_of DIR                 tells a device from its successor at the same address
#   fio_start NAME FILE|DEVICE [SIZE [OPTION...]]   verifying I/O until fio_end, or for 600 s; its end
#                                must be clean
#   fio_end NAME                 stops it; fails when any I/O failed or any block was wrong

daemon_log=/run/lab/pathkeeperd.log
daemon_log_begin=1
runtime=/run/pathkeeper

daemon_config()
{
	mkdir -p /etc/pathkeeper
	{
		echo 'defaults {'
		printf '\t%s\n' "$@"
		echo '}'
	} >/etc/pathkeeper/pathkeeper.conf
}

pk() { "$BUILD/pathkeeper" "$@"; }

daemon_answers() { pk status >/dev/null 2>&1; }

daemon_start()
{
	if [ -n "${RECORD:-}" ]; then
		recordings=$((${recordings:-0} + 1))
		set -- --record "$RECORD/$(basename "$0" .sh)-$recordings.obs" "$@"
	fi
	"$BUILD/pathkeeperd" "$@" </dev/null >>$daemon_log 2>&1 &
	daemon_pid=$!
	if ! wait_until 30 daemon_answers; then
		tail -n 20 $daemon_log | sed 's/^/# /'
		return 1
	fi
}

daemon_is_running() { kill -0 "$daemon_pid" 2>/dev/null; }

# a child that ended stays until it is waited for
daemon_ended()
{
	case $(process_state "$daemon_pid") in
	'' | Z) return 0 ;;
	esac
	return 1
}

daemon_stop()
{
	kill -"${1:-TERM}" "$daemon_pid"
	wait "$daemon_pid"
}

path_field()
{
	pk paths --json "$1" 2>/dev/null | jq -r ".paths[] | select(.dev == \"$1\") | .$2"
}

path_is() { [ "$(path_field "$1" "$2")" = "$3" ]; }

paths_up() { [ "$(pk paths --json 2>/dev/null | jq '[.paths[] | select(.state == "up")] | length')" = "$1" ]; }

purge_of()
{
	pk paths --json "$1" 2>/dev/null |
		jq -r ".paths[] | select(.dev == \"$1\") | if .reason then .purge + \" \" + .reason else .purge end"
}

purge_like()
{
	# shellcheck disable=SC2254 # the pattern is meant as one
	case $(purge_of "$1") in
	$2) return 0 ;;
	esac
	return 1
}

hand_pid() { pk status --json | jq -r ".hands[] | select(${1:+.host == $1 and} true) | .pid" | head -n1; }

hand_stopped()
{
	hand=$(hand_pid "$@")
	[ -n "$hand" ] && process_is "$hand" T
}

test_point()
{
	mkdir -p $runtime/test
	echo "${2:-}" >$runtime/test/"$1"
}

test_point_end() { rm -f $runtime/test/"$1"; }

log_mark() { daemon_log_begin=$(($(wc -l <$daemon_log) + 1)); }

log_lines()
{
	local words word

	words=$(tail -n "+$daemon_log_begin" $daemon_log)
	for word; do
		words=$(printf '%s\n' "$words" | grep -F -- "$word")
	done
	[ -z "$words" ] || printf '%s\n' "$words"
}

said() { [ -n "$(log_lines "$@")" ]; }

said_count() { log_lines "$@" | wc -l; }

# the name between the parentheses may hold anything, so what follows the last one counts
process_state()
{
	local line

	read -r line 2>/dev/null <"/proc/$1/stat" || return 0
	line=${line##*) }
	echo "${line%% *}"
}

process_is() { [ "$(process_state "$1")" = "$2" ]; }

helpers()
{
	local file name

	for file in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$file" || continue
		case $name in
		pk-*) echo "$name ${file%/comm}" ;;
		esac
	done
}

device_dir() { readlink -f "/sys/block/$1/device"; }

device_gone() { [ ! -e "$1" ]; }

inode_of() { stat -c %i "$1"; }

fio_start()
{
	local name file size

	name=$1 file=$2 size=${3:-12M}
	shift $(($# < 3 ? $# : 3))
	fio --name="$name" --filename="$file" --size="$size" --rw=randrw --bs=4k --direct=1 --iodepth=4 \
		--ioengine=libaio --verify=crc32c --verify_fatal=1 --verify_backlog=64 --rate_iops=30 --time_based --runtime=600 \
		"$@" --output="/run/lab/fio.$name" >/dev/null 2>&1 &
	echo $! >"/run/lab/fio.$name.pid"
}

# MAP: is anybody at it? Who begins it in the background may not be yet.
map_is_open() { [ "$(dmsetup info -c --noheadings -o open "$1")" -gt 0 ]; }

fio_end()
{
	kill -INT "$(cat "/run/lab/fio.$1.pid")"
	wait "$(cat "/run/lab/fio.$1.pid")"
	if ! grep -q 'err= 0' "/run/lab/fio.$1" || grep -qiE 'verify|error=|bad magic' "/run/lab/fio.$1"; then
		sed 's/^/# fio: /' "/run/lab/fio.$1"
		return 1
	fi
	grep -qE 'read: IOPS' "/run/lab/fio.$1"
}

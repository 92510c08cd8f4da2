# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/lab/daemon.sh: the daemon in a scenario. To be sourced: . "$ROOT/tests/lab/daemon.sh"
#
#   daemon_config LINE...        writes /etc/pathkeeper/pathkeeper.conf: defaults { LINE... }
#   daemon_start [OPTION...]     starts pathkeeperd and waits until it answers; its words are in
#                                $daemon_log, its pid in $daemon_pid
#   daemon_stop [SIGNAL]         ends it (TERM) and waits
#   pk VERB...                   the command
#   path_field DEV FIELD         one field of a path, as "pathkeeper paths --json" tells
#   path_is DEV FIELD VALUE      for wait_until
#   purge_of DEV                 "marked grace", "held in use: mount /mnt", "no"
#   hand_pid [HOST]              the pid of the hand that is out, from "pathkeeper status --json"
#   said WORD...                 did the daemon log a line with all these words?
#   device_dir DEV               the SCSI device's directory in /sys: note it before it goes
#   device_gone DIR              is it gone?
#   fio_start NAME FILE|DEVICE   verifying I/O until fio_end; its end must be clean
#   fio_end NAME                 stops it; fails when any I/O failed or any block was wrong

daemon_log=/run/lab/pathkeeperd.log

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
	"$BUILD/pathkeeperd" "$@" </dev/null >>$daemon_log 2>&1 &
	daemon_pid=$!
	if ! wait_until 30 daemon_answers; then
		tail -n 20 $daemon_log | sed 's/^/# /'
		return 1
	fi
}

daemon_is_running() { kill -0 "$daemon_pid" 2>/dev/null; }

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

purge_of()
{
	pk paths --json "$1" 2>/dev/null |
		jq -r ".paths[] | select(.dev == \"$1\") | if .reason then .purge + \" \" + .reason else .purge end"
}

# like, for wait_until: purge_like DEV PATTERN
purge_like()
{
	# shellcheck disable=SC2254 # the pattern is meant as one
	case $(purge_of "$1") in
	$2) return 0 ;;
	esac
	return 1
}

hand_pid() { pk status --json | jq -r ".hands[] | select(${1:+.host == $1 and} true) | .pid" | head -n1; }

said()
{
	local words word

	words=$(cat $daemon_log)
	for word; do
		words=$(printf '%s\n' "$words" | grep -F -- "$word")
	done
	[ -n "$words" ]
}

device_dir() { readlink -f "/sys/block/$1/device"; }

device_gone() { [ ! -e "$1" ]; }

fio_start()
{
	fio --name="$1" --filename="$2" --size="${3:-12M}" --rw=randrw --bs=4k --direct=1 --iodepth=4 \
		--ioengine=libaio --verify=crc32c --verify_fatal=1 --verify_backlog=64 --time_based --runtime=600 \
		--output="/run/lab/fio.$1" >/dev/null 2>&1 &
	echo $! >"/run/lab/fio.$1.pid"
}

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

# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/multipathd.sh: Debian's multipathd as the owner of the maps. To be sourced in a guest:
# . "$LAB/multipathd.sh"
#
#   owner_start [FILE]              starts it with FILE as /etc/multipath.conf (or a plain one)
#                                   and waits until it answers; its words: /run/lab/multipathd.log
#   owner_stop                      ends it; the maps stay
#   owner_wait_map MAP N [S]        waits until the kernel's map has N paths (0: is gone)
#   owner_map_devices MAP           prints the map's devices as the kernel has them, sda sdb
#   owner_flush                     removes every unused map
# MAP is the map's name: the WWID, or the alias where one is given.

# shellcheck source=wait.sh
. "$LAB/wait.sh"

owner_answers() { multipathd show daemon 2>/dev/null | grep -q '^pid [0-9]* \(idle\|running\)'; }

owner_plain_configuration()
{
	cat <<-END
	defaults {
		find_multipaths no
		user_friendly_names no
		polling_interval 2
	}
	END
}

owner_start()
{
	if [ $# -gt 0 ]; then
		[ "$1" -ef /etc/multipath.conf ] || cp "$1" /etc/multipath.conf || return 1
	else
		owner_plain_configuration >/etc/multipath.conf
	fi
	mkdir -p /run/lab
	modprobe dm-multipath
	multipathd -d </dev/null >>/run/lab/multipathd.log 2>&1 &
	owner_pid=$!
	if ! wait_until 60 owner_answers; then
		echo "multipathd does not answer" >&2
		tail -n 20 /run/lab/multipathd.log >&2
		return 1
	fi
}

owner_is_running() { pidof multipathd >/dev/null; }

owner_stop()
{
	owner_is_running || return 0
	multipathd shutdown >/dev/null
	if ! wait_while 30 owner_is_running; then
		pkill -KILL -x multipathd
		wait_while 10 owner_is_running || return 1
	fi
	[ -z "${owner_pid:-}" ] || wait "$owner_pid"
	owner_pid=
	return 0
}

owner_map_devices()
{
	dmsetup deps -o devname "$1" 2>/dev/null | sed 's/.*: *//; s/[()]//g'
}

owner_map_has()
{
	local wanted

	wanted=$2
	# shellcheck disable=SC2046 # the names are words
	set -- $(owner_map_devices "$1")
	[ $# -eq "$wanted" ]
}

owner_wait_map() { wait_until "${3:-60}" owner_map_has "$1" "$2"; }

owner_flush() { multipath -F; }

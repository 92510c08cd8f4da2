# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Beside a multipathd that purges one map of two: that map's dead path is left to it, the other's is
# purged, and nothing is brought back to the address within a minute, so that a late delete by name
# finds no newcomer there. When its word becomes no, the first one is purged, too.
# timeout: 500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid dmsetup jq
ok test -x "$BUILD/tests/tools/stub_multipathd" -- "the stub is built"

stub_config=/run/lab/stub.conf
late=/run/lab/late

# stub_says VALUE WWID: yes or no for this map; no for all others
stub_says()
{
	printf '%s\n' 'defaults {' '	verbosity 2' '	purge_disconnected "no"' '}' 'blacklist {' \
		'	device {' '		vendor "NOBODY"' '}' 'devices {' '	device {' '		vendor "LIO-ORG"' \
		'		product ".*"' '	}' '}' 'overrides {' '}' 'multipaths {' '	multipath {' \
		"		wwid \"$2\"" "		purge_disconnected \"$1\"" '	}' '}' >$stub_config.new
	mv $stub_config.new $stub_config
}

# it listens before it writes that down
stub_listens() { [ "$(cat /run/multipathd.pid 2>/dev/null)" = "$stub_pid" ]; }
owner_is() { [ "$(pk status --json 2>/dev/null | jq -r "$1")" = "$2" ]; }

# round robin over both ports
make_map()
{
	dmsetup create "$1" --uuid "mpath-$2" --table "0 32768 multipath 0 0 1 1 round-robin 0 2 1 \
$(cat "/sys/block/$3/dev") 1 $(cat "/sys/block/$4/dev") 1"
}

# What the owner marked, it deletes when its queue comes to it: by the name it noted, whoever is there
late_delete()
{
	sleep "$2"
	if { echo 1 >"$1/delete"; } 2>/dev/null; then
		echo hit
	else
		echo missed
	fi >$late.new
	mv $late.new $late
}

# --- two maps, two ports; a third LUN tells that the list of LUNs changed ---
must modprobe -a dm_multipath dm_round_robin
must san_init 2
for name in theirs ours extra new; do
	must san_volume $name 16
done
for port in 1 2; do
	must san_map 1 $port theirs
	must san_map 2 $port ours
	must san_map 3 $port extra
	must san_login $port
	for lun in 1 2 3; do
		must san_wait_dev $lun $port >/dev/null
	done
done
theirs=$(san_dev 1 2) ours=$(san_dev 2 2)
theirs_dir=$(device_dir "$theirs") ours_dir=$(device_dir "$ours")
theirs_inode=$(inode_of "$theirs_dir") ours_inode=$(inode_of "$ours_dir")
theirs_wwid=$(san_wwid_of "$theirs") ours_wwid=$(san_wwid_of "$ours")
must make_map theirs "$theirs_wwid" "$(san_dev 1 1)" "$theirs"
must make_map ours "$ours_wwid" "$(san_dev 2 1)" "$ours"

# --- its owner purges the map "theirs" ---
stub_says yes "$theirs_wwid"
"$BUILD/tests/tools/stub_multipathd" $stub_config </dev/null >>/run/lab/stub.log 2>&1 &
stub_pid=$!
must wait_until 20 stub_listens
set -- 'purge_disconnected yes' 'purge_grace 1' 'polling_interval 1' 'max_polling_interval 2' \
	'rescan_on_lun_change yes'
daemon_config "$@"
must daemon_start
must wait_until 60 paths_up 6
ok wait_until 20 owner_is .owner.pid "$stub_pid" -- "the owner is known"
ok owner_is .owner.purges true -- "as one that purges"

# --- its map's path is left to it ---
must san_unmap 1 2
ok wait_until 60 purge_like "$theirs" 'held owner purges' -- "the dead path of the map that its owner purges is held"
daemon_config "$@" 'purge_owner pathkeeper'
must pk reconfigure
ok wait_until 30 purge_like "$theirs" 'held owner purges: purge_owner*' -- \
	"purge_owner pathkeeper waits for the owner, and says so"
is "$(pk purge --json "$theirs" | jq -r '.removals[0].result')" refused "an operator's purge is refused"

# --- the other map's path is purged ---
must san_unmap 2 2
ok wait_until 60 device_gone "$ours_dir" -- "the dead path of the other map is purged"
removed_at=$(clock)
ok said path-purge "dev=$ours" new=deleting -- "by us"
late_delete "$ours_dir" 40 &
must san_map 2 2 new
ok test "$(inode_of "$theirs_dir")" = "$theirs_inode" -- "the owner's path is still there"
ok fails said path-purge "dev=$theirs" new=deleting -- "and was not touched"

# --- nobody is brought to where the owner may still be about to delete ---
ok wait_until 60 test -s $late -- "the owner's late delete comes"
is "$(cat $late)" missed "and nobody is there"
ok wait_until 90 test -e "$ours_dir" -- "then what is there now is brought back"
waited=$(($(clock) - removed_at))
note "brought back $waited ms after the removal"
ok test $waited -ge 55000 -- "not within a minute"
must san_wait_dev 2 2 >/dev/null
newcomer=$(san_dev 2 2) inode=$(inode_of "$ours_dir")
ok test "$inode" != "$ours_inode" -- "it is another device"
ok test "$(san_wwid_of "$newcomer")" != "$ours_wwid" -- "of another volume"
ok wait_until 30 path_is "$newcomer" state up -- "it is up"
is "$(path_field "$newcomer" purge)" no "and not marked"

# --- the owner's word becomes no ---
stub_says no "$theirs_wwid"
ok wait_until 120 device_gone "$theirs_dir" -- "when the owner purges no more, its path is purged"
ok said path-purge "dev=$theirs" new=deleting -- "by us"
ok owner_is .owner.purges false -- "the owner is known as one that does not purge"
is "$(inode_of "$ours_dir")" "$inode" "the newcomer lives"
is "$(cat "$ours_dir/state")" running "and runs"
ok daemon_stop -- "the daemon ends with status 0"
kill "$stub_pid"
done_testing

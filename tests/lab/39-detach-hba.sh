# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host goes out of service: the paths of all its maps leave them and go, while every map does I/O
# over the other host. A map that has no other good path keeps all of them.
# timeout: 500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid fio jq

must san_build 2 1 2 3 4
must owner_start
for lun in 1 2 3 4; do
	must owner_wait_map "$(san_wwid_of "$(san_dev $lun 1)")" 2
done
daemon_config 'polling_interval 1' 'max_polling_interval 2'
must daemon_start
must wait_until 60 paths_up 8
for lun in 1 2 3; do
	map=$(san_wwid_of "$(san_dev $lun 1)")
	must wait_until 60 test -b "/dev/mapper/$map"
	must fio_start "map$lun" "/dev/mapper/$map"
	must wait_until 60 map_is_open "$map"
done
host=host$(san_host 1)
dirs=
for lun in 1 2 3 4; do
	dirs="$dirs $(device_dir "$(san_dev $lun 1)")"
done
all_there() { for dir in $dirs; do [ -e "$dir" ] || return 1; done; }
all_gone() { for dir in $dirs; do [ ! -e "$dir" ] || return 1; done; }
no_record() { [ -z "$(find "$runtime/state" -name "detach*" 2>/dev/null)" ]; }

# --- one map has its only good path there: all or nothing ---
must san_unmap 3 2
must wait_until 60 path_is "$(san_dev 3 2)" state down
tables=$(dmsetup table | sort)
pk detach --json "$host" >/run/lab/refused
is $? 3 "one map would lose its last good path: status 3"
ok grep -q 'last path' /run/lab/refused -- "refused by that name"
ok all_there -- "every path is there"
is "$(dmsetup table | sort)" "$tables" "in the same tables"
must san_map 3 2 vol3
must wait_until 60 path_is "$(san_dev 3 2)" state up
# what its owner has not taken up again carries nothing
is_taken_up() { dmsetup status "$(san_wwid_of "$1")" | grep -q "$(cat "/sys/block/$1/dev") A"; }
must wait_until 90 is_taken_up "$(san_dev 3 2)"

# --- the host goes ---
pk detach --json "$host" >/run/lab/done
is $? 0 "the host: status 0"
is "$(jq -r '[.removals[].result] | unique | join(" ")' /run/lab/done)" removed "all its paths are removed"
is "$(jq -r '.removals | length' /run/lab/done)" 4 "four of them"
ok all_gone -- "none is left"
for lun in 1 2 3 4; do
	map=$(san_wwid_of "$(san_dev $lun 2)")
	is "$(owner_map_devices "$map")" "$(san_dev $lun 2)" "map $lun has its other path alone"
done
for lun in 1 2 3; do
	ok fio_end "map$lun" -- "map $lun: no I/O failed"
done
ok test -e "/sys/class/scsi_host/$host" -- "the host itself is there"
pk detach "$host"
is $? 0 "again: nothing is left to do"
ok wait_until 20 no_record -- "no record is left"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

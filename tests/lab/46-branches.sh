# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# A LUN, a target and a session go out of service by name, by the kernel's or by the one after devfs:
# what is below them leaves its maps, which do I/O over the others, and nothing else does. Where they
# carry the last path of a map in use, they stay as they are.
# Remote ports of Fibre Channel are not to be had in the lab: rport-H:C-N is tried by tests/unit/model/test-name alone.
# timeout: 700

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid fio jq

luns='1 2 3'
must san_few_rules
# shellcheck disable=SC2086 # numbers are words
must san_build 3 $luns
must owner_start
for lun in $luns; do
	map=$(san_wwid_of "$(san_dev "$lun" 3)")
	eval "map_$lun=$map"
	must owner_wait_map "$map" 3
	must wait_until 60 test -b "/dev/mapper/$map"
	must fio_start "map$lun" "/dev/mapper/$map"
	must wait_until 60 map_is_open "$map"
done
daemon_config 'polling_interval 1' 'max_polling_interval 2'
must daemon_start
must wait_until 60 paths_up 9

out=/run/lab/document.json
for port in 1 2 3; do
	for lun in $luns; do
		eval "disk_$port$lun=$(san_dev "$lun" $port) dir_$port$lun=$(device_dir "$(san_dev "$lun" $port)")"
	done
done
# of PORT-LUN 11: the directory, and the disk, as they were at first
dir_of() { eval "echo \$dir_$1"; }
disk_of() { eval "echo \$disk_$1"; }
map_of() { eval "echo \$map_$1"; }
no_record() { [ -z "$(find "$runtime/state" -name "detach*" 2>/dev/null)" ]; }
# what must not change for those that are not meant
seen()
{
	local each

	dmsetup table | sort
	for each; do
		echo "$each $(inode_of "$(dir_of "$each")") $(cat "$(dir_of "$each")/state")"
	done
}
# goes NAME PORT-LUN...: those, and no others, are removed
goes()
{
	local name each wanted

	name=$1
	shift
	wanted=$(for each; do disk_of "$each"; done | sort | xargs)
	pk detach --json "$name" >$out 2>/run/lab/words
	is $? 0 "$name: status 0" || note "$(cat /run/lab/words $out)"
	is "$(jq -r '.removals[] | select(.result == "removed") | .dev' $out | sort | xargs)" "$wanted" "$name: its disks are removed"
	is "$(jq '.removals | length' $out)" $# "$name: and no others are spoken of"
	for each; do
		ok test ! -e "$(dir_of "$each")" -- "$name: $(disk_of "$each") is gone"
	done
	pk detach "$name" >/dev/null 2>&1
	is $? 0 "$name: again, nothing is left to do"
	ok wait_until 20 no_record -- "$name: no record is left"
}
# have LUN PORT-LUN...: that map has those paths, and no others
have()
{
	local lun each wanted

	lun=$1
	shift
	wanted=$(for each; do disk_of "$each"; done | sort | xargs)
	is "$(owner_map_devices "$(map_of "$lun")" | tr ' ' '\n' | sort | xargs)" "$wanted" "map $lun has $wanted"
}
# stays NAME ROWS: refused, because it has the last paths
stays()
{
	local before

	before=$(seen 31 32 33)
	pk detach --json "$1" >$out
	is $? 3 "$1: the last paths of maps in use: status 3"
	ok grep -q 'last path' $out -- "$1: refused by that name"
	is "$(jq '.removals | length' $out)" "$2" "$1: a result for each path"
	is "$(jq '[.removals[] | select(.result == "removed")] | length' $out)" 0 "$1: none was removed"
	is "$(seen 31 32 33)" "$before" "$1: tables and devices are what they were"
	ok no_record -- "$1: no record is left"
}

# --- one LUN ---
hctl=$(san_hctl 1 1)
before=$(seen 12 13 21 22 23 31 32 33 | grep -v " multipath ")
goes "$hctl" 11
have 1 21 31
have 2 12 22 32
have 3 13 23 33
is "$(seen 12 13 21 22 23 31 32 33 | grep -v " multipath ")" "$before" "the other devices are what they were"

# --- a session ---
session=session$(san_session 1)
goes "$session" 12 13
for lun in $luns; do
	have "$lun" "2$lun" "3$lun"
done
ok san_session_is 1 LOGGED_IN -- "the session itself is logged in"

# --- a target ---
target=target$(san_host 2):0:0
goes "$target" 21 22 23
for lun in $luns; do
	have "$lun" "3$lun"
done
ok test -d "/sys/class/scsi_host/host$(san_host 2)" -- "its host is there"
ok wait_until 60 paths_up 3 -- "three paths are left, and up"

# --- the last ones ---
host=$(san_host 3) session=$(san_session 3)
stays "host$host" 3
stays "session@$session" 3
stays "target$host:0:0" 3
stays "$(san_hctl 2 3)" 1

# --- one of them with its map, when nobody uses that any more ---
ok fio_end map3 -- "map 3: no I/O failed"
stays "host$host" 3
goes "sd@$(san_hctl 3 3)" 33
ok fails dmsetup info "$(map_of 3)" -- "map 3 is gone"
have 1 31
have 2 32
for lun in 1 2; do
	ok fio_end "map$lun" -- "map $lun: no I/O failed"
done
goes "session@$session" 31 32
for lun in 1 2; do
	ok fails dmsetup info "$(map_of $lun)" -- "map $lun is gone"
done

# --- and back ---
pk rescan --json >$out 2>/run/lab/words
is $? 0 "an operator's rescan: 0" || note "$(cat /run/lab/words $out)"
for lun in $luns; do
	ok owner_wait_map "$(map_of "$lun")" 3 -- "map $lun is there, with all its paths"
done
ok wait_until 60 paths_up 9 -- "which are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

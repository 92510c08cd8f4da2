# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# An adapter is exchanged: all that is below one PCI function leaves, by whatever name it is called,
# while every map does I/O over the other function, and stays out until the card is pulled; the other
# one is refused then, with nothing changed. What is below the new card is taken in again.
# timeout: 1200

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/bays.sh
. "$LAB/bays.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd udevadm fio jq

rules=/run/udev/rules.d
must mkdir -p $rules
must cp "$ROOT/packaging/55-z-pathkeeper.rules" $rules
must san_few_rules
out=/run/lab/document.json

# --- two functions, four volumes over both; LUN 0 of each is a disk of its own ---
luns='1 2 3 4'
must bay_init
for lun in $luns; do
	must bay_volume "vol$lun" 16
	for bay in 1 2; do
		must bay_plug $bay "$lun" "vol$lun"
	done
done
for bay in 1 2; do
	must bay_rescan $bay
	for lun in $luns; do
		must bay_wait_dev $bay "$lun" >/dev/null
	done
done
must owner_start
map_of() { san_wwid_of "$(bay_dev 2 "$1")"; }
for lun in $luns; do
	map=$(map_of "$lun")
	must owner_wait_map "$map" 2
	must wait_until 60 test -b "/dev/mapper/$map"
	must fio_start "map$lun" "/dev/mapper/$map"
	must wait_until 60 map_is_open "$map"
done
for bay in 1 2; do
	must owner_wait_map "$(san_wwid_of "$(bay_dev $bay 0)")" 1
done

daemon_config 'polling_interval 1' 'max_polling_interval 2' 'purge_grace 1'
must daemon_start
ok wait_until 60 paths_up 10 -- "disks of virtio-scsi are asked, and up"

function_of() { readlink -f "/sys/class/scsi_host/host$(bay_host "$1")" | sed 's,/virtio.*,,'; }
first=$(function_of 1) second=$(function_of 2)
first_dirs='' second_dirs=''
for lun in 0 $luns; do
	first_dirs="$first_dirs $(device_dir "$(bay_dev 1 "$lun")")"
	second_dirs="$second_dirs $(device_dir "$(bay_dev 2 "$lun")")"
done
# what must not change when a word is refused
seen()
{
	dmsetup table | sort
	for dir in "$@"; do
		echo "$dir $(inode_of "$dir") $(cat "$dir/state")"
	done
}
# shellcheck disable=SC2086 # directories are words
seen_all() { seen $first_dirs $second_dirs; }
# shellcheck disable=SC2086
seen_second() { seen $second_dirs; }
first_is_gone() { for dir in $first_dirs; do [ ! -e "$dir" ] || return 1; done; }
results() { jq -r '[.removals[].result] | unique | join(" ")' $out; }
no_record() { [ -z "$(find "$runtime/state" -name "detach*" 2>/dev/null)" ]; }
over_second()
{
	local lun

	for lun in $luns; do
		is "$(owner_map_devices "$(map_of "$lun")")" "$(bay_dev 2 "$lun")" "$1: map $lun has its other path alone"
	done
}

# --- what it is called ---
name=${first#/sys/devices/}
pk tree --json >/run/lab/tree.json
node=$(jq -c "[.. | objects | select(.sysfs? and (.sysfs | endswith(\"$name\")))] | first" /run/lab/tree.json)
like "$node" "*${name##*/}*" "the tree shows the function"
devfs=$(echo "$node" | jq -r .devfs)
note "the function is called $name and $devfs"
before=$(seen_all)
for called in "$name" "$first" "$devfs" "${devfs##*/}"; do
	pk detach --dry-run --json "$called" >$out 2>/run/lab/words
	is $? 0 "$called: nothing forbids it" || note "$(cat /run/lab/words $out)"
	is "$(jq '.removals | length' $out)" 5 "$called: it is all five disks"
	is "$(results)" would-remove "$called: all would go"
done
is "$(jq -r '[.removals[].plan] | map(select(. == "take-path, delete")) | length' $out)" 4 "four of them leave maps that stay"
is "$(jq -r '[.removals[].plan] | map(select(startswith("remove-map "))) | length' $out)" 1 "one goes with its map"
pk detach --dry-run "${name##*/}" >/dev/null 2>&1
is $? 4 "the last part of its directory alone means no path"
is "$(seen_all)" "$before" "tables and devices are what they were"

# --- it goes ---
pk detach --json "$name" >$out 2>/run/lab/words
is $? 0 "the function: status 0" || note "$(cat /run/lab/words $out)"
is "$(results)" removed "all its paths are removed"
is "$(jq '.removals | length' $out)" 5 "five of them"
ok first_is_gone -- "none is left"
over_second "detached"
ok wait_until 60 paths_up 5 -- "the paths of the other function are up"
ok test -e "/sys/class/scsi_host/host$(bay_host 1)" -- "the host itself is there"
ok wait_until 30 no_record -- "no record is left"

# --- the other one: all or nothing ---
before=$(seen_second)
pk detach --json "${second#/sys/devices/}" >$out
is $? 3 "the maps would lose their last paths: status 3"
ok grep -q 'last path' $out -- "refused by that name"
is "$(jq '.removals | length' $out)" 5 "a result for each path"
is "$(jq '[.removals[] | select(.result == "removed")] | length' $out)" 0 "none was removed"
is "$(seen_second)" "$before" "tables and devices are what they were"
ok wait_until 60 paths_up 5 -- "its paths are up"
ok no_record -- "no record is left"

# --- the first again, and a scan ---
pk detach --json "$name" >$out
is $? 0 "again: nothing is left to do"
gaps() { pk status --json | jq '[.gaps[] | select(.stage == "kept")] | length'; }
is "$(gaps)" 5 "five places are kept out"
mark=$(pk events --json | jq .last)
# KIND: events of that name since the mark
events() { pk events --json | jq "[.events[] | select(.number > $mark and .event == \"$1\")] | length"; }
came_and_went() { [ "$(events path-kept-out)" -ge 5 ] && [ "$(events path-gone)" -ge 5 ]; }
must bay_rescan 1
ok wait_until 180 came_and_went -- "a scan: all five come, and go"
no_disk() { ! ls -d "/sys/class/scsi_device/$(bay_host 1):"* >/dev/null 2>&1; }
ok wait_until 30 no_disk -- "none is left"
over_second "scanned"
owner_has_five() { [ "$(multipathd show paths raw format %d | wc -l)" = 5 ]; }
ok wait_until 20 owner_has_five -- "multipathd has the paths of the other function, and no others"
is "$(seen_second)" "$before" "which nothing was done to"

# --- the card is pulled ---
host=/sys/class/scsi_host/host$(bay_host 1)
must bay_remove 1
ok wait_while 60 test -e "$first" -- "the function is pulled: it goes at once"
ok fails test -e "$host" -- "with its host"
ok wait_until 20 daemon_answers -- "the daemon answers"
ok daemon_is_running -- "and is the same"
is "$(pk status --json | jq '[.hands[]] | length')" 0 "no hand is out"
ok wait_until 60 paths_up 5 -- "the paths of the other function are up"

# --- a new card ---
must bay_restore 1
must bay_plug 1 0 bay1
for lun in $luns; do
	must bay_plug 1 "$lun" "vol$lun"
done
# its host has the old one's number, so what is below it is kept out until somebody says otherwise
must wait_until 60 bay_rescan 1
must pk rescan "host$(bay_host 1)"
for lun in $luns; do
	ok owner_wait_map "$(map_of "$lun")" 2 -- "a new card: map $lun has two paths"
done
ok wait_until 60 paths_up 10 -- "all are up"
for lun in $luns; do
	ok fio_end "map$lun" -- "map $lun: no I/O failed"
done
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fibre Channel: remote ports of the kernel's own, over FCoE. A LUN that the array took away goes, a
# port without a link loses nothing, and all that is behind a remote port leaves by its name, under
# I/O over the other one, and stays out.
# timeout: 900

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/fc.sh
. "$LAB/fc.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd fio jq
must san_few_rules
rules=/run/udev/rules.d
must cp "$ROOT/packaging/55-z-pathkeeper.rules" $rules
out=/run/lab/document.json

# --- two remote ports, three volumes behind both ---
must fc_init 2
for lun in 1 2 3; do
	must fc_volume vol$lun 16
	for port in 1 2; do
		must fc_map $lun $port vol$lun
	done
done
for port in 1 2; do
	must fc_up $port
	must wait_until 60 fc_rport_is $port Online
	for lun in 1 2 3; do
		must fc_wait_dev $lun $port >/dev/null
	done
done
must owner_start
map_of() { san_wwid_of "$(fc_dev "$1" 2)"; }
for lun in 1 2 3; do
	must owner_wait_map "$(map_of $lun)" 2
done
busy=$(map_of 1)
must wait_until 60 test -b "/dev/mapper/$busy"
must fio_start busy "/dev/mapper/$busy"
must wait_until 60 map_is_open "$busy"
daemon_config 'polling_interval 1' 'max_polling_interval 2' 'purge_disconnected yes' 'purge_grace 1'
must daemon_start
ok wait_until 60 paths_up 6 -- "six paths are asked, and up"
first=$(fc_rport 1) second=$(fc_rport 2)
note "remote ports $first and $second"
pk tree --json >/run/lab/tree.json
for rport in "$first" "$second"; do
	is "$(jq --arg at "/$rport" '[.. | objects | select(.sysfs? and (.sysfs | endswith($at)))] | length' /run/lab/tree.json)" 1 \
		"the tree shows $rport"
done

# --- the array takes one away ---
one=$(device_dir "$(fc_dev 3 1)") other=$(device_dir "$(fc_dev 3 2)")
must fc_unmap 3 1
ok wait_until 60 device_gone "$one" -- "a LUN that was unmapped on one port goes"
ok test -e "$other" -- "not the one behind the other port"
ok wait_until 60 paths_up 5 -- "the others are up"

# --- a link goes down, and comes back ---
dirs=''
for lun in 1 2 3; do
	dirs="$dirs $(device_dir "$(fc_dev $lun 2)")"
done
# shellcheck disable=SC2086 # directories are words
inodes() { stat -c %i $dirs; }
before=$(inodes)
must fc_down 2
ok wait_until 30 fc_rport_is 2 Blocked -- "without its link a remote port is blocked"
ok wait_until 60 paths_up 2 -- "its paths are not up"
sleep 8 # more than the grace
is "$(inodes)" "$before" "none of its disks is removed"
must fc_up 2
must wait_until 60 fc_rport_is 2 Online
ok wait_until 90 paths_up 5 -- "with it they are up again"
is "$(inodes)" "$before" "as the same devices"
must owner_wait_map "$busy" 2

# --- a remote port is to leave ---
results() { jq -r '[.removals[].result] | unique | join(" ")' $out; }
no_record() { [ -z "$(find "$runtime/state" -name "detach*" -o -name "taken*" 2>/dev/null)" ]; }
no_disk() { ! ls -d "/sys/class/fc_remote_ports/$first/device"/target*/*:*/block >/dev/null 2>&1; }
must wait_until 60 paths_up 5
pk detach --dry-run --json "$first" >$out
is $? 0 "$first: nothing forbids it"
is "$(results) $(jq '.removals | length' $out)" "would-remove 2" "it is the two disks behind it"
pk detach --json "$first" >$out
is $? 0 "$first: status 0" || note "$(cat $out)"
is "$(results)" removed "both are removed"
ok no_disk -- "none is left"
is "$(owner_map_devices "$busy")" "$(fc_dev 1 2)" "the map in use has its other path alone"
ok fc_rport_is 1 Online -- "the remote port itself stays, and is logged in"
ok wait_until 30 no_record -- "no record is left"
ok wait_until 60 paths_up 3 -- "the paths behind the other port are up"
pk detach --json "$first" >$out
is $? 0 "again: nothing is left to do"

# --- somebody scans ---
mark=$(pk events --json | jq .last)
events() { pk events --json | jq "[.events[] | select(.number > $mark and .event == \"$1\")] | length"; }
came_and_went() { [ "$(events path-kept-out)" -ge 2 ] && [ "$(events path-gone)" -ge 2 ]; }
must fc_rescan 1
ok wait_until 90 came_and_went -- "a scan: both come, and go"
ok wait_until 30 no_disk -- "none is left"

# --- the other one: all or nothing ---
pk detach --json "$second" >$out
is $? 3 "$second: the map in use would lose its last path"
ok grep -q 'last path' $out -- "refused by that name"
is "$(inodes)" "$before" "its disks are there"
ok fio_end busy -- "the I/O saw nothing of all that"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

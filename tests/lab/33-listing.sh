# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is shown is what is there: maps and their paths as multipathd has them, the device tree as sysfs
# and device-mapper have it, with a daemon and without.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid dmsetup jq setpriv

must san_build 2 1 2
near=$(san_dev 1 1) far=$(san_dev 1 2) other=$(san_dev 2 1)
hctl=$(san_hctl 1 1)
must owner_start
one=$(san_wwid_of "$near") two=$(san_wwid_of "$other")
must owner_wait_map "$one" 2
must owner_wait_map "$two" 2

out=/run/lab/document.json
run()
{
	local status text

	status=$1 text=$2
	shift 2
	pk "$@" >$out 2>/run/lab/words
	is $? "$status" "$text" || note "$(cat /run/lab/words)"
}
field() { jq -r "$1" $out; }

# --- without a daemon: the tree is what sysfs says ---
# shellcheck disable=SC2016 # of jq
chain='def chain($n): if .name == $n then [.kind] else .kind as $k | .children[] | chain($n) | [$k] + . end;'
nodes='.tree | .. | objects | select(has("children"))'
map_devt() { dmsetup info -c --noheadings --separator : -o major,minor "$1"; }

run 0 "tree: 0, without a daemon" tree --json
is "$(field "$chain [.tree | chain(\"$near\")][0] | join(\" \")")" "root other host session target lun disk" \
	"from host by session, target and LUN to the disk"
is "$(field "$nodes | select(.name == \"$near\") | .devt")" "$(cat "/sys/block/$near/dev")" "with its number"
is "$(field "$nodes | select(.name == \"$near\") | .sysfs")" "$(readlink -f "/sys/block/$near")" \
	"and its directory"
is "$(field "$nodes | select(.name == \"$hctl\") | .state + \" \" + .driver + \" \" + .wwid")" "running sd $one" \
	"the LUN: its state, driver and WWID"
is "$(field "$nodes | select(.kind == \"map\" and .label == \"$two\") | .devt")" "$(map_devt "$two")" \
	"a map has the number that dmsetup tells"
is "$(field "[$nodes] | map(select(.kind == \"lun\" and .driver == \"sd\")) | length")" \
	"$(find /sys/class/scsi_disk -mindepth 1 | wc -l)" "every disk of the SCSI bus, once"
is "$(field '.complete')" true "complete"
run 0 "tree of a disk: 0" tree --json "$near"
is "$(field "[$nodes] | map(select(.kind == \"lun\").name) | join(\" \")")" "$hctl" "its branch alone"
run 0 "tree of a WWID: 0" tree --json "$one"
is "$(field "[$nodes] | map(select(.kind == \"disk\").name) | sort | join(\" \")")" \
	"$(printf '%s\n' "$near" "$far" | sort | xargs)" "both its disks"
is "$(field "[$nodes] | map(select(.kind == \"map\").label) | join(\" \")")" "$one" "and its map"
run 0 "tree of an address where nothing is: 0" tree --json 9:9:9:9
is "$(field "[$nodes] | length")" 1 "the root alone"
run 4 "tree of a name that means nothing: 4" tree no-such-volume
run 0 "tree for people: 0" tree
ok grep -qE "^[| ]*[|\`]- $near  [0-9]+:[0-9]+  16M\$" $out -- "draws the disk"
setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/pathkeeper" tree --json >$out 2>/run/lab/words
is $? 0 "everybody may see the tree: 0"
run 5 "maps needs the daemon: 5" maps --json
run 5 "topology needs the daemon: 5" topology

# --- with one ---
daemon_config 'polling_interval 1'
must daemon_start
in_maps() { [ "$(pk paths --json | jq '[.paths[] | select(.state == "up" and .map != null)] | length')" = 4 ]; }
must wait_until 30 in_maps
owner_ready() { [ "$(multipathd show maps json | jq '[.maps[].path_groups[].paths[] | select(.chk_st == "ready")] | length')" = 4 ]; }
must wait_until 30 owner_ready

of_maps='[.maps | sort_by(.name)[] | {name, uuid, sysfs, paths, write_prot, dm_st, features, hwhandler,
	path_faults, vend, prod, rev}]'
of_groups='[.maps | sort_by(.name)[] | {name, groups: [.path_groups[] | {selector, dm_st, group,
	paths: [.paths[] | {dev, dev_t, dm_st, dev_st, chk_st, checker, target_wwnn, lun_hex}]}]}]'
theirs() { multipathd show maps json | jq "$1"; }

run 0 "maps: 0" maps --json
is "$(jq "$of_maps" $out)" "$(theirs "$of_maps")" "the maps are multipathd's"
is "$(field '.version, .major_version, .minor_version' | xargs)" "1 0 1" "in its form"
is "$(field ".maps[] | select(.name == \"$one\") | .size")" 16M "with their size"
run 0 "topology: 0" topology --json
is "$(jq "$of_groups" $out)" "$(theirs "$of_groups")" "groups and paths are multipathd's"
run 0 "topology of a path: 0" topology --json "$far"
is "$(field '[.maps[].name] | join(" ")')" "$one" "its map"
run 0 "topology for people: 0" topology "$one"
ok grep -qE "\`- .* $near +[0-9:]+ +active ready +running up|- .* $near +[0-9:]+ +active ready +running up" $out -- \
	"draws its path"

# --- what the kernel counts ---
faults_of() { pk maps --json | jq ".maps[] | select(.name == \"$1\") | .path_faults"; }
has_faults() { [ "$(faults_of "$1")" -ge 1 ]; }
must dmsetup message "$one" 0 fail_path "$(cat "/sys/block/$near/dev")"
ok wait_until 15 has_faults "$one" -- "a path that failed in the kernel is counted"
is "$(faults_of "$two")" 0 "of its map alone"

# --- the tree has the daemon's states ---
state_of() { pk tree --json | jq -r "$nodes | select(.name == \"$1\") | .state"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }
is "$(state_of "$(san_hctl 2 2)")" up "a LUN's state is its path's"
must san_unmap 2 2
ok wait_until 30 state_is "$(san_hctl 2 2)" down -- "also when its LUN was taken away"
is "$(cat "/sys/class/scsi_device/$(san_hctl 2 2)/device/state")" running "which sysfs does not say"

ok daemon_stop -- "the daemon ends with status 0"
run 0 "tree: 0, again without a daemon" tree --json
is "$(field "$nodes | select(.name == \"$(san_hctl 2 2)\") | .state")" running "again what sysfs says"
done_testing

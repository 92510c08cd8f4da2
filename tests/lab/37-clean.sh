# shellcheck shell=dash disable=SC2154,SC2317 # daemon.sh sets, wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the daemon has open is a cache: "clean" gives it back, and the drivers' modules are used as
# little as before the daemon came; a path whose handles were given back is asked again when that is
# due. What is in use stays, which is said, and no healthy device goes.
# kernel: 6.12
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq dmsetup

out=/run/lab/cleaned
clean() { pk clean --json "$@" >$out 2>/run/lab/words; }
count() { jq -r ".$1 | length" $out; }
used() { cat "/sys/module/$1/refcnt"; }
used_is() { [ "$(used "$1")" = "$2" ]; }
state_of() { path_field "$1" state; }
unchecked() { [ "$(pk paths --json "$1" | jq -r '[.paths[] | select(.state == "unchecked" and .reason == "cleaned")] | length')" = "$2" ]; }

clean host3
is $? 5 "without a daemon: 5"

# two volumes over two sessions, in maps; and a host of scsi_debug
must san_build 2 1 2
must san_scsi_debug 2 1 3
six_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 6 ]; }
must wait_until 30 six_devices
must udevadm settle --timeout=120
# shellcheck disable=SC2046 # addresses are words
set -- $(san_scsi_debug_hctls | sort -V)
host=${1%%:*} other=${4%%:*}
first=$(ls "/sys/class/scsi_device/$1/device/block") second=$(ls "/sys/class/scsi_device/$2/device/block")
second_dir=$(device_dir "$second") stuck=$3
ours=$(san_host 1)
table="0 32768 multipath 0 0 1 1 service-time 0 2 0 /dev/$(san_dev 1 1) /dev/$(san_dev 1 2)"
must dmsetup create data --uuid "mpath-$(san_wwid_of "$(san_dev 1 1)")" --table "$table"
table=$(dmsetup table data)
must udevadm settle --timeout=120
debug_before=$(used scsi_debug) iscsi_before=$(used iscsi_tcp)

daemon_config 'polling_interval 2' 'max_polling_interval 15' 'purge_grace 1' 'checker_timeout 5'
must daemon_start
must wait_until 60 paths_up 10
is "$(used scsi_debug)" $((debug_before + 6)) "each device that is watched pins the driver"
is "$(used iscsi_tcp)" $((iscsi_before + 4)) "of sessions, too"

# --- a host ---
clean --dry-run "host$host"
is $? 0 "a dry run of one host: 0"
is "$(jq -r '[.cleaned[] | select(test("[0-9]:0:0:[0-9]+$"))] | length' $out)" 3 "its three LUNs would be let go"
is "$(used scsi_debug)" $((debug_before + 6)) "and are not"
clean "host$host"
is $? 0 "clean of it: 0"
is "$(jq -r '.complete, (.busy | length), (.stale | length)' $out | paste -sd' ')" "true 0 0" "nothing is busy, and everything is closed"
like "$(jq -r .root $out)" "*/host$host" "the document names the host's directory"
ok wait_until 5 used_is scsi_debug $((debug_before + 3)) -- "its three devices do not pin the driver any more"
ok unchecked "host$host" 3 -- "its paths are unchecked, cleaned"
clean "host$other"
is $? 0 "the other host: 0"
ok wait_until 5 used_is scsi_debug "$debug_before" -- "the module is used as before the daemon came"
ok wait_until 60 paths_up 10 -- "when they are due, they are asked again"
ok said cleaned handles=3 busy=0 why=operator -- "the journal says what was given back"

# --- maps are no use of the handles; the kernel's own use of the devices stays ---
clean --force "host$ours"
is $? 0 "a host whose paths are in a map: 0"
is "$(jq -r '[.cleaned[] | select(startswith("virtual/block/dm-"))] | length' $out)" 1 "by force its map is looked at anew"
clean "host$(san_host 2)"
ok wait_until 5 used_is iscsi_tcp "$iscsi_before" -- "the transport's module is used as before"
ok dmsetup status data -- "the map is what it was"
is "$(dmsetup table data)" "$table" "with both paths"
pk check "host$ours" >/dev/null
is $? 0 "who asks has it watched at once"
is "$(state_of "$(san_dev 1 1)")" up "and it is up"
ok wait_until 60 paths_up 10 -- "the others follow"

# --- one LUN, by its name below its target ---
clean "target$host:0:0" "$1"
is "$? $(count cleaned)" "0 1" "a name of the first level means that alone"
is "$(jq -r '.cleaned[0]' $out | sed 's/.*\///')" "$1" "this one"
ok unchecked "$first" 1 -- "it is unchecked"
is "$(state_of "$second")" up "its neighbour is not"
clean nonsense
is $? 4 "no such device: 4"
clean 9:0:0:9
is "$? $(count cleaned)" "0 0" "an address where nothing is: absent, 0"
ok wait_until 60 paths_up 10 -- "it is asked again"

# --- a command that does not come back ---
must san_inject_timeout "$stuck" 00 1
is_out() { [ "$(path_field "$(ls "/sys/class/scsi_device/$stuck/device/block")" checker)" = timeout ]; }
must wait_until 60 is_out
clean --force "host$host"
is $? 3 "a command is in flight: 3"
is "$(jq -r '[.busy[] | select(.holds[0].kind == "check") | .node] | map(sub(".*/"; "")) | join(" ")' $out)" "$stuck" "it is said of which device"
is "$(jq -r '[.cleaned[] | select(test("[0-9]:0:0:[0-9]+$"))] | length' $out)" 2 "its neighbours were let go"
ok wait_until 90 paths_up 10 -- "it comes back, and all are asked again"

# --- what is gone is removed, what answers is not ---
unmapped() { [ "$(path_field "$second" checker)" = disconnected ]; }
must san_inject_sense "$2" 00 5 25 0 always
must san_inject_sense "$2" 12 5 25 0 always
must wait_until 60 unmapped
is "$(purge_of "$second")" "no purge_disconnected no" "it is gone, and nobody wants it removed"
clean "host$host"
is $? 3 "a device that is gone is on its way out: 3"
is "$(jq -r '[.busy[] | select(any(.holds[]; .kind == "removal")) | .node] | map(sub(".*/"; "")) | join(" ")' $out)" "$2" "it is the one" ||
	note "$(jq -c .busy $out)"
ok wait_until 90 device_gone "$second_dir" -- "it goes"
ok wait_until 60 paths_up 9 -- "and no other"
is "$(said_count path-gone)" 1 "one device went in all of this"

# --- the module goes ---
clean "host$host"
clean "host$other"
ok wait_until 10 modprobe -r scsi_debug -- "behind a clean the driver can be unloaded"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

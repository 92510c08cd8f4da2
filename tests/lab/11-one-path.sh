# SPDX-License-Identifier: LGPL-2.1-or-later
# One path of one LUN is taken away under multipathd: exactly that device goes, I/O goes on.
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid fio jq

must san_init 2
for lun in 1 2 3 4; do
	must san_volume vol$lun 16
	must san_map $lun 1 vol$lun
	must san_map $lun 2 vol$lun
done
must san_login 1
must san_login 2
for lun in 1 2 3 4; do
	must san_wait_dev $lun 1 >/dev/null
	must san_wait_dev $lun 2 >/dev/null
done
must owner_start
for lun in 1 2 3 4; do
	must owner_wait_map "$(san_wwid_of "$(san_dev $lun 1)")" 2
done
map1=$(san_wwid_of "$(san_dev 1 1)")
map2=$(san_wwid_of "$(san_dev 2 1)")

daemon_config 'purge_disconnected yes' 'purge_grace 1' 'polling_interval 2'
must daemon_start
all_up() { [ "$(pk paths --json | jq '[.paths[] | select(.state == "up" and .map != null)] | length')" = 8 ]; }
ok wait_until 30 all_up -- "eight paths are up, each in a map"

must wait_until 60 test -b "/dev/mapper/$map1" # udev's, which may be behind
must wait_until 60 test -b "/dev/mapper/$map2"
must fio_start one "/dev/mapper/$map1"
must fio_start two "/dev/mapper/$map2"

victim=$(san_dev 1 1)
partner=$(san_dev 1 2)
dir=$(device_dir "$victim")
before=$(ls /sys/class/scsi_device | sort)
hctl=${dir##*/}
must san_unmap 1 1

ok wait_until 60 device_gone "$dir" -- "the device whose LUN was taken away goes"
is "$(ls /sys/class/scsi_device | sort)" "$(echo "$before" | grep -vxF "$hctl")" "exactly that device, and no other"
ok owner_wait_map "$map1" 1 -- "the owner's map shrinks to one path"
is "$(owner_map_devices "$map1")" "$partner" "which is the other path"
ok owner_wait_map "$map2" 2 -- "the other maps keep theirs"
ok said path-purge "dev=$victim" new=deleting -- "the daemon says what it deleted"
ok wait_until 15 said purge-round purged=1 failed=0 -- "and sums up: purged=1"
ok fails said "dev=$partner" new=marked -- "its partner was never marked"
is "$(san_tur "$partner")" good "the partner answers"

ok fio_end one -- "I/O through the shrunken map was never wrong"
ok fio_end two -- "I/O through another map was never wrong"

path_absent() { [ "$(pk paths --json | jq "[.paths[] | select(.dev == \"$victim\")] | length")" = 0 ]; }
ok path_absent -- "the path is no longer listed"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

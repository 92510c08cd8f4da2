# SPDX-License-Identifier: LGPL-2.1-or-later
# More happens than the queue for events holds: that is noticed, and the model is right afterwards.
# timeout: 200

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need jq

must san_scsi_debug 1 1 8
eight_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 8 ]; }
must wait_until 30 eight_devices
must udevadm settle --timeout=120
# shellcheck disable=SC2046 # addresses are words
set -- $(san_scsi_debug_hctls | sort -V)
host=${1%%:*}

daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1'
PATHKEEPER_TEST_UEVENT_RCVBUF=4096
export PATHKEEPER_TEST_UEVENT_RCVBUF
must daemon_start
must wait_until 60 paths_up 8

in_sysfs()
{
	for device in /sys/class/scsi_disk/"$host":*; do
		[ -e "$device" ] && echo "${device##*/} $(ls "$device/device/block")"
	done | sort
}
in_model() { pk paths --json | jq -r '.paths[] | .hctl + " " + .dev' | sort; }
same() { [ "$(in_model)" = "$(in_sysfs)" ]; }
ok same -- "the model is what sysfs has"

# nobody empties the queue while devices come and go
must kill -STOP $daemon_pid
for round in 1 2; do
	: "$round"
	for hctl in "$2" "$3" "$4" "$5"; do
		echo 1 >"/sys/class/scsi_device/$hctl/device/delete"
	done
	[ $round = 2 ] || echo '- - -' >"/sys/class/scsi_host/host$host/scan"
done
echo "0 0 ${3##*:}" >"/sys/class/scsi_host/host$host/scan"
after=$(in_sysfs)
is "$(echo "$after" | wc -l)" 5 "three devices are gone, one is another"
must kill -CONT $daemon_pid
ok wait_until 20 said uevents-lost -- "lost events are noticed"
ok wait_until 30 same -- "the model is what sysfs has" || note "model: $(in_model | tr '\n' ',') sysfs: $(in_sysfs | tr '\n' ',')"
ok wait_until 30 paths_up 5 -- "and all of it is up"
must udevadm settle --timeout=120
ok fails said path-purge -- "nothing was ever marked"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

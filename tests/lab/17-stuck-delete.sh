# SPDX-License-Identifier: LGPL-2.1-or-later
# A delete hangs in the kernel: its host waits, nobody else does, not even the end of the daemon.
# When it ends, the host's queue goes on.
# kernel: 6.12
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need sg_raw jq

must san_scsi_debug 2 1 4
eight_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 8 ]; }
must wait_until 30 eight_devices
must udevadm settle --timeout=120
# shellcheck disable=SC2046 # addresses are words
set -- $(san_scsi_debug_hctls | sort -V)
slow=${1%%:*}
dir_of() { readlink -f "/sys/class/scsi_device/$1/device"; }
disk_of() { ls "/sys/class/scsi_device/$1/device/block"; }
stuck=$2 behind=$3 same_host=$4 other_host=$6
stuck_dir=$(dir_of "$stuck") behind_dir=$(dir_of "$behind") other_dir=$(dir_of "$other_host")
stuck_disk=$(disk_of "$stuck") behind_disk=$(disk_of "$behind") same_disk=$(disk_of "$same_host")
behind_inode=$(inode_of "$behind_dir")

# the LUN is gone: what says so are TEST UNIT READY and INQUIRY
unmap()
{
	san_inject_sense "$1" 00 5 25 0 always && san_inject_sense "$1" 12 5 25 0 always
}

daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' 'purge_share 100'
must daemon_start
must wait_until 60 paths_up 8

# A read that is never answered, and for whose abort error recovery is needed: del_gendisk waits
# for it. Through sg, so that nobody has the disk open.
must san_inject_timeout "$stuck" 28 1
must san_inject_abort_failure "$stuck" 28 always
began=$(clock)
sg_raw --timeout=60 --request=512 "$(san_sg_of "$stuck_disk")" 28 00 00 00 00 00 00 00 01 00 >/dev/null 2>&1 &
must unmap "$stuck"
hand_waits() { hand=$(hand_pid "$slow") && [ -n "$hand" ] && process_is "$hand" D; }
ok wait_until 60 hand_waits -- "the hand waits in the kernel"
grep -qE 'del_gendisk|blk_mq_freeze|scsi_remove' "/proc/$hand/stack" || note "waits in: $(head -n3 "/proc/$hand/stack" | tr '\n' ' ')"

# --- nobody else waits ---
must unmap "$other_host"
must unmap "$behind"
ok wait_until 30 device_gone "$other_dir" -- "a LUN of another host goes meanwhile"
ok process_is "$hand" D -- "the hand still waits"
ok pk check "$same_disk" -- "a check of another LUN of the same host is answered"
ok wait_until 30 path_is "$stuck_disk" purge stuck -- "the removal is shown as stuck"
is "$(pk status --json | jq -r '[.hands[] | select(.stuck) | .dev] | join(" ")')" "$stuck_disk" "status shows what is stuck"
ok wait_until 30 purge_like "$behind_disk" '* host' -- "the next LUN of that host waits its turn"
is "$(pk status --json | jq '[.hands[]] | length')" 1 "one hand is out"
is "$(hand_pid "$slow")" "$hand" "the one that is stuck"
ok pk check "$same_disk" -- "checks on that host still go on"

# --- the end of the daemon does not wait either ---
stopping=$(clock)
ok daemon_stop -- "the daemon ends with status 0"
took=$(($(clock) - stopping))
note "the daemon ended in $took ms"
ok [ $took -lt 5000 ] -- "at once"
ok process_is "$hand" D -- "while the hand still waits"
must daemon_start
ok wait_until 30 path_is "$same_disk" state up -- "a new daemon starts and serves"
ok wait_until 30 purge_like "$behind_disk" '* host' -- "and knows that the host is not free"
is "$(inode_of "$behind_dir")" "$behind_inode" "the next LUN is still there"
ok process_is "$hand" D -- "as long as the hand waits"
note "stuck for $(($(clock) - began)) ms so far"

# --- it ends ---
ok wait_until 90 process_is "$hand" "" -- "the hand returns"
ok wait_until 10 device_gone "$stuck_dir" -- "its device is gone"
ok wait_until 60 device_gone "$behind_dir" -- "and the next one goes"
ok paths_up 5 -- "all others are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kernel reads a device again and does not come back: its host waits for the removals that would
# hang under it, nobody else waits, and the device can be closed all the same.
# kernel: 6.12
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need jq

must san_scsi_debug 2 1 3
six_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 6 ]; }
must wait_until 30 six_devices
must udevadm settle --timeout=120
# shellcheck disable=SC2046 # addresses are words
set -- $(san_scsi_debug_hctls | sort -V)
slow=${1%%:*} other=${4%%:*}
dir_of() { readlink -f "/sys/class/scsi_device/$1/device"; }
disk_of() { ls "/sys/class/scsi_device/$1/device/block"; }
grows=$2 behind=$3 elsewhere=$5
grows_dir=$(dir_of "$grows") behind_dir=$(dir_of "$behind") elsewhere_dir=$(dir_of "$elsewhere")
grows_disk=$(disk_of "$grows") behind_disk=$(disk_of "$behind")
unmap() { san_inject_sense "$1" 00 5 25 0 always && san_inject_sense "$1" 12 5 25 0 always; }

daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' 'purge_share 100'
must daemon_start
must wait_until 60 paths_up 6

# READ CAPACITY is not answered, which only a rescan asks
for code in 25 9e; do must san_inject_timeout "$grows" $code 8; done
pk grow --json --timeout 300 "$grows_disk" >/run/lab/growths 2>/run/lab/words &
asking=$!
hand_waits() { hand=$(hand_pid "$slow") && [ -n "$hand" ] && process_is "$hand" D; }
ok wait_until 60 hand_waits -- "the hand waits in the kernel"
is "$(pk status --json | jq -r '.hands[0] | .dev + " " + .scan')" "$grows_disk $grows" "status says for what"

# --- nobody else waits ---
must unmap "$elsewhere"
must unmap "$behind"
ok wait_until 60 device_gone "$elsewhere_dir" -- "a LUN of another host goes"
is "$(hand_pid "$other")" "" "its hand is through"
ok wait_until 60 purge_like "$behind_disk" '* host' -- "one of the same host waits its turn"
stuck() { [ "$(pk status --json | jq -r '[.hands[] | select(.stuck) | .dev] | join(" ")')" = "$grows_disk" ]; }
ok wait_until 60 stuck -- "the hand is shown as stuck"
wait $asking
is $? 1 "who asked is told: 1"
is "$(jq -r '.growths[0] | .result + " " + .reason' /run/lab/growths)" "pending stuck: $grows_disk" "that it is stuck"
ok daemon_stop -- "the daemon ends with status 0"
ok process_is "$hand" D -- "while the hand still waits"
must daemon_start
ok wait_until 60 purge_like "$behind_disk" '* host' -- "a new daemon knows that the host is not free"

# --- why its host is locked, and why a fence is no deed of its host ---
ok process_is "$hand" D -- "the hand still waits"
echo offline >"$grows_dir/state"
is "$(cat "$grows_dir/state")" offline "its device can be closed meanwhile"
sh -c "echo 1 >$grows_dir/delete" &
deleting=$!
ok wait_until 20 process_is $deleting D -- "a delete hangs under it"

# --- it ends ---
ok wait_until 200 process_is "$hand" "" -- "the hand returns"
ok wait_until 60 device_gone "$grows_dir" -- "the delete, too"
ok wait_until 90 device_gone "$behind_dir" -- "and the next one goes"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

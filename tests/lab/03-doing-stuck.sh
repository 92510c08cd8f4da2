# shellcheck shell=dash disable=SC2154,SC2317 # watch_device sets, wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hand that the kernel does not give back: its keeper goes on asking, its host takes no second
# hand, also after another daemon came; nothing waits for it.
# kernel: 6.12
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"
# shellcheck source=doer.sh
. "$ROOT/tests/lab/doer.sh"

need sg_raw

must san_scsi_debug 2 1 3
six_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 6 ]; }
must wait_until 30 six_devices
must udevadm settle --timeout=120
must doer_start
slot=0
for hctl in $(san_scsi_debug_hctls | sort -V); do
	slot=$((slot + 1))
	eval "hctl_$slot=$hctl"
	watch_device $slot "$(readlink -f "/sys/class/scsi_device/$hctl/device")"
done
unmap() { san_inject_sense "$1" 00 5 25 0 always && san_inject_sense "$1" 12 5 25 0 always; }

# A read that is never answered, and whose abort needs error recovery. By somebody else: the keeper
# would wait for a command of its own.
must san_inject_timeout "$hctl_1" 28 1
must san_inject_abort_failure "$hctl_1" 28 always
sg_raw --timeout=30 --request=512 "$(san_sg_of "$disk_1")" 28 00 00 00 00 00 00 00 01 00 >/dev/null 2>&1 &
for slot in 1 2 4; do
	eval "must unmap \"\$hctl_$slot\""
done
sleep 1
begin delete 1 claim=yes
hand_waits()
{
	hand=$(helpers | sed -n 's/^pk-hand .*\///p' | head -n1)
	[ -n "$hand" ] && process_is "$hand" D
}
ok wait_until 20 hand_waits -- "the hand waits in the kernel"
ok ask check 3 -- "another LUN of that host is asked"
like "$answer" "checked *asked=yes*" "and answers"
ok ask check 1 -- "the one that is being deleted is asked"
like "$answer" "checked *result=-*" "there is no answer of it, but one of the keeper"
ok ask delete 2 claim=yes -- "a second LUN of the host is to be deleted"
like "$answer" "done *result=-16 stage=1*" "refused: a hand is out on that host"
ok ask delete 4 claim=yes -- "a LUN of the other host is deleted"
like "$answer" "done *written=yes*" "at once"
ok process_is "$hand" D -- "the hand still waits"

begun=$(clock)
doer_quit
took=$(($(clock) - begun))
note "the daemon's end took $took ms"
ok [ $took -lt 3000 ] -- "the end of the daemon does not wait"
is "$(helpers | grep -vc "/$hand\$")" 0 "and only the hand is left" || note "$(helpers)"
ok process_is "$hand" D -- "which still waits"
must doer_start
watch_device 2 "$dir_2"
watch_device 3 "$dir_3"
ok ask check 3 -- "the next daemon asks on that host"
like "$answer" "checked *asked=yes*" "and is answered"
ok ask delete 2 claim=yes -- "and is to delete there"
like "$answer" "done *result=-16 stage=1*" "refused: the old hand is still out"
ok wait_until 90 process_is "$hand" "" -- "the kernel gives the hand back"
ok ask delete 2 claim=yes -- "now the other one is deleted"
like "$answer" "done *written=yes*" "and goes"
doer_quit
ok wait_until 10 no_helpers -- "no helper stays" || note "$(helpers)"
done_testing

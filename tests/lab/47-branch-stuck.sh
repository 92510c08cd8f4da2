# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host goes out of service, and in the middle one of its deletes hangs in the kernel: who asked is
# told which, the others of that host wait behind it, other hosts' go, and the word is brought to its
# end when the hang is over, also by the next daemon.
# kernel: 6.12
# timeout: 900

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need sg_raw jq

must san_scsi_debug 3 1 4
twelve_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 12 ]; }
must wait_until 30 twelve_devices
must udevadm settle --timeout=120
dir_of() { readlink -f "/sys/class/scsi_device/$1/device"; }
disk_of() { ls "/sys/class/scsi_device/$1/device/block"; }
# shellcheck disable=SC2046 # addresses are words
set -- $(san_scsi_debug_hctls | sort -V)
host_1=${1%%:*} host_2=${5%%:*} elsewhere_1=$9
shift 9
elsewhere_2=$1

daemon_config 'polling_interval 1' 'max_polling_interval 2'
must daemon_start
must wait_until 60 paths_up 12

# The first that is deleted hangs: they go in the order in which they were found. Were it the last of
# its host, the delete before it would hang in its place: one that leaves a tag set to a single other
# device waits for that one's commands (blk_mq_update_tag_set_shared).
first_of() { log_lines path-added "hctl=$1:" | sed -n '1s/.* hctl=\([^ ]*\).*/\1/p'; }
stuck_1=$(first_of "$host_1") stuck_2=$(first_of "$host_2")
like "$stuck_1 $stuck_2" "$host_1:* $host_2:*" "the daemon found both hosts' devices"

no_record() { [ -z "$(find "$runtime/state" -name "detach*" 2>/dev/null)" ]; }
left_of() { san_scsi_debug_hctls | grep -c "^$1:"; }
left_is() { [ "$(left_of "$1")" = "$2" ]; }
hand_waits() { hand=$(hand_pid "$1") && [ -n "$hand" ] && process_is "$hand" D; }
# of the document, "RESULT REASON" of each disk but the one that hangs
others() { jq -r ".removals[] | select(.dev != \"$stuck_disk\") | .result + \" \" + .reason" "$1"; }

# Who came before it in its host's order was in the kernel for a moment, too.
hangs_with()
{
	[ "$(pk status --json | jq -r ".hands[] | select(.host == $1) | .dev")" = "$stuck_disk" ] && hand_waits "$1"
}

# hangs HOST HCTL: a word about HOST, whose deletes stop at HCTL. A read that is never answered, and
# for whose abort error recovery is needed: del_gendisk waits for it. Through sg, so that nobody has
# the disk open.
hangs()
{
	stuck_disk=$(disk_of "$2") stuck_dir=$(dir_of "$2")
	must san_inject_timeout "$2" 28 1
	must san_inject_abort_failure "$2" 28 always
	sg_raw --timeout=120 --request=512 "$(san_sg_of "$stuck_disk")" 28 00 00 00 00 00 00 00 01 00 >/dev/null 2>&1 &
	pk detach --json --timeout 30 "host$1" >/run/lab/told 2>/run/lab/words &
	asking=$!
	ok wait_until 60 hangs_with "$1" -- "the hand waits in the kernel, and status says with what"
	asked=$(clock)
	must pk status >/dev/null
	note "it answered in $(($(clock) - asked)) ms"
	ok wait_until 30 path_is "$stuck_disk" purge stuck -- "the removal is shown as stuck"
}

# elsewhere HCTL: nobody else waits
elsewhere()
{
	local dir

	dir=$(dir_of "$1")
	pk detach --json --timeout 60 "$1" >/run/lab/elsewhere 2>/run/lab/words
	is $? 0 "a LUN of another host is detached: status 0" || note "$(cat /run/lab/words /run/lab/elsewhere)"
	is "$(jq -r '.removals[0].result' /run/lab/elsewhere)" removed "and removed"
	ok device_gone "$dir" -- "and gone"
	ok process_is "$hand" D -- "while the hand still waits"
}

# ends HOST: nobody has to say it again
ends()
{
	ok wait_until 240 process_is "$hand" "" -- "the hand returns"
	ok wait_until 20 device_gone "$stuck_dir" -- "its device is gone"
	ok wait_until 90 left_is "$1" 0 -- "and the others of its host go"
	ok wait_until 60 no_record -- "no record is left"
	ok test -e "/sys/class/scsi_host/host$1" -- "the host itself is there"
	is "$(pk status --json | jq '[.hands[]] | length')" 0 "no hand is out"
}

# --- who asked is told; the word goes on ---
hangs "$host_1" "$stuck_1"
elsewhere "$elsewhere_1"
wait $asking
is $? 1 "who asked is told at the time-out: status 1"
is "$(jq '.removals | length' /run/lab/told)" 4 "a result for each path"
is "$(jq -r ".removals[] | select(.dev == \"$stuck_disk\") | .result + \" \" + .reason" /run/lab/told)" "pending stuck" \
	"the one that hangs is pending, and stuck"
is "$(others /run/lab/told | sort -u | grep -vcE '^(removed|pending host)')" 0 "the others are removed, or wait for the host" ||
	note "$(cat /run/lab/told)"
is "$(others /run/lab/told | grep -c '^removed')" $((4 - $(left_of "$host_1"))) "those that are gone are called so"
ok fails no_record -- "the word is written down"
pk detach --json --timeout 10 "host$host_1" >/run/lab/again 2>/dev/null
is $? 1 "said again meanwhile: status 1"
is "$(jq -r ".removals[] | select(.dev == \"$stuck_disk\") | .result + \" \" + .reason" /run/lab/again)" "pending stuck" \
	"because of the same one"
ok process_is "$hand" D -- "the hand still waits"
ends "$host_1"
is "$(left_of "$host_2")" 4 "no other host was meant"

# --- the daemon dies: the next one takes the word up ---
hangs "$host_2" "$stuck_2"
daemon_stop KILL
wait $asking
must daemon_start
ok process_is "$hand" D -- "the hand outlives its daemon"
ok fails no_record -- "the word is still written down"
left=$(left_of "$host_2")
elsewhere "$elsewhere_2"
is "$(left_of "$host_2")" "$left" "of its host nothing goes meanwhile"
ends "$host_2"
ok wait_until 60 paths_up 2 -- "what nobody spoke of is there, and up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

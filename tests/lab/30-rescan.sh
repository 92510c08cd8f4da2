# SPDX-License-Identifier: LGPL-2.1-or-later
# New LUNs are found where they are looked for; a scan that hangs is a stuck hand; what was purged is
# scanned back when the target reports that its LUNs changed, and not without the word.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

must san_few_rules
must san_build 1 1 2 3
first=$(san_dev 1 1) second=$(san_dev 2 1)
host=$(san_host 1) session=$(san_session 1)
hctl=$(san_hctl 9 1)
out=/run/lab/document.json
scan() { pk rescan --json "$@" >$out 2>/run/lab/words; }
field() { jq -r "$1" $out; }
has_lun() { san_dev "$1" 1 >/dev/null 2>&1; }

# --- without a daemon ---
must san_volume nine 16
must san_map 9 1 nine
ok fails has_lun 9 -- "the kernel does not look by itself"
scan "$first"
is $? 0 "rescan of a disk: 0"
is "$(field '.scans[0] | .place + " " + .result + " " + (.found | tostring)')" "${hctl%:*}:- scanned 1" \
	"looked on its target, and found one"
ok has_lun 9 -- "which is there"
scan host4242
is $? 0 "rescan of a host that is not there: 0"
is "$(field '.scans[0].result')" absent "absent"
scan no-such-volume
is $? 4 "rescan of a name that means nothing: 4"

# --- with one ---
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' \
	'purge_share 100'
must daemon_start
must wait_until 60 paths_up 4
must san_volume ten 16
must san_map 10 1 ten
scan "session$session"
is "$(field '.scans[0] | .result + " " + (.found | tostring)')" "scanned 1" "by its session"
ok has_lun 10 -- "LUN 10 is there"
must san_volume eleven 16
must san_map 11 1 eleven
scan
is "$(field ".scans[] | select(.dev == \"host$host\") | .found")" 1 "all hosts"

# --- nothing else is begun on a host whose scan hangs ---
test_point scan-before-write
scan --timeout 1 "host$host"
is $? 1 "a scan that hangs is pending: 1"
ok hand_stopped "$host" -- "its hand is out"
is "$(pk status --json | jq -r '.hands[0].scan')" "$host:-:-:-" "status says where it looks"
test_point_end scan-before-write
dir=$(device_dir "$second")
must san_unmap 2 1
ok wait_until 30 purge_like "$second" '*host*' -- "a delete on that host waits" || note "$(purge_of "$second")"
ok test -e "$dir" -- "and the device is there"
kill -CONT "$hand"
ok wait_until 30 device_gone "$dir" -- "it goes when the scan is done"

# --- by itself ---
must san_map 2 1 vol2
sleep 3
ok fails has_lun 2 -- "not scanned back without the word"
must san_unmap 2 1
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' \
	'purge_share 100' 'rescan_on_lun_change yes'
must pk reconfigure
third=$(san_dev 3 1)
dir=$(device_dir "$third")
must san_unmap 3 1
must wait_until 60 device_gone "$dir"
must san_map 3 1 vol3
ok wait_until 60 has_lun 3 -- "rescan_on_lun_change: what was purged is back"
ok fails has_lun 2 -- "and nothing that was purged before the word"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

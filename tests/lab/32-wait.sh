# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who waits for a volume is told when its paths are there, and not before; at the timeout he is told
# what is missing. A path whose number was given to another volume behind its back does not count.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

out=/run/lab/waits
awaits() { pk wait --json "$@" >$out 2>/run/lab/words; }
field() { jq -r ".waits[0].$1" $out; }
ended() { ! kill -0 "$waiting" 2>/dev/null || process_is "$waiting" Z; }

awaits sda
is $? 5 "without a daemon: 5"

# --- two ports, and a volume that is not there yet ---
must san_build 2 1
daemon_config 'polling_interval 2' 'max_polling_interval 4' 'identity_interval 1000'
must daemon_start
must wait_until 60 paths_up 2
serial=b0000000000000000000000000000001
must san_volume later 16 $serial
must san_map 2 1 later
must san_map 2 2 later
# what multipath calls a volume of that serial: NAA 6, the vendor's number 001405, 25 digits of it
wwid=36001405$(echo $serial | cut -c1-25)

awaits --timeout 2 --paths 2 "$wwid"
is $? 1 "a volume that is not there: 1 at the timeout"
is "$(field result) $(field reason) $(field paths)" "pending absent 0" "absent"
awaits --timeout 2 'no name'
is $? 4 "what cannot be a name: 4"

pk wait --json --timeout 120 --paths 2 "$wwid" >/run/lab/later &
waiting=$!
must pk rescan "host$(san_host 1)"
must san_wait_dev 2 1 >/dev/null
is "$(san_wwid_of "$(san_dev 2 1)")" "$wwid" "it is called so"
awaits --timeout 5 "$wwid"
is $? 0 "one path is there: 0"
is "$(field result) $(field paths) $(field wwid)" "reached 1 $wwid" "reached"
ok fails ended -- "who waits for two waits on"
must pk rescan "host$(san_host 2)"
ok wait_until 30 ended -- "the second path comes: told"
wait "$waiting"
is $? 0 "with status 0"
is "$(jq -r '.waits[0] | .result + " " + (.paths | tostring)' /run/lab/later)" "reached 2" "reached, by two"

# --- a path that fails, and one that leads elsewhere ---
must wait_until 60 paths_up 4
must san_block 1
awaits --timeout 30 --paths 2 "$wwid"
is $? 1 "a port is dead: 1"
is "$(field paths)" 1 "one path is good"
must san_unblock 1
must san_wait_session 1 LOGGED_IN 60
awaits --timeout 60 --paths 2 "$wwid"
is $? 0 "it lives again: 0"
must san_volume theirs 16
second=$(san_dev 2 2)
must san_remap 2 2 theirs
must san_answers "$second" good
awaits --timeout 5 --paths 2 "$wwid"
is $? 1 "a path that was remapped does not count: 1"
like "$(field reason)" "*: $second" "and is named"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# SPDX-License-Identifier: LGPL-2.1-or-later
# A portal is dead for longer than every timeout, and comes back: an outage is never an unmap. What
# is unmapped meanwhile goes, but not before the grace after the return.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

# without pings a dead port is noticed when its connection ends
must san_build 2 1 2
first=$(san_dev 1 2) second=$(san_dev 2 2)
first_dir=$(device_dir "$first")
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 10' 'polling_interval 1' 'checker_timeout 2'
must daemon_start
must wait_until 60 paths_up 4

# --- dead, past the replacement time of the session and the checker's own ---
before=$(ls /sys/class/scsi_device)
must san_block 2
ok san_wait_session 2 FAILED -- "the session fails"
ok wait_until 30 grep -q offline "$first_dir/state" -- "its devices are taken off line"
ok wait_until 30 path_is "$first" state down -- "its path is down"
ok wait_until 30 path_is "$second" state down -- "and so is the other of that port"
ok path_is "$(san_dev 1 1)" state up -- "the other port's path is up"
must san_unblock 2
ok san_wait_session 2 LOGGED_IN 60 -- "the session is back"
ok wait_until 60 paths_up 4 -- "all paths are up"
ok fails said path-purge -- "no path was ever marked"
is "$(ls /sys/class/scsi_device)" "$before" "no device is missing"

# --- unmapped while the port is dead ---
log_mark
must san_block 2
must san_wait_session 2 FAILED
must wait_until 30 grep -q offline "$first_dir/state"
must san_unmap 1 2
returned=$(clock)
must san_unblock 2
must san_wait_session 2 LOGGED_IN 60
ok wait_until 30 purge_like "$first" 'marked grace' -- "found unmapped after the return, it waits for the grace"
ok test -e "$first_dir" -- "and is not deleted yet"
ok wait_until 30 path_is "$second" state up -- "while its neighbour is up"
ok wait_until 60 device_gone "$first_dir" -- "then it goes"
took=$(($(clock) - returned))
note "gone $took ms after the port was let go"
ok [ $took -ge 10000 ] -- "but not before the grace was over"
ok fails said "dev=$second" new=marked -- "the neighbour was never marked"
ok paths_up 3 -- "all others are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

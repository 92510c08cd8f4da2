# SPDX-License-Identifier: LGPL-2.1-or-later
# A LUN is mapped again between mark and deed: nothing is deleted, the mark is gone, the path is up.
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

must san_build 1 1 2 3
victim=$(san_dev 1 1) delayed=$(san_dev 2 1)
victim_dir=$(device_dir "$victim") delayed_dir=$(device_dir "$delayed")
victim_inode=$(inode_of "$victim_dir") delayed_inode=$(inode_of "$delayed_dir")

# --- while the hand is on its way, before it asks ---
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1'
test_point hand-before-ask
must daemon_start
must wait_until 60 paths_up 3
must san_unmap 1 1
must wait_until 60 hand_stopped
ok path_is "$victim" purge deleting -- "a hand is out for the path"
must san_map 1 1 vol1
test_point_end hand-before-ask
must kill -CONT "$hand"
ok wait_until 30 path_is "$victim" state up -- "mapped again, the path is up"
ok wait_until 20 path_is "$victim" purge no -- "its mark is gone"
is "$(process_state "$hand")" "" "the hand has ended"
is "$(inode_of "$victim_dir")" "$victim_inode" "the device is the one that was there"
is "$(san_tur "$victim")" good "and answers"

# --- while it is marked and waits ---
log_mark
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' 'purge_delay 600'
must pk reconfigure
must san_unmap 2 1
ok wait_until 60 purge_like "$delayed" 'marked delay' -- "with purge_delay a marked path waits"
must san_map 2 1 vol2
ok wait_until 30 path_is "$delayed" purge no -- "mapped again, its mark is gone"
ok wait_until 30 path_is "$delayed" state up -- "and the path is up"

# --- and a history that is gone counts no more ---
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1'
must pk reconfigure
pk check "$delayed" >/dev/null
is "$(inode_of "$delayed_dir")" "$delayed_inode" "the device is the one that was there"
ok fails said new=deleting -- "no hand was sent"
ok fails said path-gone -- "no path went"
ok paths_up 3 -- "all are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

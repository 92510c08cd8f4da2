# SPDX-License-Identifier: LGPL-2.1-or-later
# LUN 0 never answers that it is gone: its INQUIRY does. That counts only while another LUN of the
# same port answers.
# timeout: 200

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

# port 1: LUN 0 and LUN 1; port 2: LUN 0 alone
must san_init 2
must san_volume zero 16
must san_volume one 16
must san_map 0 1 zero
must san_map 1 1 one
must san_map 0 2 zero
for port in 1 2; do
	must san_login $port
done
must san_wait_dev 0 1 >/dev/null
must san_wait_dev 1 1 >/dev/null
must san_wait_dev 0 2 >/dev/null
near=$(san_dev 0 1) alone=$(san_dev 0 2)
near_dir=$(device_dir "$near") alone_dir=$(device_dir "$alone")

daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1'
must daemon_start
must wait_until 60 paths_up 3

must san_unmap 0 2
is "$(san_tur "$alone")" good "an unmapped LUN 0 says that it is ready"
ok wait_until 60 purge_like "$alone" 'held no other LUN answers' -- "alone on its port, it is held"
# an operator's word does not stand for the proof
pk purge --json "$alone" >/tmp/purge.json
is $? 3 "purge refuses it"
is "$(jq -r '.removals[0].result' /tmp/purge.json)" refused "and says so"
ok test -e "$alone_dir" -- "it stays"

must san_unmap 0 1
ok wait_until 60 device_gone "$near_dir" -- "where another LUN answers, it goes"
ok said path-purge "dev=$near" new=deleting -- "by the daemon's hand"
ok test -e "$alone_dir" -- "the lonely one still stays"

# back again, it is simply a path
must san_map 0 2 zero
ok wait_until 30 path_is "$alone" purge no -- "mapped again, the lonely one is not marked"
ok wait_until 30 paths_up 2 -- "all that is left is up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

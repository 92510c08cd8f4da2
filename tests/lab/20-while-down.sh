# SPDX-License-Identifier: LGPL-2.1-or-later
# What was unmapped while the daemon was not there goes after its start, and after the grace.
# timeout: 150

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

must san_build 1 1 2
victim=$(san_dev 1 1)
dir=$(device_dir "$victim")
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 8' 'polling_interval 1'
must daemon_start
must wait_until 60 paths_up 2
must daemon_stop
must san_unmap 1 1
started=$(clock)
must daemon_start
ok wait_until 30 purge_like "$victim" 'marked grace' -- "found at the start, it waits for the grace"
ok test -e "$dir" -- "and is still there"
ok wait_until 60 device_gone "$dir" -- "then it goes"
took=$(($(clock) - started))
note "gone $took ms after the start"
ok [ $took -ge 8000 ] -- "but not before the grace was over"
ok wait_until 10 paths_up 1 -- "the other is up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

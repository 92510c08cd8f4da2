# SPDX-License-Identifier: LGPL-2.1-or-later
# With a long interval between checks, an unmap is noticed by the unit attention of a neighbour.
# timeout: 200

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

must san_build 1 1 2 3 4 5 6
victim=$(san_dev 4 1)
dir=$(device_dir "$victim")
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 60' 'max_polling_interval 240'
must daemon_start
must wait_until 120 paths_up 6
unmapped=$(clock)
must san_unmap 4 1
ok wait_until 30 device_gone "$dir" -- "the dead device goes within half an interval"
took=$(($(clock) - unmapped))
note "gone $took ms after the unmap; checks are 60 to 240 s apart"
ok said attention what=luns-changed -- "a neighbour's attention was heard"
first_word() { log_lines 'hctl=' | grep -nE "$1" | head -n1 | cut -d: -f1; }
attention=$(first_word 'what=luns-changed') mark=$(first_word "dev=$victim .*new=marked")
ok [ "${attention:-999999}" -lt "${mark:-0}" ] -- "before the path was marked"
ok paths_up 5 -- "the neighbours are up"
ok fails said "dev=$(san_dev 1 1)" new=marked -- "and were not marked"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

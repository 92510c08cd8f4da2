# SPDX-License-Identifier: LGPL-2.1-or-later
# Sixty-four LUNs are unmapped at once: no more than the limits allow go by themselves, the rest
# when the operator says so.
# timeout: 600

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq

# Nobody looks at so many disks here: udev's reading of each would take longest
mkdir -p /run/udev/rules.d
for rules in 60-persistent-storage.rules 60-persistent-storage-dm.rules 60-block.rules 56-lvm.rules 69-lvm.rules \
	60-multipath.rules 64-btrfs.rules 65-libblkid.rules 68-del-part-nodes.rules 95-kpartx.rules 60-scsi_debug.rules; do
	: >/run/udev/rules.d/$rules
done
udevadm control --reload

# LUN 1 to 64 go, 65 and 66 stay
must san_init 1
for lun in $(seq 66); do
	must san_volume vol$lun 1
	must san_map $lun 1 vol$lun
done
must san_login 1
host=$(san_host 1)
disks()
{
	set -- /sys/class/scsi_disk/"$host":0:0:*
	[ -e "$1" ] || set --
	echo $#
}
disks_are() { [ "$(disks)" = "$1" ]; }
must wait_until 120 disks_are 66

disconnected() { pk paths --json | jq '[.paths[] | select(.checker == "disconnected")] | length'; }
disconnected_are() { [ "$(disconnected)" = "$1" ]; }
# unmap_at_once N LINE...: the array takes its time for N unmaps; purging begins after the last
unmap_at_once()
{
	local number lun

	number=$1
	shift
	set -- 'purge_single_path yes' 'purge_grace 1' 'polling_interval 2' 'max_polling_interval 2' "$@"
	daemon_config 'purge_disconnected no' "$@"
	daemon_start && wait_until 120 paths_up "$(disks)" || return 1
	for lun in $(seq "$number"); do
		san_unmap "$lun" 1
	done
	wait_until 120 disconnected_are "$number" || return 1
	daemon_config 'purge_disconnected yes' "$@"
	pk reconfigure
}
waiting() { pk paths --json | jq '[.paths[] | select(.purge == "marked" and .reason == "limit")] | length'; }
waiting_are() { [ "$(waiting)" = "$1" ]; }

# --- purge_limit ---
must unmap_at_once 64 'purge_limit 10' 'purge_share 100'
ok wait_until 120 waiting_are 54 -- "with purge_limit 10 of 64 dead LUNs 54 wait for the operator"
is "$(disks)" 56 "ten are gone"
is "$(said_count path-purge new=deleting)" 10 "by ten hands"
is "$(pk paths --json | jq '[.paths[] | select(.state == "up")] | length')" 2 "the living are up"
ok pk purge --held --timeout 200 -- "purge --held lets them go"
ok wait_until 60 disks_are 2 -- "all dead ones are gone"
ok paths_up 2 -- "the living are up"
ok daemon_stop -- "the daemon ends with status 0"

# --- purge_share ---
for lun in $(seq 30); do
	must san_map "$lun" 1 vol"$lun"
done
must san_rescan 1
must wait_until 120 disks_are 32
log_mark
must unmap_at_once 30 'purge_limit 100' 'purge_share 50'
ok wait_until 120 waiting_are 14 -- "with purge_share 50 of 32 LUNs 14 of 30 dead ones wait"
is "$(disks)" 16 "half of the array's LUNs are left"
ok pk purge --held --timeout 100 -- "purge --held lets them go"
ok wait_until 60 disks_are 2 -- "all dead ones are gone"
ok paths_up 2 -- "the living are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

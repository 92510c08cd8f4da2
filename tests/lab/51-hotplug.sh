# shellcheck shell=dash disable=SC2154,SC2317 # daemon.sh sets, wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the kernel's own tests of the block layer do to disks that come and go (the shapes of blktests
# block/001, 002, 027, 032 and 037), with the daemon beside it: it removes nothing that it should not,
# refuses what is in use, and knows in the end what is there.
# Not on Debian's 6.1: its kernel died once in throtl_pending_timer_fn while disks were unbound and bound.
# kernel: 6.12
# timeout: 900

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq fio mkfs.xfs

known() { pk paths --json | jq -r '.paths[] | .hctl + " " + .dev' | sort; }
there()
{
	local d

	for d in /sys/class/scsi_device/*/device; do
		[ -d "$d/block" ] || continue
		echo "$(basename "$(readlink -f "$d")") $(ls "$d/block")"
	done | sort
}
is_the_same() { [ "$(known)" = "$(there)" ]; }
purged() { pk status --json | jq .counters.purged; }
complaints() { dmesg | grep -cE 'WARNING:|BUG:|Call Trace|possible recursive|rcu_.*stall|blocked for more than'; }

must san_few_rules
must san_scsi_debug 4 1 3
twelve_disks() { [ "$(there | wc -l)" = 12 ]; }
must wait_until 60 twelve_disks
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'purge_limit 1000' 'purge_share 100' \
	'polling_interval 1' 'max_polling_interval 2'
must daemon_start
must wait_until 60 paths_up 12
hosts=$(there | cut -d: -f1 | sort -u)

# --- 001: scans and deletes on four hosts at once ---
churn()
{
	local d

	until [ -e /run/lab/churned ]; do
		for d in /sys/class/scsi_device/"$1":*/device/delete; do echo 1 >"$d"; done 2>/dev/null
		echo '- - -' >"/sys/class/scsi_host/host$1/scan"
	done
}
rm -f /run/lab/churned
churning=''
for host in $hosts; do
	churn "$host" &
	churning="$churning $!"
done
sleep 20
: >/run/lab/churned
# shellcheck disable=SC2086 # pids are words
wait $churning
ok wait_until 60 twelve_disks -- "twelve disks are there after scans and deletes at once"
ok wait_until 60 is_the_same -- "001: the daemon knows them, and no others"
ok wait_until 60 paths_up 12 -- "and all are up"
is "$(purged)" 0 "it removed none of them"
note "the last disk is called $(there | cut -d' ' -f2 | sort -V | tail -n1)"

# --- 037: the driver is taken from the disk and given back ---
# 6.12 does not outlive a disk that is let go of while the next one of the same LUN is being made, so
# the next one waits until nobody has the last (docs/decisions/0028)
address=$(there | head -n1 | cut -d' ' -f1)
nobody_has() { [ -z "$(find /proc/[0-9]*/fd -lname "/dev/$1*" 2>/dev/null)" ]; }
let_go=0
for _ in $(seq 15); do
	disk=$(there | head -n1 | cut -d' ' -f2)
	echo "$address" >/sys/bus/scsi/drivers/sd/unbind
	wait_until 30 nobody_has "$disk" && let_go=$((let_go + 1))
	echo "$address" >/sys/bus/scsi/drivers/sd/bind
done
is $let_go 15 "037: a disk without its driver is let go of by everybody"
ok wait_until 60 is_the_same -- "a disk whose driver was unbound and bound is known again"
ok wait_until 60 paths_up 12 -- "and is up"
is "$(purged)" 0 "nothing was removed"

# --- 027: somebody deletes disks under I/O in a cgroup of its own ---
mkdir -p /sys/fs/cgroup/fio
load=$(there | tail -n 6 | cut -d' ' -f2)
for disk in $load; do
	(
		echo 0 >/sys/fs/cgroup/fio/cgroup.procs
		exec fio --name="$disk" --filename="/dev/$disk" --rw=randread --bs=4k --direct=1 --iodepth=4 --ioengine=libaio --rate_iops=40 \
			--time_based --runtime=300 --output=/dev/null
	) 2>/dev/null &
done
under_load()
{
	local disk

	for disk in $load; do [ "$(cut -d' ' -f2- "/sys/block/$disk/inflight" | tr -d ' ')" != 00 ] || return 1; done
}
wait_until 60 under_load || note "not every disk is seen under load"
for disk in $load; do echo 1 >"/sys/block/$disk/device/delete" & done
six_disks() { [ "$(there | wc -l)" = 6 ]; }
ok wait_until 60 six_disks -- "027: six disks are deleted under I/O"
ok wait_until 60 is_the_same -- "and the daemon knows that they are gone"
ok paths_up 6 -- "the others are up"
pkill fio
for host in $hosts; do echo '- - -' >"/sys/class/scsi_host/host$host/scan"; done
ok wait_until 60 paths_up 12 -- "scanned back, they are up"
is "$(purged)" 0 "nothing was removed by the daemon"

# --- 002: a disk goes while it is traced ---
must udevadm settle --timeout=300 # of all that came and went
must san_init 1
must truncate -s 320M /run/lab/xfs.img
must san_volume vol1 16
must san_volume_file vol2 /run/lab/xfs.img 320
must san_map 1 1 vol1
must san_map 2 1 vol2
must san_login 1
traced=$(san_wait_dev 1 1)
mounted=$(san_wait_dev 2 1)
must test -n "$traced" -a -n "$mounted"
must wait_until 60 paths_up 14
traced_dir=$(device_dir "$traced")
if [ -e "/sys/block/$traced/trace/enable" ]; then
	must sh -c "echo 1 >/sys/block/$traced/trace/enable"
else
	fail "this kernel traces no block device"
fi
must san_unmap 1 1
ok wait_until 60 device_gone "$traced_dir" -- "002: a traced disk that the array took away is removed"
is "$(purged)" 1 "by the daemon"

# --- 032: a mounted disk ---
must mkfs.xfs -q -f "/dev/$mounted"
must mkdir -p /mnt/xfs
must mount "/dev/$mounted" /mnt/xfs
must san_unmap 2 1
ok wait_until 60 purge_like "$mounted" '*held in use: mount /mnt/xfs' -- "032: a mounted disk that the array took away stays"
mounted_dir=$(device_dir "$mounted")
pk purge --timeout 20 "$mounted" >/run/lab/purge 2>&1
is $? 3 "also when it is asked for: 3"
ok test -e "$mounted_dir/delete" -- "its device is there"
must sh -c "echo 1 >$mounted_dir/delete"
ok wait_until 60 is_the_same -- "somebody else deletes it: the daemon knows"
umount /mnt/xfs
ok fails mountpoint -q /mnt/xfs -- "it can be unmounted"

is "$(complaints)" 0 "the kernel complains of nothing"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

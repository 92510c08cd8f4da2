# SPDX-License-Identifier: LGPL-2.1-or-later
# Every command slot of one session is taken and nothing comes back: the checks of all other
# sessions keep their pace, and the daemon answers. Counted where the checks arrive.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid dmsetup losetup dd jq

# Port 3 will not answer
must san_init 3
must truncate -s 16M /run/lab/slow.img
must modprobe loop
loop=$(losetup --find --show /run/lab/slow.img) || bail "no loop device"
must dmsetup create slow --table "0 32768 linear $loop 0"
must san_volume_block slow /dev/mapper/slow
sed -i 's/cmds_max = .*/cmds_max = 32/' /etc/iscsi/iscsid.conf
slow='2 3 4 5 6' # LUNs of it
for port in 1 2 3; do
	must san_volume vol$port 16
	must san_map 1 $port vol$port
	for lun in $slow; do must san_map "$lun" $port slow; done
	must san_login $port
done
for port in 1 2 3; do
	for lun in 1 $slow; do must san_wait_dev "$lun" $port >/dev/null; done
done
host=$(san_host 3)

daemon_config 'polling_interval 1' 'max_polling_interval 1' 'checker_timeout 5'
must daemon_start
must wait_until 60 paths_up 18

# the array's own count of what it was asked
asked()
{
	san_find_volume "vol$1"
	read -r count <"$SAN_GROUPS/tpgt_$1/lun/lun_$san_number/statistics/scsi_tgt_port/in_cmds"
	echo "$count"
}
# milliseconds until each of ports 1 and 2 was asked N more times
time_of()
{
	local begin port

	begin=$(clock)
	for port in 1 2; do
		eval "until_$port=$(($(asked $port) + $1))"
	done
	for port in 1 2; do
		eval "wanted=\$until_$port"
		wait_until 60 is_asked $port "$wanted" || return 1
	done
	echo $(($(clock) - begin))
}
is_asked() { [ "$(asked "$1")" -ge "$2" ]; }
before=$(time_of 8) || bail "the checks do not come"

# With a scheduler a command waits in its queue for a slot; without, as on many SAN hosts, whoever sends it
# sleeps in the kernel until there is one.
for lun in 1 $slow; do
	echo none >"/sys/block/$(san_dev "$lun" 3)/queue/scheduler" || bail "no scheduler to choose"
done

# --- all slots are taken: reads of a volume that does not answer. The kernel shares the slots out among
# the devices that ask, four at least to each, and the one that is only checked has its share: five
# readers take all 17 whatever that is ---
must dmsetup suspend --noflush --nolockfs slow
slots=$(cat "/sys/class/scsi_host/host$host/can_queue")
for lun in $slow; do
	disk=$(san_dev "$lun" 3)
	for i in $(seq $((slots / 2))); do
		dd if="/dev/$disk" of=/dev/null bs=4k count=1 skip="$i" iflag=direct 2>/dev/null &
	done
done
all_taken() { [ "$(cat "/sys/class/scsi_host/host$host/host_busy")" -ge "$slots" ]; }
ok wait_until 30 all_taken -- "all $slots command slots of one host are taken"
ok wait_until 60 path_is "$(san_dev 1 3)" checker timeout -- "its other LUN's check is late"
during=$(time_of 8) || fail "checks of the other sessions go on"
note "8 checks a port: $before ms before, $during ms while a host is stuck"
ok [ "${during:-999999}" -le $((before * 2 + 1000)) ] -- "the other sessions' checks keep their pace"
ok pk status -- "the daemon answers"
ok pk check "$(san_dev 1 1)" -- "also to a check elsewhere"
ok all_taken -- "the slots were taken all the time"
for port in 1 2; do
	ok path_is "$(san_dev 1 $port)" state up -- "port $port is up"
done

# --- it answers again ---
must dmsetup resume slow
ok wait_until 60 path_is "$(san_dev 1 3)" state up -- "when the volume answers again, so do the checks"
ok wait_until 60 paths_up 18 -- "all paths are up"
ok fails said path-purge -- "nothing was ever marked"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

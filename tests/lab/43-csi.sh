# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# As drivers of a container storage interface do: twenty of them at once each let a volume in, write to
# its map, take it out by one word, and give its LUN number to another volume. Nothing is left of any,
# and the volume beside them works all the time. CSI_ROUNDS (2) times twenty volumes.
# timeout: 3600

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid fio flock jq

drivers=20 rounds=${CSI_ROUNDS:-2}
work=/run/lab/csi
patience=1500 # of a driver, for each of its words: twenty of them share one emulated processor
mkdir -p $work

must san_few_rules
must san_build 2 1
host_1=$(san_host 1) host_2=$(san_host 2)
must owner_start
neighbour=$(san_wwid_of "$(san_dev 1 1)")
must owner_wait_map "$neighbour" 2
must wait_until 60 test -b "/dev/mapper/$neighbour"
daemon_config 'polling_interval 1' 'max_polling_interval 4'
must daemon_start
must wait_until 60 paths_up 2
must fio_start neighbour "/dev/mapper/$neighbour" 8M --rate_iops=10 --runtime=3300

# ---- the array ---------------------------------------------------------------------------------

# COMMAND...: an array is told one thing at a time
array() { (flock 9 && "$@") 9>$work/array.lock; }

# NAME LUN: a new volume, shown on both ports; prints its WWID
publish()
{
	san_volume_file "$1" "$work/$1.image" 8 && san_map "$2" 1 "$1" && san_map "$2" 2 "$1" &&
		san_find_volume "$1" && printf '36001405a5%03x%020x\n' "$san_number" 0
}

# NAME LUN
unpublish() { san_unmap "$2" 1 && san_unmap "$2" 2 && san_volume_remove "$1"; }

# ---- a driver ----------------------------------------------------------------------------------

is_there() { [ -e "/sys/class/scsi_device/$host_1:0:0:$1" ] || [ -e "/sys/class/scsi_device/$host_2:0:0:$1" ]; }

# NAME LUN: lets it in, and writes its name to it
stage()
{
	pk rescan --timeout $patience "$host_1:0:0:$2" "$host_2:0:0:$2" >&2 || return
	pk wait --timeout $patience --paths 2 "$wwid" >&2 || return
	owner_wait_map "$wwid" 2 $patience && wait_until $patience test -b "/dev/mapper/$wwid" || return
	echo "this is $1" | dd of="/dev/mapper/$wwid" bs=4k conv=sync oflag=direct status=none
}

# NAME LUN: takes it out at the first word, and there is nothing when that is done
unstage()
{
	pk detach --timeout $patience "$wwid" >&2 || return
	! dmsetup info "$wwid" >/dev/null 2>&1 || san_complain "its map is there" || return
	! is_there "$2" || san_complain "a device is at LUN $2"
}

# its words may have waited in a cache, but not longer than it was here
has_its_name() { [ "$(head -c 4096 "$work/$1.image" | tr -d '\0')" = "this is $1" ]; }

# ROUND NUMBER: one volume, under a number that another one had the round before
drive()
{
	name=csi-$1-$2
	lun=$((10 + ($2 + 7 * $1) % drivers))
	wwid=$(array publish "$name" $lun) || san_complain "$name: not published" || return
	stage "$name" $lun || san_complain "$name: not staged" || return
	if ! unstage "$name" $lun; then
		log_lines ":0:0:$lun " >&2
		san_complain "$name: not unstaged"
		return
	fi
	has_its_name "$name" || san_complain "$name: what was written is not on it" || return
	array unpublish "$name" $lun || san_complain "$name: not unpublished" || return
	rm "$work/$name.image"
	echo "$name" >>$work/done
}

# ---- what is there -----------------------------------------------------------------------------

devices() { ls /sys/class/scsi_device /sys/class/scsi_disk /sys/class/scsi_generic /sys/class/bsg; }
links() { find /dev/disk /dev/mapper -type l 2>/dev/null | sort; }

# each process of ours with the number of its descriptors; a scan hand or a look at holders has ended
descriptors()
{
	{
		echo daemon "/proc/$daemon_pid"
		helpers
	} | while read -r name process; do
		echo "$name $(find "$process/fd" -type l | wc -l)"
	done 2>/dev/null | sort
}

same_descriptors() { [ "$(descriptors)" = "$open_before" ]; }
one_map() { [ "$(dmsetup ls --target multipath | wc -l)" = 1 ]; }
same_devices() { [ "$(devices)" = "$devices_before" ]; }
same_links() { [ "$(links)" = "$links_before" ]; }
no_gap() { [ "$(pk status --json | jq '.gaps | length')" = 0 ]; }
no_record() { [ -z "$(find "$runtime/state" -name 'detach*' -o -path '*/state/gap/*')" ]; }
two_paths() { [ "$(pk paths --json | jq '.paths | length')" = 2 ]; }
complaints() { dmesg | grep -cE 'WARNING:|BUG:|Call Trace|rcu_.*stall|blocked for more than'; }

# one before all others: what the daemon opens once and keeps is open then
devices_before=$(devices) links_before=$(links)
must drive 99 0
must wait_until 120 no_gap
open_before=$(descriptors)

round=1
while [ "$round" -le "$rounds" ]; do
	: >$work/done
	began=$(clock) drivers_running=''
	for number in $(seq $drivers); do
		drive "$round" "$number" 2>$work/words-"$number" &
		drivers_running="$drivers_running $!"
	done
	# shellcheck disable=SC2086 # pids are words
	wait $drivers_running
	if ! is "$(wc -l <$work/done)" $drivers "round $round: twenty volumes came and went at once"; then
		for number in $(seq $drivers); do
			grep -q "^csi-$round-$number\$" $work/done || sed 's/^/# /' $work/words-"$number"
		done
	fi
	note "round $round took $((($(clock) - began) / 1000)) s"
	round=$((round + 1))
done

ok wait_until 60 one_map -- "no map is left but the neighbour's"
ok wait_until 60 same_devices -- "no device"
must udevadm settle --timeout=300
ok wait_until 60 same_links -- "no link" || note "$(links)"
ok wait_until 120 no_gap -- "nothing is kept out that the array does not show"
ok wait_until 60 no_record -- "no record"
ok wait_until 120 two_paths -- "the daemon knows of no other"
ok wait_until 60 same_descriptors -- "no descriptor" || note "before: $open_before, now: $(descriptors)"
is "$(pk status --json | jq '.hands | length')" 0 "no hand is out"
is "$(pk status --json | jq .counters.failed)" 0 "no removal failed"
is "$(owner_map_devices "$neighbour" | wc -w)" 2 "the neighbour has both paths"
ok fio_end neighbour -- "and did I/O all the time without an error"
is "$(complaints)" 0 "the kernel had nothing to complain of"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# shellcheck shell=dash disable=SC2154,SC2317 # daemon.sh sets, wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes come and go as a CSI driver has it: two hundred times, twenty at a time, while others come
# beside them. Each comes with both paths and with what was written to it before, each goes at the
# first word, and in the end nothing is left of any. The neighbour's I/O sees nothing of it.
# timeout: 1800

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid dmsetup udevadm fio jq

volumes=20 rounds=10
first=$((volumes + 1)) near_lun=40
notes=/run/lab/csi
must mkdir -p $notes/said

# udev as it is shipped would take longest of all: nobody here has LVM or partitions, one program tells
# the names of a disk, and multipathd decides by itself
rules=/run/udev/rules.d
must mkdir -p $rules
must cp "$ROOT/packaging/55-z-pathkeeper.rules" $rules
for file in 55-scsi-sg3_id.rules 56-lvm.rules 58-scsi-sg3_symlink.rules 60-kpartx.rules 60-multipath.rules \
	68-del-part-nodes.rules 69-lvm.rules; do
	: >$rules/$file
done
must udevadm control --reload

# --- the neighbour ---
SAN_SCAN=manual
must san_init 2
must san_volume near 16
for port in 1 2; do
	must san_map $near_lun $port near
	must san_login $port
	must san_rescan $port
	must san_wait_dev $near_lun $port >/dev/null
done
host1=$(san_host 1) host2=$(san_host 2)
cat >/etc/multipath.conf <<-END
	defaults {
		find_multipaths no
		user_friendly_names no
		polling_interval 5
		no_path_retry queue
	}
END
must owner_start /etc/multipath.conf
near=$(san_wwid_of "$(san_dev $near_lun 1)")
must owner_wait_map "$near" 2
must wait_until 20 test -b "/dev/mapper/$near"
must fio_start near "/dev/mapper/$near" 12M --rate_iops=20,20 --runtime=1800
must wait_until 60 map_is_open "$near"

# --- the volumes, and one to begin with; LIO makes the name of the serial's first 25 digits ---
known=6001405c51
serial_of() { printf 'c51%02d%027d' "$1" 0; }
wwid_of() { printf '3%s%02d%020d' $known "$1" 0; }
for lun in $(seq $first); do
	must san_volume "vol$lun" 1 "$(serial_of "$lun")"
done

daemon_config 'purge_disconnected yes' 'purge_grace 1' 'polling_interval 2' 'max_polling_interval 4'
must daemon_start
must wait_until 60 paths_up 2

# ---- the driver ----

# sets $map to the folder of the map of that name; starts nothing
find_map()
{
	local name

	for map in /sys/block/dm-*; do
		read -r name 2>/dev/null <"$map/dm/name" && [ "$name" = "$1" ] && return
	done
	return 1
}

map_has_both() { find_map "$1" && set -- "$map"/slaves/* && [ $# -eq 2 ]; }

# LUN WWID. What this host detached is kept out until the array is known to have taken it away, too: it
# is asked every five seconds, and has to say so twice. A driver that knows of that does not wait. The
# array has just told it where the volume is now; to look there, and nowhere else, by "rescan" is what
# it has to do anyway, and lets the volume in before anybody looks.
attach()
{
	local port

	for port in 1 2; do
		san_map "$1" "$port" "vol$1" || return 1
	done
	pk rescan --timeout 300 --json "$host1:0:0:$1" "$host2:0:0:$1" >"$said.rescan" || return 1
	pk wait --timeout 300 --paths 2 "$2" >"$said.wait" || return 1
	udevadm wait --timeout=120 "/dev/mapper/$2" "/dev/disk/by-id/dm-uuid-mpath-$2" || return 1
	wait_until 60 map_has_both "$2"
}

# WWID ROUND: what the round before wrote is there. Through the page cache: a detach has to flush it.
use()
{
	local line

	[ -b "/dev/mapper/$1" ] || return 1
	if [ "$2" -gt 1 ]; then
		read -r line <"/dev/mapper/$1"
		[ "$line" = "$1 $(($2 - 1))" ] || return 1
	fi
	echo "$1 $2" >"/dev/mapper/$1"
}

# LUN WWID. When that is said to be done, nothing is left here, and the array may give the number away.
detach()
{
	local host port

	pk detach --timeout 300 --json "$2" >"$said.detach" || return 1
	for host in "$host1" "$host2"; do
		[ ! -e "/sys/class/scsi_device/$host:0:0:$1" ] || return 1
	done
	! find_map "$2" || return 1
	for port in 1 2; do
		san_unmap "$1" "$port" || return 1
	done
}

# took FILE COMMAND...: its milliseconds go there
took()
{
	local file from

	file=$1
	shift
	read_clock
	from=$lab_now
	"$@" || return 1
	read_clock
	echo $((lab_now - from)) >>"$file"
}

cycle_failed()
{
	echo "LUN $1, round $2: $3" >>$notes/failed
	return 1
}

# LUN ROUND
cycle()
{
	local wwid

	said=$notes/said/$1-$2
	wwid=$(wwid_of "$1")
	took $notes/attaching attach "$1" "$wwid" || cycle_failed "$@" "is not attached" || return 1
	use "$wwid" "$2" || cycle_failed "$@" "holds something else" || return 1
	took $notes/detaching detach "$1" "$wwid" || cycle_failed "$@" "is not detached" || return 1
	echo "LUN $1, round $2" >>$notes/done
}

work()
{
	local round

	for round in $(seq $rounds); do
		cycle "$1" "$round" || return 1
	done
} 2>>$notes/words

# ---- what is left ----

# the daemon and its helpers, each with the number of its descriptors
descriptors()
{
	local name process

	{
		echo "pathkeeperd /proc/$daemon_pid"
		helpers
	} | while read -r name process; do
		set -- "$process"/fd/*
		echo "$name $#"
	done | sort
}
descriptors_are() { [ "$(descriptors)" = "$1" ]; }

disks() { grep -l "naa.$known" /sys/block/sd*/device/wwid; }
addresses() { find /sys/class/scsi_device -name "*:*:*:*" ! -name "*:$near_lun"; }
maps() { dmsetup ls | grep "$known"; }
links() { find /dev/disk /dev/mapper -name "*$known*"; }
paths_of_owner() { multipathd show paths raw format '%w' | grep "$known"; }
paths_of_daemon() { pk paths --json | jq -r ".paths[] | select(.wwid | contains(\"$known\")) | .dev"; }
hands() { pk status --json | jq -r '.hands[].pid'; }
records() { find "$runtime/state" -name 'detach*'; }
gaps() { pk status --json | jq -r '.gaps[] | .hctl + " " + .stage'; }
gap_folders() { find "$runtime/state/gap" -mindepth 1; }

is_empty() { [ -z "$("$1" 2>/dev/null)" ]; }
# nothing_of COMMAND TEXT
nothing_of()
{
	ok wait_until 90 is_empty "$1" -- "$2" || note "$("$1" | head -n 20)"
}

# ---- once, so that every helper has been needed ----

must cycle $first 1
must wait_until 90 is_empty gaps
before=$(descriptors)
note "$before"
rm $notes/done $notes/attaching $notes/detaching $notes/said/*
log_mark

# ---- two hundred times ----

begun=$(clock)
pids=''
for lun in $(seq $volumes); do
	work "$lun" &
	pids="$pids $!"
done
# shellcheck disable=SC2086 # pids are words
wait $pids
note "$(($(clock) - begun)) ms in all"
for what in attaching detaching; do
	note "$(awk -v what=$what '{ sum += $1; if ($1 > most) most = $1 }
		END { printf "%s takes %d ms, at most %d ms", what, NR ? sum / NR : 0, most }' $notes/$what)"
done
is "$(wc -l <$notes/done)" $((volumes * rounds)) "each volume comes and goes, at the first word" ||
	note "$(tail -n 20 $notes/failed $notes/words 2>/dev/null)"
is "$(cat $notes/said/*.rescan | jq -s '[.[].scans[] | select(.result == "scanned") | .found] | add')" \
	$((2 * volumes * rounds)) "each rescan finds both paths where they are"
is "$(cat $notes/said/*.detach | jq -s '[.[].removals[] | select(.result == "removed")] | length')" \
	$((2 * volumes * rounds)) "each detach removes both"

# ---- nothing is left ----

nothing_of disks "no disk of theirs is there"
nothing_of addresses "no SCSI device"
nothing_of maps "no map"
nothing_of links "no link in /dev/disk or /dev/mapper"
nothing_of paths_of_owner "multipathd knows none of their paths"
nothing_of paths_of_daemon "nor does the daemon"
nothing_of hands "no hand is out"
nothing_of records "no record of a detach"
nothing_of gaps "nothing is kept out any more: the array has taken it away, too"
nothing_of gap_folders "nor has udev to keep anything out"
ok wait_until 60 descriptors_are "$before" -- "the daemon and its helpers have as many descriptors as before" ||
	note "$(descriptors)"

# ---- nobody else was touched ----

is "$(said_count path-purge why=disconnected)" 0 "nothing was taken for gone"
is "$(said_count path-kept-out)" 0 "nothing came back unasked"
is "$(said_count path-gone)" $((2 * volumes * rounds)) "nothing else went"
is "$(said_count helper-lost)" 0 "no helper was lost"
ok paths_up 2 -- "the neighbour's paths are up"
ok owner_map_has "$near" 2 -- "its map has both"
ok fio_end near -- "and its I/O saw nothing"
is "$(dmesg --notime | tac | sed '/^lab: begin /q' |
	grep -cE 'WARNING:|BUG:|Call Trace|possible recursive|rcu_.*stall|blocked for more than|lost .*page write')" 0 \
	"the kernel complains of nothing"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

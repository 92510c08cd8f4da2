# shellcheck shell=dash disable=SC2154,SC2317 # daemon.sh sets, wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# Beside the daemon others take volumes away by their own sequences, os-brick's and csi-lib-iscsi's: it
# does not fight them. What they remove is told as removed by others, what they bring back stays, also
# where another volume was about to be purged, and neither hangs where both want the same to go.
# timeout: 900

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd multipath iscsid iscsiadm blockdev dmsetup fio jq
scsi_id=/lib/udev/scsi_id
ok test -x $scsi_id -- "scsi_id is there"

# LUN 1: the neighbour; 2: os-brick's; 3: csi-lib-iscsi's; 4: os-brick's, number given away; 5 and 6: unmapped
# under os-brick; 7: unmapped under csi-lib-iscsi; "new" is on none yet
luns=7
must san_init 2
for lun in $(seq $luns); do
	must san_volume "vol$lun" 16
	for port in 1 2; do
		must san_map "$lun" "$port" "vol$lun"
	done
done
must san_volume new 16
for port in 1 2; do
	must san_login "$port"
done
for lun in $(seq $luns); do
	for port in 1 2; do
		must san_wait_dev "$lun" "$port" >/dev/null
	done
done
host1=$(san_host 1) host2=$(san_host 2)
cat >/etc/multipath.conf <<-END
	defaults {
		find_multipaths no
		user_friendly_names no
		polling_interval 2
		no_path_retry queue
	}
END
must owner_start /etc/multipath.conf
for lun in $(seq $luns); do
	must owner_wait_map "$(san_wwid_of "$(san_dev "$lun" 1)")" 2
done
neighbour=$(san_wwid_of "$(san_dev 1 1)")
must wait_until 20 test -b "/dev/mapper/$neighbour"
must fio_start neighbour "/dev/mapper/$neighbour" 12M --rate_iops=40,40
must wait_until 60 map_is_open "$neighbour"

set -- 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' 'max_polling_interval 2'
daemon_config "$@"
must daemon_start
must wait_until 60 paths_up $((2 * luns))

flushing=/run/lab/os-brick.log

# ---- os-brick: by the names of disks, and the volume's WWID ----

# WWID: prints the disks that the kernel calls so
disks_of()
{
	local file wwid

	for file in /sys/block/sd*/device/wwid; do
		read -r wwid 2>/dev/null <"$file" || continue
		[ "$wwid" = "naa.${1#3}" ] && file=${file#/sys/block/} && echo "${file%%/*}"
	done
}

# DISK...: prints the map that one of them is in
map_of()
{
	local disk holder

	for disk; do
		for holder in "/sys/block/$disk/holders"/dm-*; do
			[ -e "$holder" ] && cat "$holder/dm/name" && return
		done
	done
}

# three attempts of five minutes, ten seconds apart
insist()
{
	local attempt

	for attempt in 1 2 3; do
		timeout 300 "$@" >>$flushing 2>&1 && return
		[ "$attempt" = 3 ] || sleep 10
	done
	return 1
}

nodes_are_gone()
{
	local disk

	for disk; do
		[ ! -e "/dev/$disk" ] || return 1
	done
}
owner_forgot()
{
	local disk known

	known=$(multipathd show paths raw format %d)
	for disk; do
		! echo "$known" | grep -qx "$disk *" || return 1
	done
}

os_brick_drop_links()
{
	local link disk

	for link in /dev/disk/by-id/scsi-*; do
		for disk; do
			[ "$(readlink "$link")" != "../../$disk" ] || rm -f "$link"
		done
	done
}

os_brick_disconnect()
{
	local disk map

	# shellcheck disable=SC2046 # the names are words
	set -- $(disks_of "$1")
	map=$(map_of "$@")
	[ -z "$map" ] || insist multipath -f "$map" || return 1
	for disk; do
		[ ! -e "/dev/$disk" ] || insist blockdev --flushbufs "/dev/$disk" || [ ! -e "/dev/$disk" ] || return 1
		[ ! -e "/sys/block/$disk/device/delete" ] ||
			echo 1 | tee "/sys/block/$disk/device/delete" >/dev/null 2>&1
	done
	wait_until 30 nodes_are_gone "$@" || return 1
	os_brick_drop_links "$@"
	wait_until 10 owner_forgot "$@" && return
	for disk; do
		timeout 5 multipathd del path "$disk"
	done
}

has_two() { [ "$(disks_of "$1" | wc -l)" -eq 2 ]; }

# LUN WWID
os_brick_connect()
{
	local disk host

	for host in "$host1" "$host2"; do
		echo "0 0 $1" >"/sys/class/scsi_host/host$host/scan"
	done
	wait_until 60 has_two "$2" || return 1
	multipath -a "$2" >/dev/null
	for disk in $(disks_of "$2"); do
		multipathd add path "/dev/$disk" >/dev/null
	done
	owner_wait_map "$2" 2
}

# ---- csi-lib-iscsi: it knows its map, and looks whether the paths agree ----

slow=5 # times as much as its limits, which are for a machine that is not emulated

# MAP DISK...: one size, one number, as many hosts as paths, and all say that they are the map
paths_agree()
{
	local map disk hctl size_of_all size lun_of_all hosts host

	map=$1 size_of_all='' lun_of_all='' hosts=' '
	shift
	for disk; do
		read -r size <"/sys/block/$disk/size" || return 1
		hctl=$(readlink -f "/sys/block/$disk/device")
		hctl=${hctl##*/} host=${hctl%%:*}
		[ "${size_of_all:-$size}" = "$size" ] && [ "${lun_of_all:-${hctl##*:}}" = "${hctl##*:}" ] || return 1
		case $hosts in *" $host "*) return 1 ;; esac
		size_of_all=$size lun_of_all=${hctl##*:} hosts="$hosts$host "
		[ "$(timeout "$slow" "$scsi_id" -g -u "/dev/$disk")" = "$map" ] || return 1
	done
}

# MAP DISK...: what it wrote down when it attached them
csi_lib_disconnect()
{
	local map disk

	map=$1
	shift
	if [ -e "/dev/mapper/$map" ]; then
		paths_agree "$map" "$@" || return 1
		timeout $((5 * slow)) multipath -f "/dev/mapper/$map" || [ ! -e "/dev/mapper/$map" ] || return 1
	fi
	for disk; do
		[ -e "/sys/block/$disk/device/delete" ] || continue
		blockdev --flushbufs "/dev/$disk"
		{
			echo offline >"/sys/block/$disk/device/state"
			echo 1 >"/sys/block/$disk/device/delete"
		} 2>/dev/null
	done
	return 0
}

# LUN: sets $map to the map that its paths are in
csi_lib_connect()
{
	local port link

	for port in 1 2; do
		iscsiadm -m node -T "$SAN_TARGET" -p "127.0.0.$port:3260" -R >/dev/null || return 1
		link=/dev/disk/by-path/ip-127.0.0.$port:3260-iscsi-$SAN_TARGET-lun-$1
		wait_until 60 test -e "$link" || return 1
		wait_until 60 leads_to_map "$link" || return 1
	done
}
leads_to_map()
{
	map=$(readlink "$1")
	map=$(map_of "${map##*/}")
	[ -n "$map" ]
}

# ---- what the daemon says ----

mark() { mark=$(pk events --json | jq .last); }
# WWID EVENT FIELD: of its events since the mark, sorted
told()
{
	pk events --json | jq -r "[.events[] | select(.number > $mark and .event == \"$2\" and .wwid == \"$1\") | .$3] | sort | join(\" \")"
}
told_twice_gone() { [ "$(told "$1" path-gone purge | wc -w)" = 2 ]; }
deleted_by_us() { said_count path-purge new=deleting; }
map_gone() { ! dmsetup info "$1" >/dev/null 2>&1; }
gone_from_kernel() { [ -z "$(disks_of "$1")" ]; }
none_marked() { [ "$(pk paths --json | jq '[.paths[] | select(.purge != "no")] | length')" = 0 ]; }
unmap() { san_unmap "$1" 1 && san_unmap "$1" 2; }
map_lun() { san_map "$1" 1 "$2" && san_map "$1" 2 "$2"; }
both_are() { path_is "$1" "$3" "$4" && path_is "$2" "$3" "$4"; }
inodes()
{
	local disk

	for disk in $(disks_of "$1"); do
		inode_of "$(device_dir "$disk")"
	done
}

# removed_by_others WWID TEXT
removed_by_others()
{
	ok gone_from_kernel "$1" -- "$2: both paths are gone"
	ok map_gone "$1" -- "$2: and the map"
	ok wait_until 60 told_twice_gone "$1" -- "$2: the daemon tells of each once" || note "$(told "$1" path-gone dev)"
	is "$(told "$1" path-gone purge)" "no no" "$2: as removed by others"
}

# stays WWID TEXT: what has just come is up, and the same after a while
stays()
{
	local devices

	devices=$(inodes "$1")
	# shellcheck disable=SC2046 # the names are words
	ok wait_until 60 both_are $(disks_of "$1") state up -- "$2: both paths are up"
	sleep 6
	is "$(inodes "$1")" "$devices" "$2: they stay"
	ok owner_map_has "$1" 2 -- "$2: in their map"
	# shellcheck disable=SC2046 # the names are words
	ok both_are $(disks_of "$1") purge no -- "$2: and nothing is wanted of them"
}

# ---- the host first, then the array; and back ----

brick=$(san_wwid_of "$(san_dev 2 1)")
lib=$(san_wwid_of "$(san_dev 3 1)")
lib_disks="$(san_dev 3 1) $(san_dev 3 2)"
for round in first second; do
	mark
	ok os_brick_disconnect "$brick" -- "os-brick, $round: disconnect"
	must unmap 2
	removed_by_others "$brick" "os-brick, $round"
	# shellcheck disable=SC2086 # the names are words
	ok csi_lib_disconnect "$lib" $lib_disks -- "csi-lib-iscsi, $round: disconnect"
	must unmap 3
	removed_by_others "$lib" "csi-lib-iscsi, $round"
	must map_lun 2 vol2
	ok os_brick_connect 2 "$brick" -- "os-brick, $round: connect"
	stays "$brick" "os-brick, $round"
	must map_lun 3 vol3
	ok csi_lib_connect 3 -- "csi-lib-iscsi, $round: connect"
	is "$map" "$lib" "csi-lib-iscsi, $round: finds its map"
	must wait_until 60 owner_map_has "$lib" 2
	stays "$lib" "csi-lib-iscsi, $round"
	lib_disks="$(san_dev 3 1) $(san_dev 3 2)"
done
is "$(deleted_by_us)" 0 "the daemon deleted nothing"
is "$(pk status --json | jq '.gaps | length')" 0 "and keeps nothing out that others took away"

# ---- about to be purged, they take it away, and another volume comes to its number ----

daemon_config "$@" 'purge_delay 30'
must pk reconfigure
old=$(san_wwid_of "$(san_dev 4 1)")
one=$(san_dev 4 1) two=$(san_dev 4 2)
mark
must unmap 4
ok wait_until 60 both_are "$one" "$two" purge marked -- "unmapped: both paths are marked, and wait"
ok os_brick_disconnect "$old" -- "meanwhile os-brick disconnects it"
must map_lun 4 new
echo "0 0 4" >"/sys/class/scsi_host/host$host1/scan"
must san_wait_dev 4 1 >/dev/null
new=$(san_wwid_of "$(san_dev 4 1)")
ok os_brick_connect 4 "$new" -- "and connects another volume of that number"
ok test "$new" != "$old" -- "it is another"
sleep 20
stays "$new" "the newcomer"
ok wait_until 60 told_twice_gone "$old" -- "of the old one's paths each is told gone once"
is "$(deleted_by_us)" 0 "the daemon deleted nothing"
daemon_config "$@"
must pk reconfigure

# ---- the array first: os-brick flushes in a loop, since it is in use, while the daemon purges ----

# flushed_and_purged LUN TEXT
flushed_and_purged()
{
	local wwid holder disconnecting from

	wwid=$(san_wwid_of "$(san_dev "$1" 1)")
	must wait_until 20 test -b "/dev/mapper/$wwid"
	sleep 3600 8<"/dev/mapper/$wwid" &
	holder=$!
	must wait_until 60 map_is_open "$wwid"
	mark
	must unmap "$1"
	os_brick_disconnect "$wwid" &
	disconnecting=$!
	ok wait_until 60 has_one "$wwid" -- "$2: one path is purged while os-brick tries to flush"
	ok fails map_gone "$wwid" -- "$2: the map stays, which is in use"
	ok pk status -- "$2: the daemon answers"
	kill $holder
	wait $holder 2>/dev/null
	from=$(clock)
	wait $disconnecting
	is $? 0 "$2: when it is let go, os-brick's disconnect ends" || note "$(tail -n 20 $flushing)"
	note "$2: $(($(clock) - from)) ms after that"
	ok wait_until 60 gone_from_kernel "$wwid" -- "$2: both paths are gone"
	ok wait_until 60 map_gone "$wwid" -- "$2: and the map"
	ok wait_until 60 told_twice_gone "$wwid" -- "$2: each is told gone once"
	ok wait_until 60 none_marked -- "$2: nothing is left to be removed"
	is "$(pk status --json | jq '.hands | length')" 0 "$2: no hand is out"
}
has_one() { [ "$(disks_of "$1" | wc -l)" -eq 1 ]; }

flushed_and_purged 5 "beside a flush"
daemon_config "$@" 'purge_last_path yes'
must pk reconfigure
flushed_and_purged 6 "beside a flush, both for the map"

# ---- the array first: csi-lib-iscsi refuses what cannot say who it is; the daemon's is done by then ----

daemon_config "$@" 'purge_last_path yes' 'purge_delay 5'
must pk reconfigure
lost=$(san_wwid_of "$(san_dev 7 1)")
lost_disks="$(san_dev 7 1) $(san_dev 7 2)"
mark
must unmap 7
# shellcheck disable=SC2086 # the names are words
ok fails csi_lib_disconnect "$lost" $lost_disks -- "unmapped first: csi-lib-iscsi does not disconnect it"
ok wait_until 90 gone_from_kernel "$lost" -- "the daemon purges both paths"
ok wait_until 60 map_gone "$lost" -- "and the map"
ok wait_until 60 told_twice_gone "$lost" -- "and tells of each once"
must wait_until 20 fails test -e "/dev/mapper/$lost"
# shellcheck disable=SC2086 # the names are words
ok csi_lib_disconnect "$lost" $lost_disks -- "then its disconnect has nothing left to do"

# ---- nobody is hurt ----

is "$(log_lines path-purge error=)" "" "no deed of the daemon failed"
is "$(said_count new=stuck)" 0 "none was stuck"
is "$(said_count helper-lost)" 0 "no helper was lost"
is "$(said_count path-kept-out)" 0 "nobody's was kept out"
ok paths_up 8 -- "all that should be there is up"
ok fio_end neighbour -- "the neighbour's I/O saw nothing"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# What os-brick and csi-lib-iscsi do to take a volume away, step by step as they do it, beside a daemon
# that removes what is gone: before the array takes it away and after, alone, and at the same time as
# our own word for the same volume. Each comes to its end, nothing is left of what was meant, and
# nothing else is touched. Both begin as we do not: by a scan of the host, and by names of disks.
# timeout: 1500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd multipath iscsid fio blockdev timeout jq

luns='2 3 4 5 6 7 8'
must san_few_rules
# shellcheck disable=SC2086 # numbers are words
must san_build 2 1 $luns
must owner_start
neighbour=$(san_wwid_of "$(san_dev 1 1)")
for lun in $luns; do
	map=$(san_wwid_of "$(san_dev "$lun" 1)")
	eval "map_$lun=$map"
	must owner_wait_map "$map" 2
	must wait_until 60 test -b "/dev/mapper/$map"
done
must owner_wait_map "$neighbour" 2
daemon_config 'purge_disconnected yes' 'purge_last_path yes' 'purge_grace 2' 'purge_share 100' 'purge_limit 100' 'polling_interval 1' \
	'max_polling_interval 2'
must daemon_start
must wait_until 60 paths_up 16
must fio_start neighbour "/dev/mapper/$neighbour" 8M --rate_iops=10 --runtime=1400

map_of() { eval "echo \$map_$1"; }
disks_of() { owner_map_devices "$1" | xargs; }
is_gone() { [ ! -e "/sys/block/$1" ]; }

# ---- os-brick: facts B.1 -----------------------------------------------------------------------

# COUNT INTERVAL COMMAND...: os-brick's execute
brick_try()
{
	local left interval

	left=$1 interval=$2
	shift 2
	until timeout 300 "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep "$interval"
	done
}

brick_is_forgotten()
{
	local paths disk

	paths=$(multipathd show paths raw format %d)
	for disk; do
		! echo "$paths" | grep -qx "$disk *" || return 1
	done
}

# MAP DISK...: remove_connection
brick_remove()
{
	local map disk link

	map=$1
	shift
	if [ -n "$(find "/sys/block/$1/holders" -name 'dm-*' 2>/dev/null)" ]; then
		brick_try 3 10 multipath -f "$map" || return
	fi
	for disk; do
		[ ! -e "/sys/block/$disk" ] || brick_try 3 10 blockdev --flushbufs "/dev/$disk" || echo "flush of $disk failed"
		[ ! -e "/sys/block/$disk" ] || echo 1 | tee "/sys/block/$disk/device/delete" >/dev/null
	done
	for disk; do
		wait_until 60 is_gone "$disk" || return
	done
	for link in /dev/disk/by-id/scsi-*; do
		for disk; do
			[ "$(readlink "$link")" != "../../$disk" ] || rm -f "$link"
		done
	done
	wait_until 20 brick_is_forgotten "$@" && return
	for disk; do timeout 5 multipathd del path "/dev/$disk"; done
}

# ---- csi-lib-iscsi: facts B.2 ------------------------------------------------------------------

# MAP DISK...: IsMultipathConsistent
csilib_is_consistent()
{
	local map disk

	map=$1
	shift
	for disk; do
		[ "$(timeout 1 /lib/udev/scsi_id -g -u "/dev/$disk" 2>/dev/null)" = "$map" ] || return 1
	done
	[ "$(for disk; do cat "/sys/block/$disk/size"; done | sort -u | wc -l)" = 1 ]
}

# MAP DISK...: DisconnectVolume; the check is left out where the caller wants that
csilib_disconnect()
{
	local map disk

	map=$1
	shift
	[ ! -b "/dev/mapper/$map" ] || timeout 5 multipath -f "$map" || [ ! -b "/dev/mapper/$map" ] || return
	for disk; do
		[ -b "/dev/$disk" ] || continue
		blockdev --flushbufs "/dev/$disk" || echo "flush of $disk failed"
		{ echo offline >"/sys/block/$disk/device/state" && echo 1 >"/sys/block/$disk/device/delete"; } 2>/dev/null ||
			[ ! -e "/sys/block/$disk" ] || echo "$disk was not removed"
	done
}

# ---- what is left ------------------------------------------------------------------------------

# LUN...: nothing of it
nothing_left()
{
	local lun port

	for lun; do
		! dmsetup info "$(map_of "$lun")" >/dev/null 2>&1 || return 1
		for port in 1 2; do
			[ ! -e "/sys/class/scsi_device/$(san_hctl "$lun" "$port")" ] || return 1
		done
		[ "$(pk paths --json | jq "[.paths[] | select(.wwid == \"$(map_of "$lun")\")] | length")" = 0 ] || return 1
	done
}
unmapped() { san_unmap "$1" 1 && san_unmap "$1" 2; }
remains() { pk paths --json | jq -r '[.paths[].hctl] | sort | join(" ")'; }
# LUN...: the paths that all others have
all_but()
{
	local lun port

	for lun in 1 $luns; do
		case " $* " in *" $lun "*) continue ;; esac
		for port in 1 2; do san_hctl "$lun" $port; done
	done | sort | xargs
}
no_removal_is_left() { [ "$(pk status --json | jq '.hands | length')" = 0 ] && ! pk paths --json | jq -e '.paths[] | select(.purge != "no")' >/dev/null; }

# --- os-brick, in its order ---
log_mark
map=$(map_of 2)
# shellcheck disable=SC2046 # names are words
ok brick_remove "$map" $(disks_of "$map") -- "os-brick takes a volume away"
ok wait_until 60 nothing_left 2 -- "nothing is left of it"
ok fails said path-purge -- "that was its own work: the daemon had nothing to remove"
must unmapped 2
is "$(remains)" "$(all_but 2)" "and knows all others"
must san_map 2 1 vol2
must san_map 2 2 vol2
must san_rescan 1 2
must san_rescan 2 2
ok wait_until 120 owner_map_has "$map" 2 -- "shown again, it comes back: nobody keeps it out"
ok wait_until 60 paths_up 16 -- "with both paths up"

# --- csi-lib-iscsi, in its order ---
map=$(map_of 3)
disks=$(disks_of "$map")
# shellcheck disable=SC2086 # names are words
ok csilib_is_consistent "$map" $disks -- "csi-lib-iscsi finds the map consistent"
# shellcheck disable=SC2086 # names are words
ok csilib_disconnect "$map" $disks -- "and takes the volume away"
must unmapped 3
ok wait_until 60 nothing_left 3 -- "nothing is left of it"
is "$(remains)" "$(all_but 3)" "the daemon knows all others"

# --- the array was first: the daemon and they take the same away ---
log_mark
map=$(map_of 4)
disks=$(disks_of "$map")
must unmapped 4
# shellcheck disable=SC2086 # names are words
brick_remove "$map" $disks || note "os-brick could not do it all: the daemon may have taken the map away meanwhile"
# shellcheck disable=SC2086 # names are words
ok brick_remove "$map" $disks -- "os-brick, called once more, comes to its end when the array was first"
ok wait_until 120 nothing_left 4 -- "nothing is left"
map=$(map_of 5)
disks=$(disks_of "$map")
must unmapped 5
# shellcheck disable=SC2086 # names are words
ok fails csilib_is_consistent "$map" $disks -- "csi-lib-iscsi refuses what the array took away, and leaves it"
ok wait_until 120 nothing_left 5 -- "the daemon takes it away"
# shellcheck disable=SC2086 # names are words
ok csilib_disconnect "$map" $disks -- "called again, csi-lib-iscsi finds nothing to do"
is "$(remains)" "$(all_but 3 4 5)" "the daemon knows all others"

# --- at the same time as our word for the same volume ---
for lun in 6 7; do
	map=$(map_of $lun)
	disks=$(disks_of "$map")
	case $lun in 6) theirs=brick_remove ;; 7) theirs=csilib_disconnect ;; esac
	# shellcheck disable=SC2086 # names are words
	$theirs "$map" $disks >/run/lab/theirs 2>&1 &
	running=$!
	pk detach --timeout 120 "$map" >/run/lab/ours 2>&1
	note "$theirs beside our detach, which says $?"
	wait $running || note "it could not do it all: $(tail -n 1 /run/lab/theirs)"
	# who was in the other's way says so, and is called again
	ok pk detach --timeout 120 "$map" -- "called again, our detach has nothing left to do" || note "$(cat /run/lab/ours)"
	# shellcheck disable=SC2086 # names are words
	ok $theirs "$map" $disks -- "nor has $theirs"
	ok wait_until 60 nothing_left $lun -- "nothing is left of that volume"
	must unmapped $lun
done
is "$(remains)" "$(all_but 3 4 5 6 7)" "the daemon knows all others"

# --- on two volumes at once ---
map=$(map_of 2)
# shellcheck disable=SC2046 # names are words
brick_remove "$map" $(disks_of "$map") >/run/lab/theirs 2>&1 &
running=$!
ok pk detach --timeout 120 "$(map_of 8)" -- "we take one volume away while os-brick takes another"
ok wait $running -- "which does" || note "$(cat /run/lab/theirs)"
must unmapped 2
must unmapped 8
ok wait_until 60 nothing_left 2 8 -- "nothing is left of both"

ok wait_until 60 no_removal_is_left -- "no removal is left over, no hand is out"
is "$(remains)" "$(all_but 2 3 4 5 6 7 8)" "the neighbour has its paths"
ok paths_up 2 -- "which are up"
ok fails said path-fence -- "nothing was fenced"
ok fio_end neighbour -- "and had no error all the time"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

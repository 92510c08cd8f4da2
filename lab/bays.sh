# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/bays.sh: disks that QEMU puts in and pulls out without a word to the guest. A bay is a
# virtio-scsi controller; there are two, and each always has a disk at LUN 0 (a target without
# any LUN would not answer at all). For guests of lab/run --bays: . "$LAB/bays.sh"
#
#   bay_init                    two bays with nothing but their LUN 0
#   bay_volume NAME MB [WWN]    a disk with data; its serial is NAME, its identity 3WWN (16 hex
#                               digits)
#   bay_plug BAY LUN NAME       puts it into bay 1 or 2 (or both)
#   bay_pull BAY LUN            takes it out: sdX stays and answers 05/25/00
#   bay_swap BAY LUN NAME       another disk at the same place, behind the same sdX
#   bay_rescan BAY [LUN]        looks for new disks
#   bay_host BAY, bay_hctl BAY LUN, bay_dev BAY LUN
#   bay_wait_dev BAY LUN [S]    waits for the disk, prints sdX
#   bay_remove BAY              takes the whole controller (a PCI function) away
#   bay_end                     takes all of it down
#   monitor JSON                one command for QEMU; prints its answer

# shellcheck source=wait.sh
. "$LAB/wait.sh"

BAY_STATE=/run/lab/bays

monitor_port()
{
	local port name

	for port in /sys/class/virtio-ports/*; do
		read -r name <"$port/name" && [ "$name" = qmp ] && echo "/dev/${port##*/}" && return
	done
	echo "bays: only with lab/run --bays" >&2
	return 1
}

# QEMU has one monitor with one greeting: opened anew for each command, it goes on where it was
monitor()
{
	local line port

	port=$(monitor_port) || return 1
	exec 8<>"$port"
	if [ ! -e $BAY_STATE/greeted ]; then
		mkdir -p $BAY_STATE
		read -r line <&8
		echo '{"execute":"qmp_capabilities"}' >&8
		read -r line <&8
		echo "$line" >$BAY_STATE/greeted
	fi
	printf '%s\n' "$1" >&8
	while read -r line <&8; do
		case $line in
		*'"return"'*)
			exec 8>&-
			echo "$line"
			return 0
			;;
		*'"error"'*)
			exec 8>&-
			echo "bays: $1: $line" >&2
			return 1
			;;
		esac
	done
}

bay_command() { monitor "$1" >/dev/null; }

bay_init()
{
	local bay

	monitor_port >/dev/null || return 1
	mkdir -p $BAY_STATE/volumes $BAY_STATE/places
	for bay in 1 2; do
		bay_volume "bay$bay" 1 && bay_plug $bay 0 "bay$bay" || return 1
	done
	modprobe -a virtio_scsi sd_mod sg
	for bay in 1 2; do
		wait_until 20 bay_rescan $bay && bay_wait_dev $bay 0 >/dev/null || return 1
	done
}

# The file lies in the folder that host and guest share, so that the guest may look behind
bay_volume()
{
	local number

	number=0
	[ ! -e $BAY_STATE/last-volume ] || read -r number <$BAY_STATE/last-volume
	number=$((number + 1))
	echo $number >$BAY_STATE/last-volume
	truncate -s "$2M" "/share/bay-$1.img" || return 1
	bay_command "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"raw\",\"node-name\":\"$1\",\
\"file\":{\"driver\":\"file\",\"filename\":\"$LAB_SHARE/bay-$1.img\",\"locking\":\"off\"}}}" || return 1
	echo "${3:-$(printf '5000c500%08x' $number)}" >"$BAY_STATE/volumes/$1"
}

bay_plug()
{
	local wwn number id

	read -r wwn <"$BAY_STATE/volumes/$3" || return 1
	number=0
	[ ! -e $BAY_STATE/last-disk ] || read -r number <$BAY_STATE/last-disk
	number=$((number + 1))
	echo $number >$BAY_STATE/last-disk
	id=disk$number
	bay_command "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"scsi-hd\",\"id\":\"$id\",\"drive\":\"$3\",\
\"bus\":\"bay$1.0\",\"scsi-id\":0,\"lun\":$2,\"serial\":\"$3\",\"device_id\":\"$3\",\"wwn\":$((0x$wwn)),\
\"share-rw\":true}}" || return 1
	echo $id >"$BAY_STATE/places/$1-$2"
}

bay_pull()
{
	local id

	read -r id <"$BAY_STATE/places/$1-$2" || return 1
	bay_command "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"$id\"}}" && rm "$BAY_STATE/places/$1-$2"
}

bay_swap() { bay_pull "$1" "$2" && bay_plug "$1" "$2" "$3"; }

bay_host()
{
	local host

	for host in "/sys/devices/pci0000:00/0000:00:1$(($1 - 1)).0"/virtio*/host*; do
		[ -d "$host" ] && echo "${host##*/host}" && return
	done
	return 1
}

bay_hctl()
{
	local host

	host=$(bay_host "$1") && echo "$host:0:0:$2"
}

bay_dev()
{
	local hctl disk

	hctl=$(bay_hctl "$1" "$2") || return 1
	for disk in "/sys/class/scsi_device/$hctl/device/block"/*; do
		[ -e "$disk" ] && echo "${disk##*/}" && return
	done
	return 1
}

bay_rescan()
{
	local host

	host=$(bay_host "$1") && echo "- - ${2:--}" >"/sys/class/scsi_host/host$host/scan"
}

bay_dev_is_ready()
{
	local disk devt

	disk=$(bay_dev "$1" "$2") && [ -b "/dev/$disk" ] || return 1
	[ -e /.lab/udev ] || return 0
	read -r devt <"/sys/class/block/$disk/dev" 2>/dev/null && [ -e "/run/udev/data/b$devt" ]
}

bay_wait_dev()
{
	if ! wait_until "${3:-30}" bay_dev_is_ready "$1" "$2"; then
		echo "bays: no disk at bay $1 LUN $2" >&2
		return 1
	fi
	bay_dev "$1" "$2"
}

bay_remove()
{
	bay_command "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"bay$1\"}}" || return 1
	rm -f $BAY_STATE/places/"$1"-*
	: >"$BAY_STATE/removed-$1"
}

bay_is_there() { [ -e "/sys/devices/pci0000:00/0000:00:1$(($1 - 1)).0" ]; }

# What was removed is put back, for the next scenario of this guest
bay_restore()
{
	[ -e "$BAY_STATE/removed-$1" ] || return 0
	wait_while 30 bay_is_there "$1" || return 1
	bay_command "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-scsi-pci\",\"id\":\"bay$1\",\
\"hotplug\":false,\"addr\":\"0x1$(($1 - 1))\"}}" && rm "$BAY_STATE/removed-$1"
}

bay_volume_remove()
{
	bay_command "{\"execute\":\"blockdev-del\",\"arguments\":{\"node-name\":\"$1\"}}" || return 1
	rm "$BAY_STATE/volumes/$1" "/share/bay-$1.img"
}

bay_end()
{
	local entry

	[ -d $BAY_STATE/volumes ] || return 0
	# udev may still look at a disk
	wait_until 30 modprobe -q -r virtio_scsi || return 1
	for entry in "$BAY_STATE"/places/*; do
		[ -e "$entry" ] || continue
		entry=${entry##*/}
		bay_pull "${entry%-*}" "${entry#*-}" || return 1
	done
	bay_restore 1 && bay_restore 2 || return 1
	for entry in "$BAY_STATE"/volumes/*; do
		[ ! -e "$entry" ] || bay_volume_remove "${entry##*/}" || return 1
	done
	rm -rf "$BAY_STATE/volumes" "$BAY_STATE/places" "$BAY_STATE"/last-*
}

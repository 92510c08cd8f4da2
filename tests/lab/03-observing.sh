# SPDX-License-Identifier: LGPL-2.1-or-later
# What helpers see, without anybody who thinks: devices, maps, uevents, users of every kind, the
# owner of the maps; and the two deeds on a map. Questions go in as text lines, answers come out.
# timeout: 600

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"
# shellcheck source=doer.sh
. "$ROOT/tests/lab/doer.sh"

need iscsid dmsetup mkfs.ext4 mkswap losetup unshare addpart pvcreate

must san_build 2 1 2 3
must doer_start
echo uevents >&9
must wait_until 10 doer_said "# listening"

# put KIND WORD...: an action with an id of its own; the line of its answer, which is of the kind
# $awaited, is in $answer
put()
{
	doer_id=$((doer_id + 1))
	echo "$1 id=$doer_id ${*#"$1"}" >&9
	wait_until 60 is_answered
}
is_answered() { answer=$(doer_line "$awaited *action=$doer_id" || doer_line "$awaited *action=$doer_id *"); }
put_devices() { awaited=devices-end put read-devices; }
put_maps() { awaited=maps-end put read-maps; }
look() { awaited=device put look "sysfs=$1"; }
owner() { awaited=owner put ask-owner; }

# number PREFIX MAJOR:MINOR: as actions and observations have it, where zero is left out
number()
{
	case $2 in
	*:0) echo "$1.major=${2%:*}" ;;
	*) echo "$1.major=${2%:*} $1.minor=${2#*:}" ;;
	esac
}

# who_holds DEV [MAP]: of the disk, which is in the map MAP
who_holds()
{
	local words

	words="$(number devt "$(cat "/sys/class/block/$1/dev")") ${2:+$(number map "$2")}"
	must udevadm settle --timeout=120
	awaited=holders put find-holders "$words" "dev=$1" deadline_ms=20000
}

sysfs_of()
{
	local dir

	dir=$(device_dir "$1")
	echo "${dir#/sys/}"
}

# --- devices ---
disk=$(san_dev 1 1) other=$(san_dev 1 2)
dir=$(device_dir "$disk")
ok put_devices -- "all devices are read"
n=$(grep -c '^device ' /run/lab/doer.out)
is "$n" "$(cat /sys/bus/scsi/devices/*:*/type | grep -c '^0$')" "each disk is mentioned once"
ok look "${dir#/sys/}" -- "one device is looked at"
like "$answer" "device *present=yes sysfs=${dir#/sys/} ino=$(inode_of "$dir") *" "by its directory and that one's inode"
like "$answer" "*protocol=scsi:iscsi state=running transport=up *" "iSCSI, running, logged in"
like "$answer" "*dev=$disk *" "its disk"
like "$answer" "* wwid=$(san_wwid_of "$disk") udev_serial=$(san_wwid_of "$disk") array=$SAN_TARGET *" "its identity and its array"
like "$answer" "* size_sectors=32768*" "its size"
must san_block 2
must wait_until 30 san_session_is 2 FAILED
ok look "$(sysfs_of "$other")" -- "a device behind a dead port is looked at"
like "$answer" "*transport=down *" "its way is down"
must san_unblock 2
must san_wait_session 2 LOGGED_IN
must wait_until 30 san_answers "$other" good

# --- uevents and removal ---
gone=$(device_dir "$(san_dev 3 2)")
must san_unmap 3 2
san_tur "$(san_dev 2 2)" >/dev/null
ok wait_until 10 doer_said "uevent *uevent=change attention=luns-changed sysfs=*" -- "another LUN's unit attention is heard"
echo 1 >"$gone/delete"
ok wait_until 20 doer_said "uevent *uevent=remove sysfs=${gone#/sys/} scsi_device=yes *" -- "the end of a removal is heard"
ok look "${gone#/sys/}" -- "what went is looked at"
like "$answer" "device *sysfs=${gone#/sys/}" "it is not there"
case $answer in *present*) fail "and not called present" ;; *) pass "and not called present" ;; esac
must san_map 3 2 vol3
must san_rescan 2 3
must san_wait_dev 3 2 >/dev/null
ok wait_until 10 doer_said "uevent *sysfs=${gone#/sys/} scsi_device=yes sequence=*" -- "its successor is heard"
ok look "${gone##*/}" -- "the address alone is looked at"
like "$answer" "device *present=yes sysfs=${gone#/sys/} *" "it names the device"

# --- nobody, and each kind of user ---
ok who_holds "$disk" -- "who uses a disk that nobody uses"
is "${answer#*action=$doer_id }" "complete=yes" "nobody, and nothing was missed"
sleep 600 <"/dev/$disk" &
reader=$!
must who_holds "$disk"
like "$answer" "*complete=yes found=1 hold.0.kind=open hold.0.pid=$reader hold.0.what=/dev/$disk hold.0.comm=sleep" \
	"an open descriptor, by whom"
kill $reader
wait $reader 2>/dev/null

must addpart "/dev/$disk" 1 4096 8192
must addpart "/dev/$disk" 2 16384 16384
must mkfs.ext4 -q -O ^has_journal "/dev/${disk}1"
mkdir -p /mnt/private
unshare --mount --propagation private sh -c "mount /dev/${disk}1 /mnt/private && exec sleep 600" &
hidden=$!
hidden_mount() { grep -q " /mnt/private " /proc/$hidden/mountinfo; }
must wait_until 60 hidden_mount
ok fails grep -q " /mnt/private " /proc/self/mountinfo -- "a mount is hidden from us in another namespace"
must who_holds "$disk"
like "$answer" "*complete=yes found=1 hold.0.kind=mount hold.0.pid=$hidden hold.0.what=/mnt/private" "it is found, by who sees it"

# a namespace that no process is in any more
touch /run/lab/namespace
must mount --make-private --bind /run/lab /run/lab
must mount --bind "/proc/$hidden/ns/mnt" /run/lab/namespace
must who_holds "$disk"
like "$answer" "*complete=yes found=1 *" "a namespace that is also bound is read through its process"
kill $hidden
wait $hidden 2>/dev/null
must who_holds "$disk"
is "${answer#*action=$doer_id }" "complete=yes found=1 hold.0.kind=mount hold.0.what=/mnt/private" \
	"and without any process it is visited"
must umount /run/lab/namespace
must umount /run/lab
must who_holds "$disk"
is "${answer#*action=$doer_id }" "complete=yes" "when it ends, so does the mount"

must mkdir -p /mnt/data
must mount "/dev/${disk}1" /mnt/data
must truncate -s 4M /mnt/data/file
must modprobe loop
loop=$(losetup --find --show /mnt/data/file)
must mkswap "$loop" >/dev/null
must swapon "$loop"
must who_holds "$disk"
like "$answer" "*complete=yes found=3 *" "swap on a loop device on a file on a partition: all three are found"
like "$answer" "*hold.0.kind=swap hold.0.critical=yes hold.0.what=$loop *" "the swap first, and critical"
like "$answer" "*kind=mount hold.1.what=/mnt/data hold.2.kind=loop hold.2.what=${loop#/dev/}" "then the mount and the loop device"
must swapoff "$loop"
must losetup -d "$loop"
must umount /mnt/data

must san_volume_block again "/dev/${disk}2"
must who_holds "$disk"
like "$answer" "*complete=yes found=1 hold.0.kind=export hold.0.what=target/core/*" "an export of the kernel's own target"
must san_volume_remove again

# --- maps, and their owner ---
must owner
is "${answer#*action=$doer_id}" "" "there is no owner of the maps"
two=$(san_dev 2 1)
wwid=$(san_wwid_of "$two")
modprobe dm_multipath
ok put_maps -- "maps are read"
must owner_start
must owner_wait_map "$wwid" 2
map=$(dmsetup info -c --noheadings -o major,minor "$wwid")
# shellcheck disable=SC2046 # the numbers are words
set -- $(dmsetup table "$wwid" | grep -o '\<[0-9]*:[0-9]*\>')
first=$1 second=$2
map_line() { doer_line "map at=* $(number devt "$map") name=$wwid uuid=mpath-$wwid *"; }
map_is()
{
	# shellcheck disable=SC2254 # the pattern is meant as one
	case $(map_line) in
	$1) ;;
	*) return 1 ;;
	esac
}
both="$(number member.0 "$first") member.0.active=yes member.0.group=1 $(number member.1 "$second") member.1.active=yes *"
ok wait_until 10 map_is "map *present=yes * queues=yes *members=2 $both" -- "a new map is told, unasked, as it is" ||
	note "$(map_line)"
ok owner -- "now there is an owner"
like "$answer" "owner *running=yes pid=$(pidof multipathd)*" "it is named"
must who_holds "$two" "$map"
is "${answer#*action=$doer_id }" "complete=yes" "its checkers' descriptors and its claim are not use"
deed() { awaited="done" put "$1" "$(number map "$map")" "name=$wwid" "$2" "${3:-}"; }
no_error()
{
	case $answer in
	*result=*) fail "$1: $answer" ;;
	*) pass "$1" ;;
	esac
}
deed remove-map "uuid=mpath-$wwid"
like "$answer" "*result=-11*" "an owned map is not removed behind its owner"
must wait_until 60 test -b "/dev/mapper/$wwid" # udev's, which may be behind
sleep 600 <"/dev/mapper/$wwid" &
reader=$!
deed remove-map "uuid=mpath-$wwid" owned=yes
like "$answer" "done *result=-16 written=yes*" "asked to, the owner says that it is in use"
must owner_stop
must owner
is "${answer#*action=$doer_id}" "" "the owner has ended"

# --- what stands on a map ---
kill $reader
wait $reader 2>/dev/null
must dmsetup create part --uuid "part1-mpath-$wwid" --table "0 30720 linear $map 2048"
must pvcreate -q /dev/mapper/part 9>&-
must vgcreate -q lab /dev/mapper/part 9>&-
must lvcreate -q -Zn -Wn -L 4M -n volume lab 9>&-
must udevadm settle --timeout=120
must mkfs.ext4 -q /dev/mapper/lab-volume
must mount /dev/mapper/lab-volume /mnt/data
must who_holds "$two" "$map"
like "$answer" "*complete=yes found=3 hold.0.kind=mount hold.0.what=/mnt/data hold.1.kind=map *" \
	"a volume on a partition on a map on the path, and its mount"
like "$answer " '*what=dm-*\\x20part *' "the partition's map is named"
case $answer in *"$wwid"*) fail "and the map itself is not use" ;; *) pass "and the map itself is not use" ;; esac

# --- deeds on a map ---
deed fail-path "uuid=mpath-other" "$(number member "$first")"
like "$answer" "*result=-6*" "a path of another map is not failed"
deed fail-path "uuid=mpath-$wwid" "$(number member "$first")"
like "$answer" "done *written=yes*" "a path is failed"
no_error "without an error"
like "$(dmsetup status "$wwid")" "* $first F *$second A *" "in the kernel's map"
one="$(number member.0 "$first") member.0.group=1 member.0.failures=1 $(number member.1 "$second") member.1.active=yes *"
ok wait_until 10 map_is "map *present=yes *members=2 $one" -- "the helper tells that the map changed" || note "$(map_line)"
ok wait_until 10 doer_said "uevent *dm_path_failed=yes $(number devt "$first") *" -- "and so does a uevent"
deed remove-map "uuid=mpath-$wwid"
like "$answer" "done *result=-16 written=yes*" "a map in use is not removed: the kernel's word"
must umount /mnt/data
must vgremove -q -f lab 9>&-
must dmsetup remove --retry part
must udevadm settle --timeout=120
deed remove-map "uuid=mpath-$wwid"
no_error "a map that nobody uses is removed"
ok fails dmsetup info "$wwid" -- "it is gone from the kernel"
ok wait_until 10 map_is "map at=* $(number devt "$map") name=*" -- "and told to be"
must udevadm settle --timeout=120
ok fails test -e "/dev/mapper/$wwid" -- "udev has taken its link away"
deed remove-map "uuid=mpath-$wwid"
no_error "to remove it a second time is no error"

# --- removed by its owner ---
must owner_start
must owner_wait_map "$wwid" 2
map=$(dmsetup info -c --noheadings -o major,minor "$wwid")
deed remove-map "uuid=mpath-$wwid" owned=yes
no_error "the owner removes a map that nobody uses"
ok fails dmsetup info "$wwid" -- "it is gone from the kernel"
must owner_stop

doer_quit
ok wait_until 10 no_helpers -- "no helper stays" || note "$(helpers)"
done_testing

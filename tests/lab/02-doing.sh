# shellcheck shell=dash disable=SC2154,SC2317 # watch_device sets, wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Helpers alone, without anybody who thinks: actions go in as text lines, observations come out. A
# device is watched, asked and deleted, and every condition of a deletion refuses it once.
# timeout: 600

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"
# shellcheck source=doer.sh
. "$ROOT/tests/lab/doer.sh"

need iscsid mkfs.ext4 dmsetup

must san_build 1 1 2 3 4 5 6
must doer_start

# --- watching and asking ---
references() { cat /sys/module/iscsi_tcp/refcnt; }
must udevadm settle --timeout=120
pinned=$(references)
for lun in 1 2 3 4 5 6; do watch_lun $lun; done
keeper=$(keeper_pid)
is "$(keeper_files 1 | wc -l)" 4 "a watched device: directory, delete, state and sg node are open"
is "$(($(references) - pinned))" 6 "and each pins the driver"
ok ask check 1 ask_inquiry=yes -- "a mapped LUN is asked"
like "$answer" "*state=running transport=up asked=yes inquired=yes inquiry.data=0000*" "it is good, and INQUIRY has a device"
ok ask watch 6 "sysfs=${dir_1#/sys/}" ino=1 -- "a directory that is another device's is answered"
like "$answer" "watched * result=-116" "as stale"
is "$(keeper_files 6)" "" "and nothing of it is open, nor of what was watched so before"
watch_lun 6
must san_unmap 1 1
ok ask check 1 ask_inquiry=yes -- "an unmapped LUN is asked"
like "$answer" "*asked=yes inquired=yes tur.status=2*tur.sense=7?0005*2500*inquiry.sense=7?0005*2500*" "it answers 05/25/00"
case $answer in *inquiry.data*) fail "and no data" ;; *) pass "and no data" ;; esac

# --- a deletion ---
ok ask delete 1 claim=yes -- "it is deleted"
like "$answer" "done *written=yes asked=yes *" "by a write, and no error"
case $answer in *result=*) fail "without an error" ;; *) pass "without an error" ;; esac
ok wait_until 10 device_gone "$dir_1" -- "its device is gone"
ok wait_until 5 doer_said "hung-up *path.slot=1 *" -- "the keeper said that it went"
is "$(keeper_files 1)" "" "and has nothing of it open"
ok ask check 1 -- "what is gone is asked"
like "$answer" "checked *result=-19*" "it is no device"

# --- refused: mapped again before the last question ---
must san_unmap 2 1
test_point hand-before-ask
begin delete 2 claim=yes
must wait_until 20 a_hand_stands
must san_map 2 1 vol2
test_point_end hand-before-ask
must kill -CONT "$hand"
ok answered -- "the hand comes back"
like "$answer" "done *result=-11 asked=yes stage=4*" "refused: it answers again"
ok test -e "$dir_2" -- "its device is there"

# --- refused: mounted ---
must mkfs.ext4 -q -O ^has_journal "/dev/$disk_2"
must mkdir -p /mnt/used
must mount "/dev/$disk_2" /mnt/used
must san_unmap 2 1
ok ask delete 2 claim=yes -- "a mounted disk is to be deleted"
like "$answer" "done *result=-16 asked=yes stage=5*" "refused: the kernel says it is in use"
ok ask delete 2 claim=no -- "again, as if it were in a map"
like "$answer" "done *result=-16 asked=yes stage=5*" "refused: no map holds it"
ok test -e "$dir_2" -- "its device is there"
must san_map 2 1 vol2
must umount /mnt/used

# --- a claim is held up to the write, and only a multipath map stands for it ---
must san_unmap 2 1
test_point hand-before-write
begin delete 2 claim=yes
must wait_until 20 a_hand_stands
mount_is_refused() { mount "/dev/$disk_2" /mnt/used 2>&1 | grep -q busy; }
ok mount_is_refused -- "while a hand stands before its write, nobody can mount the disk"
test_point_end hand-before-write
must kill -CONT "$hand"
must answered
ok wait_until 10 device_gone "$dir_2" -- "then it goes"
must dmsetup create lv --uuid LVM-x --table "0 32768 linear /dev/$disk_3 0"
must san_unmap 3 1
ok ask delete 3 claim=no -- "a disk under a linear map is to be deleted without a claim"
like "$answer" "done *result=-16 asked=yes stage=5*" "refused: that is not a multipath map"
must dmsetup remove --retry lv
must modprobe -a dm_multipath dm_service_time
# DISK...
multipath_map()
{
	local disk paths

	paths=''
	for disk; do
		paths="$paths $(cat "/sys/block/$disk/dev") 1 1"
	done
	dmsetup create mp --uuid mpath-x --table "0 32768 multipath 0 0 1 1 service-time 0 $# 2$paths"
}
must multipath_map "$disk_3"
ok ask delete 3 claim=no -- "the only path of a multipath map is to be deleted without a claim"
like "$answer" "done *result=-16 asked=yes stage=5*" "refused: whoever uses the map would have none"
must dmsetup remove --retry mp
must multipath_map "$disk_3" "$disk_6"
ok ask delete 3 claim=no -- "one of two is deleted without a claim"
ok wait_until 10 device_gone "$dir_3" -- "it goes"
must dmsetup remove --retry mp

ticks()
{
	local line

	read -r line <"/proc/$1/stat"
	# shellcheck disable=SC2086 # fields are words
	set -- ${line##*) }
	echo $((${12} + ${13}))
}

# --- refused: its state, its host, its successor, its daemon ---
must san_unmap 4 1
echo offline >"$dir_4/state"
ok ask delete 4 claim=yes -- "an offline device is to be deleted"
like "$answer" "done *result=-11 stage=2*" "refused: it cannot be asked"
ok ask check 4 -- "nor is it asked by a check"
like "$answer" "checked *state=offline*" "which says so"
case $answer in *asked=yes*) fail "and sent nothing" ;; *) pass "and sent nothing" ;; esac
echo running >"$dir_4/state"

# a path of a map is not opened, so that only its state says no
must multipath_map "$disk_4" "$disk_6"
test_point hand-before-claim
begin delete 4 claim=no
must wait_until 20 a_hand_stands
echo offline >"$dir_4/state"
test_point_end hand-before-claim
must kill -CONT "$hand"
must answered
like "$answer" "done *result=-11 asked=yes stage=2*" "refused: set offline after it was asked"
echo running >"$dir_4/state"
must dmsetup remove --retry mp

# --- a fenced one is not asked: it has to be offline, to the end ---
ok ask delete 4 claim=yes fenced=yes -- "a fenced device that runs again is to be deleted"
like "$answer" "done *result=-11 stage=2*" "refused: it is not closed any more"
echo offline >"$dir_4/state"
test_point hand-before-claim
begin delete 4 claim=yes fenced=yes
must wait_until 20 a_hand_stands
echo running >"$dir_4/state"
test_point_end hand-before-claim
must kill -CONT "$hand"
must answered
like "$answer" "done *result=-11 stage=2*" "refused: set running while the hand stood"
ok test -e "$dir_4" -- "its device is there"

must san_unmap 5 1
test_point hand-begin
begin delete 5 claim=yes deadline_ms=1000
must wait_until 20 a_hand_stands
sleep 1.5
test_point_end hand-begin
must kill -CONT "$hand"
must answered
like "$answer" "done *result=-11 stage=4*" "refused: the order is older than its deadline"
ok test -e "$dir_5" -- "its device is there"
test_point hand-before-claim
begin delete 5 claim=yes
must wait_until 20 a_hand_stands
sleep 6
test_point_end hand-before-claim
must kill -CONT "$hand"
must answered
like "$answer" "done *result=-11 asked=yes stage=4*" "refused: the last answer is too old"
ok test -e "$dir_5" -- "its device is there"

test_point hand-before-write
begin delete 5 claim=yes
must wait_until 20 a_hand_stands
ok ask delete 4 claim=yes -- "a second device of the host is to be deleted"
like "$answer" "done *result=-16 stage=1*" "refused: a hand is out on that host"
ok ask check 6 -- "another device of the host is asked meanwhile"
like "$answer" "checked *asked=yes*" "and answers"
ok ask check 5 -- "the one under the hand is asked"
like "$answer" "checked *result=-16*" "no command of ours makes the hand wait"
old_inode=$(inode_of "$dir_5")
echo 1 >"$dir_5/delete"
must san_wait_gone "/sys/block/$disk_5" >/dev/null
must san_volume new 16
must san_map 5 1 new
must san_rescan 1 5
must san_wait_dev 5 1 >/dev/null
inode=$(inode_of "$dir_5")
ok [ "$inode" != "$old_inode" ] -- "another volume is at the address under a standing hand"
before=$(ticks "$keeper")
sleep 1
ok [ $(($(ticks "$keeper") - before)) -lt 20 ] -- "the keeper rests, though the hand has the dead device open"
test_point_end hand-before-write
must kill -CONT "$hand"
ok hand_ended -- "the hand ends"
like "$(doer_line "done *path.slot=5 *")" "done *result=-19 written=yes *" "its write found no device"
is "$(inode_of "$dir_5")" "$inode" "the newcomer lives"
is "$(san_tur "$(san_dev 5 1)")" good "and answers"

test_point hand-before-claim
begin delete 4 claim=yes
must wait_until 20 a_hand_stands
doer_kill
ok wait_until 10 process_is "$keeper" "" -- "keepers end with their daemon"
test_point_end hand-before-claim
must kill -CONT "$hand"
ok hand_ended -- "the hand of a killed daemon ends"
ok test -e "$dir_4" -- "and has not written"

# --- giving back ---
must doer_start
watch_lun 4
watch_lun 6
is "$(keeper_files 6 | wc -l)" 4 "a new keeper holds the device"
say forget 6
nothing_of_6() { [ -z "$(keeper_files 6)" ]; }
ok wait_until 5 nothing_of_6 -- "forgotten, it is closed"
say forget 4
refs_are() { [ "$(references)" = "$1" ]; }
ok wait_until 5 refs_are "$pinned" -- "and the driver is pinned no more"

# --- no sg node ---
if modprobe -r sg; then
	watch_lun 6
	ok ask check 6 ask_inquiry=yes -- "a device without an sg node is asked"
	like "$answer" "checked *asked=yes inquired=yes inquiry.data=0000*" "by its block node"
	must san_unmap 6 1
	ok ask delete 6 claim=yes -- "and deleted"
	ok wait_until 10 device_gone "$dir_6" -- "it goes"
	must modprobe sg
else
	skip "a device without an sg node" "sg cannot be unloaded"
fi

doer_quit
ok wait_until 10 no_helpers -- "no helper stays" || note "$(helpers)"
done_testing

# SPDX-License-Identifier: LGPL-2.1-or-later
# The dead device is replaced by another volume's at the same address, and a file system is mounted
# on another one, each between the hand's last question and its deed: neither is touched.
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid mkfs.ext4 jq

must san_build 1 1 2 3
must san_volume new 16
old=$(san_dev 1 1) used=$(san_dev 2 1)
address=$(device_dir "$old") used_dir=$(device_dir "$used")
old_inode=$(inode_of "$address") used_inode=$(inode_of "$used_dir")
must mkfs.ext4 -q -O ^has_journal "/dev/$used"

daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1'
test_point hand-before-write
must daemon_start
must wait_until 60 paths_up 3

# --- the address is used again ---
must san_unmap 1 1
must wait_until 60 hand_stopped
like "$(readlink /proc/"$hand"/fd/* | tr '\n' ' ')" "*/dev/$old *" "the hand holds the disk it is about to delete"
echo 1 >"$address/delete"
must san_wait_gone "/sys/block/$old" >/dev/null
must san_map 1 1 new
must san_rescan 1 1
must san_wait_dev 1 1 >/dev/null
newcomer=$(san_dev 1 1)
inode=$(inode_of "$address")
serial=$(san_serial_of "$newcomer")
ok [ "$inode" != "$old_inode" ] -- "another device is at the same address"
test_point_end hand-before-write
must kill -CONT "$hand"
ok wait_until 20 process_is "$hand" "" -- "the hand ends"
is "$(inode_of "$address")" "$inode" "the newcomer lives"
is "$(san_serial_of "$newcomer")" "$serial" "under its own identity"
is "$(cat "$address/state")" running "and runs"
ok wait_until 20 said path-gone "dev=$old" -- "the daemon says that the old one is gone"
ok wait_until 20 path_is "$newcomer" state up -- "the newcomer is up"
ok path_is "$newcomer" purge no -- "and not marked"
ok fails said "dev=$newcomer" new=marked -- "nor was it ever"

# --- the disk is mounted while the hand is about to claim it ---
log_mark
test_point hand-before-claim
must san_unmap 2 1
must wait_until 60 hand_stopped
must san_map 2 1 vol2
must mkdir -p /mnt/late
must mount "/dev/$used" /mnt/late
echo precious >/mnt/late/file
sync -f /mnt/late/file
must san_unmap 2 1
test_point_end hand-before-claim
must kill -CONT "$hand"
ok wait_until 20 process_is "$hand" "" -- "the second hand ends"
is "$(inode_of "$used_dir")" "$used_inode" "the disk that was mounted meanwhile is not deleted"
ok wait_until 20 said path-purge "dev=$used" new=marked why=claimed -- "because the kernel said that it is in use"
ok wait_until 40 purge_like "$used" 'held in use: mount /mnt/late*' -- "then it is held, with the mount point"
must san_map 2 1 vol2
ok wait_until 20 path_is "$used" purge no -- "mapped again, it is not marked any more"
is "$(cat /mnt/late/file)" precious "and what was written to it can be read"
must umount /mnt/late
ok paths_up 3 -- "all are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks in no map: a free one goes; one that is mounted here, mounted in a private namespace,
# swapped on, or merely open stays, with its holder's name, until it is let go of.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid mkfs.ext4 mkswap unshare jq

# LUN 1: free; 2: mounted; 3: mounted in a private namespace; 4: swap; 5: open; 6: stays
must san_build 1 1 2 3 4 5 6
free=$(san_dev 1 1) mounted=$(san_dev 2 1) private=$(san_dev 3 1) swap=$(san_dev 4 1) open=$(san_dev 5 1)
for disk in "$mounted" "$private"; do
	must mkfs.ext4 -q -O ^has_journal "/dev/$disk"
done
must mkdir -p /mnt/here /mnt/private
sleep 3600 8<"/dev/$open" &
open_pid=$!
unshare -m sh -c "mount /dev/$private /mnt/private && exec sleep 3600" &
private_pid=$!
mounted_privately() { grep -q " /mnt/private " "/proc/$private_pid/mountinfo"; }
must wait_until 20 mounted_privately
must fails grep -q " /mnt/private " /proc/self/mountinfo
# not before: the private namespace would have a copy of it
must mount "/dev/$mounted" /mnt/here
must mkswap "/dev/$swap" >/dev/null
must swapon "/dev/$swap"

# --- by default a disk in no map is not touched ---
daemon_config 'purge_disconnected yes' 'purge_grace 1' 'polling_interval 1' 'purge_share 100'
must daemon_start
must wait_until 60 paths_up 6
free_dir=$(device_dir "$free") mounted_dir=$(device_dir "$mounted") private_dir=$(device_dir "$private")
swap_dir=$(device_dir "$swap") open_dir=$(device_dir "$open")
must san_unmap 1 1
ok wait_until 30 path_is "$free" checker disconnected -- "the free disk is found disconnected"
# each answers after one more check
pk check "$free" "$free" >/dev/null
pk check "$free" >/dev/null
is "$(purge_of "$free")" "no purge_single_path no" "without purge_single_path it is not marked"
ok test -e "$free_dir" -- "and not deleted"
ok fails said path-purge -- "no removal was begun"

# --- purge_single_path yes: the free one goes, what is used stays and says why ---
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' 'purge_share 100'
ok pk reconfigure -- "the configuration is read again"
ok wait_until 60 device_gone "$free_dir" -- "then the free one goes"

for lun in 2 3 4 5; do
	must san_unmap $lun 1
done
ok wait_until 60 purge_like "$mounted" 'held in use: mount /mnt/here*' -- "the mounted one is held, with its mount point"
ok wait_until 60 purge_like "$private" 'held in use: mount /mnt/private*' -- "the one in a private namespace too"
ok wait_until 60 purge_like "$swap" 'held *swap*' -- "the swap device is held as swap"
ok wait_until 60 purge_like "$open" "held in use: open*$open_pid*" -- "the open one is held, with the process"
for disk in "$mounted_dir" "$private_dir" "$swap_dir" "$open_dir"; do
	ok test -e "$disk" -- "${disk##*/} is still there"
done
# udev may be looking at the disk at that moment, too
is "$(pk holders --json "$open" | jq -r '.holds[] | select(.kind == "open" and .comm == "sleep") | .pid')" "$open_pid" \
	"pathkeeper holders names pid and command"
is "$(pk holders --json "$private" | jq -r '[.holds[] | select(.kind == "mount")][0].what')" /mnt/private \
	"and the mount of the other namespace"

# --- what is let go of, goes; the others do not ---
must umount /mnt/here
must swapoff "/dev/$swap"
ok wait_until 60 device_gone "$mounted_dir" -- "unmounted, the disk goes"
ok wait_until 60 device_gone "$swap_dir" -- "swapped off, the disk goes"
ok test -e "$private_dir" -- "the private mount holds on"
ok test -e "$open_dir" -- "the open descriptor holds on"
kill "$private_pid" "$open_pid"
ok wait_until 60 device_gone "$private_dir" -- "its namespace gone, the disk goes"
ok wait_until 60 device_gone "$open_dir" -- "its reader gone, the disk goes"
ok wait_until 20 said purge-round failed=0 pending=0 held=0 -- "nothing failed, nothing is left over"
ok paths_up 1 -- "the neighbour is up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# SPDX-License-Identifier: LGPL-2.1-or-later
# All paths of two maps are taken away: the unused map goes with all its devices, the mounted one
# keeps its last path, says who mounts it, and goes after the unmount.
# timeout: 420

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid mkfs.ext4 jq

# LUN 1: nobody uses its map; LUN 2: mounted; LUN 3: stays
must san_build 2 1 2 3
cat >/etc/multipath.conf <<-END
	defaults {
		find_multipaths no
		polling_interval 2
		no_path_retry fail
	}
END
must owner_start /etc/multipath.conf
unused=$(san_wwid_of "$(san_dev 1 1)")
mounted=$(san_wwid_of "$(san_dev 2 1)")
neighbour=$(san_wwid_of "$(san_dev 3 1)")
for map in "$unused" "$mounted" "$neighbour"; do
	must owner_wait_map "$map" 2
done
must wait_until 60 test -b "/dev/mapper/$mounted"
must mkfs.ext4 -q -O ^has_journal "/dev/mapper/$mounted"
must mkdir -p /mnt/used
must mount "/dev/mapper/$mounted" /mnt/used

daemon_config 'purge_disconnected yes' 'purge_last_path yes' 'purge_grace 1' 'polling_interval 2'
must daemon_start
must wait_until 60 paths_up 6

unused_1=$(device_dir "$(san_dev 1 1)") unused_2=$(device_dir "$(san_dev 1 2)")
mounted_1=$(device_dir "$(san_dev 2 1)") mounted_2=$(device_dir "$(san_dev 2 2)")
for lun in 1 2; do
	for port in 1 2; do
		must san_unmap $lun $port
	done
done

map_gone() { ! dmsetup info "$1" >/dev/null 2>&1; }
ok wait_until 90 device_gone "$unused_1" -- "a path of the unused map goes"
ok wait_until 60 device_gone "$unused_2" -- "its last path goes"
ok wait_until 30 map_gone "$unused" -- "and the map itself"

# --- the mounted one ---
last_path() { pk paths --json | jq -r ".paths[] | select(.map == \"$mounted\" and .purge == \"held\") | .dev"; }
# looked at once: it is verified again now and then, and not held meanwhile
last_path_held() { last=$(last_path) && [ -n "$last" ] && [ "$(echo "$last" | wc -l)" = 1 ]; }
one_is_left() { [ "$(for dir in "$mounted_1" "$mounted_2"; do [ -e "$dir" ] && echo "$dir"; done | wc -l)" = 1 ]; }
ok wait_until 60 last_path_held -- "the last path of the mounted map is held"
last_dir=$(device_dir "$last")
ok one_is_left -- "its other path is gone, itself is not"
# now and then it is verified again
ok wait_until 20 purge_like "$last" 'held in use: mount /mnt/used*' -- "the reason names the mount point"
ok said path-purge "dev=$last" new=held /mnt/used -- "and so does the event"
is "$(pk holders --json "$last" | jq -r '.holds[] | select(.kind == "mount") | .what' | head -n1)" /mnt/used \
	"and so does pathkeeper holders"
ok dmsetup info "$mounted" -- "the mounted map stays"

must umount /mnt/used
ok wait_until 60 device_gone "$last_dir" -- "after the unmount it goes too"
ok wait_until 30 map_gone "$mounted" -- "with its map"
ok wait_until 20 said purge-round failed=0 pending=0 held=0 -- "nothing failed, nothing is left over"

is "$(owner_map_devices "$neighbour" | wc -w)" 2 "the neighbour keeps both paths"
ok paths_up 2 -- "and they are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

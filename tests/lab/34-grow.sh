# shellcheck shell=dash disable=SC2154,SC2317 # daemon.sh sets, wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes grow on the array, and "grow" lets the kernel see it: every path, and the map, by its owner
# or directly. A path that leads elsewhere is never read again for it, and I/O goes on.
# timeout: 500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq dmsetup multipathd losetup mkfs.ext4 fio

out=/run/lab/growths files=/run/lab/grow
grow() { pk grow --json "$@" >$out 2>/run/lab/words; }
field() { jq -r ".growths[0].$1" $out; }
sectors() { cat "/sys/class/block/$1/size"; }

# NAME: the array has so many MB of it now
volume_grows()
{
	must truncate -s "$2M" "$files/$1"
	must losetup -c "$(cat "$files/$1.loop")"
}

volume()
{
	must truncate -s "$2M" "$files/$1"
	losetup -f --show "$files/$1" >"$files/$1.loop" || bail "no loop device"
	must san_volume_block "$1" "$(cat "$files/$1.loop")" "$3"
}

must mkdir -p $files
must modprobe loop
grow sda
is $? 5 "without a daemon: 5"

must san_init 2
volume data 32 d1000000000000000000000000000000
volume theirs 64 d2000000000000000000000000000000
for port in 1 2; do
	must san_map 1 $port data
	must san_login $port
done
first=$(san_wait_dev 1 1)
second=$(san_wait_dev 1 2)
[ -n "$first" ] && [ -n "$second" ] || bail "no disks"
wwid=$(san_wwid_of "$first")
must owner_start
must owner_wait_map "$wwid" 2
map=$(dmsetup info -c --noheadings -o blkdevname "$wwid")
daemon_config 'polling_interval 2' 'max_polling_interval 4' 'identity_fence report'
must daemon_start
must wait_until 60 paths_up 2

# --- nothing to do ---
grow --timeout 60 "$wwid"
is $? 0 "a volume that has not grown: 0"
is "$(field result) $(field paths) $(field size)" "unchanged 2 33554432" "unchanged, though both paths were read"
grow nonsense
is $? 4 "no such device: 4"
grow 9:0:0:9
is "$? $(field result)" "0 absent" "an address where nothing is: absent, 0"

# --- its owner resizes the map, under a file system that is in use ---
must mkfs.ext4 -q "/dev/$map"
must mkdir -p /mnt/data
must mount "/dev/$map" /mnt/data
must fio_start data /mnt/data/fio
volume_grows data 64
is "$(sectors "$first")" 65536 "the kernel does not know yet"
grow --timeout 60 "$first"
is $? 0 "one path means its volume: 0"
is "$(field result) $(field device) $(field paths)" "grown $wwid 2" "grown, by both paths"
is "$(field size_before) $(field size)" "33554432 67108864" "from 32 to 64 MB"
is "$(sectors "$first") $(sectors "$second") $(sectors "$map")" "131072 131072 131072" "as the kernel says of the paths and the map"
ok resize2fs "/dev/$map" -- "the file system grows after it"

# --- a dead port: what is not good is not read, and the map stays what it is ---
volume_grows data 96
must san_block 2
is_down() { [ "$(path_field "$second" state)" = down ]; }
must wait_until 60 is_down
grow --timeout 30 "$wwid"
is $? 1 "a port is dead: 1"
is "$(field result) $(field reason)" "failed too small: $second" "it says which path is in the way"
is "$(sectors "$first") $(sectors "$map")" "196608 131072" "the good path is longer, the map is not"
must san_unblock 2
must san_wait_session 2 LOGGED_IN 60 >/dev/null
must wait_until 60 paths_up 2

# --- nobody owns the map: it is resized directly, and I/O goes on ---
must owner_stop
must wait_until 60 said owner running=no
grow --timeout 60 "$map"
is $? 0 "nobody owns the map: 0"
is "$(field result) $(sectors "$map")" "grown 196608" "and it is as long as its paths"
is "$(dmsetup info -c --noheadings -o suspended "$wwid")" Active "it is not suspended"
is "$(dmsetup info -c --noheadings -o tables_loaded "$wwid")" Live "and no table waits to be taken over"
is "$(dmsetup table "$wwid" | cut -d' ' -f3)" multipath "it is a multipath map as before"
ok fio_end data -- "not one I/O failed, and not one block was wrong"
must umount /mnt/data

# --- a path that leads elsewhere: its volume is not touched ---
must san_remap 1 2 theirs
must wait_until 20 san_answers "$second" good
must wait_until 30 path_is "$second" state up
volume_grows data 128
grow --timeout 30 "$wwid"
is $? 3 "a path was remapped: 3"
is "$(field result) $(field reason)" "refused identity changed: $second" "refused, and the path is named"
is "$(sectors "$second") $(sectors "$map")" "196608 196608" "it was not read again, and the map is as it was"

# --- ... also when it is remapped between the daemon's question and the hand ---
must san_remap 1 2 data
must wait_until 20 san_answers "$second" good
is_itself() { [ "$(path_field "$second" identity)" = same ] && [ "$(path_field "$second" state)" = up ]; }
must wait_until 60 is_itself
before=$(sectors "$second")
test_point reread-before-ask
pk grow --json --timeout 120 "$wwid" >$out 2>/run/lab/words &
asking=$!
must wait_until 60 hand_stopped "$(san_host 2)"
late=$hand
must wait_until 60 hand_stopped "$(san_host 1)"
test_point_end reread-before-ask
must san_remap 1 2 theirs
must wait_until 20 san_answers "$second" good
is "$(pk status --json | jq -r '[.hands[].dev] | sort | join(" ")')" "$(printf '%s\n' "$first" "$second" | sort | paste -sd' ')" "status names what the hands are about"
must kill -CONT "$hand" "$late"
wait $asking
is $? 3 "remapped under the hand: 3"
is "$(field result) $(field reason)" "refused identity changed: $second" "the hand asks itself, and refuses"
is "$(sectors "$second")" "$before" "what leads elsewhere was not read again"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

# shellcheck shell=dash disable=SC2317 # wait_until and ok call
# SPDX-License-Identifier: LGPL-2.1-or-later
# A volume is detached: refused with nothing changed while LVM and a file system are on it, gone with
# its map and every path when they are not, under multipathd and without one, and by the next daemon
# when this one dies on the way. One that nobody owns is made again when a later step is refused. The
# neighbour's I/O sees nothing of it.
# timeout: 1500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid mkfs.ext4 pvcreate fio jq

# LUN 1: the neighbour; 2: LVM and a file system; 3 to 8: a death each; 9: partitions; 10 to 12:
# nobody owns their maps
last=12
must san_few_rules
must san_build 2 1
for lun in $(seq 2 $last); do
	must san_volume vol"$lun" 32
	for port in 1 2; do
		must san_map "$lun" "$port" vol"$lun"
	done
done
must san_rescan 1
must san_rescan 2
for lun in $(seq 2 $last); do
	for port in 1 2; do
		must san_wait_dev "$lun" "$port" >/dev/null
	done
done
cat >/etc/multipath.conf <<-END
	defaults {
		find_multipaths no
		polling_interval 5
		no_path_retry queue
	}
END
must owner_start /etc/multipath.conf
for lun in $(seq $last); do
	must owner_wait_map "$(san_wwid_of "$(san_dev "$lun" 1)")" 2
done
neighbour=$(san_wwid_of "$(san_dev 1 1)")
must wait_until 60 test -b "/dev/mapper/$neighbour"
must fio_start neighbour "/dev/mapper/$neighbour"

daemon_config 'polling_interval 1' 'max_polling_interval 2'
must daemon_start
must wait_until 60 paths_up $((2 * last))

map_gone() { ! dmsetup info "$1" >/dev/null 2>&1; }
# what must not change when a word is refused
seen()
{
	dmsetup table | sort
	dmsetup info -c --noheadings -o name,open,suspended | grep -v "^$neighbour:" | sort # fio opens it as it likes
	for disk in "$@"; do
		echo "$disk $(inode_of "$(device_dir "$disk")") $(cat "/sys/block/$disk/device/state")"
	done
}
detach_result() { pk detach --json "$@" | jq -r '[.removals[].result] | unique | join(" ")'; }
no_record() { [ -z "$(find "$runtime/state" -name "detach*" -o -name "taken*" 2>/dev/null)" ]; }

# --- in use: refused by name, and nothing is changed ---
one=$(san_dev 2 1) two=$(san_dev 2 2)
volume=$(san_wwid_of "$one")
must wait_until 60 test -b "/dev/mapper/$volume"
lvm_config="devices { filter=[\"a|/dev/mapper/$volume|\",\"r|.*|\"] }"
must pvcreate -q --config "$lvm_config" -y "/dev/mapper/$volume"
must vgcreate -q --config "$lvm_config" held "/dev/mapper/$volume"
must lvcreate -q --config "$lvm_config" -y -Zn -Wn -n data -L 16M held
must wait_until 60 test -b /dev/mapper/held-data
must mkfs.ext4 -q -O ^has_journal /dev/mapper/held-data
must mkdir -p /mnt/held
must mount /dev/mapper/held-data /mnt/held
before=$(seen "$one" "$two")
pk detach --json "$volume" >/run/lab/refused
is $? 3 "a volume under LVM and a mount: status 3"
is "$(jq -r '.removals | length' /run/lab/refused)" 2 "a result for each path"
is "$(jq -r '[.holds[].kind] | sort | join(" ")' /run/lab/refused)" "map mount" "it names all who use it, each once"
is "$(jq -r '.holds[] | select(.kind == "mount") | "\(.what): \(.release)"' /run/lab/refused)" \
	"/mnt/held: umount /mnt/held" "the mount, and what makes it go"
ok test "$(jq -r '.holds[] | select(.kind == "map") | .what' /run/lab/refused | grep -c held-data)" = 1 -- "the logical volume"
is "$(jq -r '[.removals[] | select(.result == "removed")] | length' /run/lab/refused)" 0 "none was removed"
is "$(seen "$one" "$two")" "$before" "tables, open counts and devices are what they were"
ok no_record -- "no record is left"
is "$(detach_result --dry-run "$volume")" "$(jq -r '[.removals[].result] | unique | join(" ")' /run/lab/refused)" \
	"a dry run says the same"

# --- let go of: it goes ---
must umount /mnt/held
must vgchange -q --config "$lvm_config" -an held
pk detach --dry-run --json "$volume" >/run/lab/plan
is $? 0 "released: a dry run finds nothing that forbids it"
is "$(jq -r '.removals[0].plan' /run/lab/plan)" "remove-map $volume, take-path, delete" "and says what is done"
one_dir=$(device_dir "$one") two_dir=$(device_dir "$two")
ok test -e "$one_dir" -- "the paths are there"
pk detach --json "$volume" >/run/lab/done
is $? 0 "detach: status 0"
is "$(jq -r '[.removals[].result] | unique | join(" ")' /run/lab/done)" removed "both paths are removed"
ok device_gone "$one_dir" -- "the first is gone"
ok device_gone "$two_dir" -- "the second is gone"
ok map_gone "$volume" -- "the map is gone"
ok wait_until 20 no_record -- "no record is left"
# shellcheck disable=SC2317
stays_gone() { ! multipathd show paths raw format %d 2>/dev/null | grep -qx -e "$one" -e "$two"; }
ok stays_gone -- "multipathd knows nothing of them"
pk detach "$volume"
is $? 0 "again: nothing is left to do"

# --- partitions of the map go first ---
lun=9
one=$(san_dev $lun 1) two=$(san_dev $lun 2)
volume=$(san_wwid_of "$one")
one_dir=$(device_dir "$one")
must dmsetup create "$volume-part1" --uuid "part1-mpath-$volume" --table "0 2048 linear /dev/mapper/$volume 2048"
sleep 3600 8<"/dev/mapper/$volume-part1" &
holder=$!
is "$(detach_result "$volume" | tr ' ' '\n' | grep -c removed)" 0 "a partition that is open keeps the volume"
ok test -e "$one_dir" -- "its paths stay"
kill $holder
wait $holder 2>/dev/null
is "$(detach_result "$volume")" removed "one that nobody uses goes with it"
ok map_gone "$volume-part1" -- "the partition is gone"

# --- the daemon dies: the next one goes on ---
lun=2
for stage in recording unmapping deleting striking rung-unmapping rung-deleting; do
	lun=$((lun + 1))
	one=$(san_dev $lun 1) two=$(san_dev $lun 2)
	volume=$(san_wwid_of "$one")
	one_dir=$(device_dir "$one") two_dir=$(device_dir "$two")
	case $stage in
	rung-*) point=$stage ;;
	*) point=detach-$stage ;;
	esac
	test_point "$point" 9
	pk detach "$volume" >/dev/null 2>&1
	must wait_until 60 daemon_ended
	wait "$daemon_pid"
	must daemon_start
	if [ $stage = recording ]; then
		# it was not written down: nothing was done, and nobody knows of it
		must wait_until 60 path_is "$one" state up
		is "$(detach_result "$volume")" removed "$stage: said again, it goes"
	fi
	ok wait_until 120 device_gone "$one_dir" -- "$stage: the next daemon removes the first path"
	ok wait_until 60 device_gone "$two_dir" -- "$stage: and the second"
	ok wait_until 30 map_gone "$volume" -- "$stage: and the map"
	ok wait_until 120 no_record -- "$stage: and the record"
done

# --- nobody owns the maps ---
must owner_stop
for lun in 10 11 12; do
	must wait_until 60 path_is "$(san_dev $lun 1)" state up
done
owner_is_none() { [ "$(pk status --json 2>/dev/null | jq -r .owner.running)" != true ]; }
must wait_until 60 owner_is_none
one=$(san_dev 10 1)
one_dir=$(device_dir "$one")
volume=$(san_wwid_of "$one")
is "$(detach_result "$volume")" removed "nobody owns it: a volume goes with its map"
ok map_gone "$volume" -- "the map is gone"
ok device_gone "$one_dir" -- "and its path"
one=$(san_dev 11 1) two=$(san_dev 11 2)
one_dir=$(device_dir "$one") two_dir=$(device_dir "$two")
volume=$(san_wwid_of "$one")
must wait_until 60 test -b "/dev/mapper/$volume"
must fio_start alone "/dev/mapper/$volume"
must wait_until 60 map_is_open "$volume"
is "$(detach_result "$one")" removed "nobody owns it: one path of a map in use goes"
ok device_gone "$one_dir" -- "it is gone"
pk detach --json "$two" >/run/lab/last
is $? 3 "the last good path of a map in use: status 3"
ok grep -q 'last path' /run/lab/last -- "refused by that name"
ok test -e "$two_dir" -- "and still there"
ok fio_end alone -- "its I/O saw nothing"

# --- refused when its map has gone: it is made again, by this daemon and by the next ---
one=$(san_dev 12 1) two=$(san_dev 12 2)
one_dir=$(device_dir "$one") two_dir=$(device_dir "$two")
volume=$(san_wwid_of "$one")
must wait_until 60 test -b "/dev/mapper/$volume"
echo kept | must dd of="/dev/mapper/$volume" bs=512 seek=8192 conv=sync,fsync status=none
must dmsetup create "$volume-part1" --uuid "part1-mpath-$volume" --table "0 2048 linear /dev/mapper/$volume 2048"
# the partition's table names the map by a number, which is another one afterwards
tables() { dmsetup table "$volume"; dmsetup table "$volume-part1" | sed "s/ $(dmsetup info -c --noheadings -o major,minor "$volume") / MAP /"; }
before=$(tables)
dm_hand_stopped()
{
	dm_hand=$(helpers | sed -n 's|^pk-dm-hand /proc/||p' | tail -n1)
	[ -n "$dm_hand" ] && process_is "$dm_hand" T
}
# volume's word, whose map goes, and then somebody has a disk of it open: $word, $holder
refuse_late()
{
	test_point dm-hand-after-remove
	pk detach --json "$volume" >/run/lab/late &
	word=$!
	must wait_until 60 dm_hand_stopped
	ok map_gone "$volume" -- "$1: its map has gone"
	ok map_gone "$volume-part1" -- "$1: and the partition"
	test_point_end dm-hand-after-remove
	sleep 3600 8<"/dev/$two" &
	holder=$!
	must kill -CONT "$dm_hand"
}
is_as_before() { [ "$(tables 2>/dev/null)" = "$before" ]; }
require_again()
{
	ok wait_until 60 is_as_before -- "$1: its map is there again, with its partition" || tables
	ok wait_until 30 no_record -- "$1: no record is left" # once it is there
	ok wait_until 60 test -b "/dev/mapper/$volume" -- "$1: udev has its name"
	ok test -e "$one_dir" -- "$1: its first path is there"
	ok test -e "$two_dir" -- "$1: and the second"
	is "$(dd if="/dev/mapper/$volume" bs=512 skip=8192 count=1 iflag=direct status=none | tr -d '\0')" kept \
		"$1: and what is on it"
}
refuse_late "refused late"
wait "$word"
is $? 3 "refused late: status 3"
ok grep -q 'in use' /run/lab/late -- "refused late: by that name"
require_again "refused late"
must kill "$holder"
wait "$holder" 2>/dev/null
must wait_until 60 path_is "$one" state up

test_point detach-undoing 9
refuse_late "refused late, and dead"
must wait_until 60 daemon_ended
wait "$daemon_pid"
wait "$word"
ok map_gone "$volume" -- "refused late, and dead: its map is still gone"
must daemon_start
require_again "the next daemon"
must kill "$holder"
wait "$holder" 2>/dev/null
is "$(detach_result "$volume")" removed "when nobody has it: it goes"
ok map_gone "$volume" -- "with its map"
ok device_gone "$one_dir" -- "and its path"

ok fio_end neighbour -- "the neighbour's I/O saw nothing"
ok path_is "$(san_dev 1 1)" state up -- "its paths are up"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

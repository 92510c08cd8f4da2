# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# A LUN number is given to another volume behind a live path, an idle one of its map: nothing of the
# map is ever written to the other volume, whatever becomes of the other path, and the path leaves by
# an operator's word alone. All paths of a map at once are only reported. Then the same behind a disk
# of a bay that nobody uses, on a host without a word of unit attentions.
# timeout: 500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/bays.sh
. "$LAB/bays.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid dmsetup mkfs.ext4 jq cmp

state_of() { cat "/sys/block/$1/device/state"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }
# The array shows no volume for a moment, which on a slow machine is long enough for a purge: the
# daemon stands still meanwhile
remap()
{
	kill -STOP "$daemon_pid"
	san_remap "$@"
	remapped=$?
	kill -CONT "$daemon_pid"
	return $remapped
}
# the kernel's A or F of a path in a map
dm_state() { dmsetup status "$1" | grep -o "$(cat "/sys/block/$2/dev") [AF]" | cut -d' ' -f2; }
dm_state_is() { [ "$(dm_state "$1" "$2")" = "$3" ]; }

# --- two ports, one map whose second path is idle ---
files=/run/lab/identity
must mkdir -p $files
must modprobe -a dm_multipath dm_round_robin
must san_init 2
for name in ours theirs extra; do
	must san_volume_file $name $files/$name.img 16
done
must dd if=/dev/urandom of=$files/theirs.img bs=1M count=16 conv=notrunc status=none
must cp $files/theirs.img $files/theirs.before
for port in 1 2; do
	must san_map 1 $port ours
	must san_map 2 $port extra
	must san_login $port
	must san_wait_dev 1 $port >/dev/null
	must san_wait_dev 2 $port >/dev/null
done
used=$(san_dev 1 1) idle=$(san_dev 1 2)
wwid=$(san_wwid_of "$used")
is "$(san_wwid_of "$idle")" "$wwid" "two paths of one volume"
must dmsetup create ours --uuid "mpath-$wwid" --table "0 32768 multipath 0 0 2 1 \
round-robin 0 1 1 $(cat "/sys/block/$used/dev") 1 round-robin 0 1 1 $(cat "/sys/block/$idle/dev") 1"

daemon_config 'polling_interval 1' 'max_polling_interval 2' 'identity_interval 2' 'purge_disconnected yes' \
	'purge_grace 1'
must daemon_start
ok wait_until 60 paths_up 4 -- "four paths are up"
ok wait_until 20 path_is "$idle" identity same -- "the idle path is read, and is its map's"
is "$(path_field "$idle" live_wwid)" "$wwid" "by its live identity"

# --- remapped behind the idle path ---
must kill -STOP "$daemon_pid"
must san_remap 1 2 theirs
must san_answers "$idle" good
is "$(cat "/sys/block/$idle/device/state")" running "the kernel knows nothing"
must kill -CONT "$daemon_pid"
ok wait_until 30 path_is "$idle" state fenced -- "the path that leads elsewhere is fenced"
is "$(state_of "$idle")" offline "its device is offline"
ok wait_until 10 dm_state_is ours "$idle" F -- "and failed in its map"
is "$(dm_state ours "$used")" A "the other path is not"
is "$(path_field "$used" fence)" no "nor fenced"
ok said path-fence "dev=$idle" old=suspected new=changed baseline=map -- "the daemon says what it found, and by what"
ok fails said "dev=$used" new=suspected -- "and never suspected the other"
like "$(path_field "$idle" reason)" "identity changed: *" "the reason names the volume that was found"

# --- the used path fails: the map has no way left, and takes none ---
must san_block 1
dd if=/dev/zero of=/dev/mapper/ours bs=64k count=16 oflag=direct status=none 2>/dev/null
sync
ok cmp $files/theirs.img $files/theirs.before -- "not a byte of the other volume was written"
must san_unblock 1
must san_wait_session 1 LOGGED_IN 60 >/dev/null
ok wait_until 60 path_is "$used" state up -- "the used path is back"

# --- somebody sets it running, as the recovery of a session does ---
log_mark
echo running >"/sys/block/$idle/device/state"
ok wait_until 10 said path-fence "dev=$idle" 'why=set\x20running\x20again' -- "it is seen that it runs"
ok wait_until 10 state_is "$idle" offline -- "it is offline again"
ok wait_until 10 path_is "$idle" fence fenced -- "and fenced again"
ok cmp $files/theirs.img $files/theirs.before -- "still nothing was written to the other volume"

# --- out of the house ---
dir=$(device_dir "$idle")
is "$(pk purge --json "$idle" | jq -r '.removals[0] | .result + " " + .reason')" "refused fenced" "a plain purge is refused"
ok test -e "$dir" -- "and its device stays"
is "$(pk purge --fenced --json | jq -r '.removals[] | .dev + " " + .result')" "$idle removed" "purge --fenced removes it"
ok wait_until 20 device_gone "$dir" -- "its device is gone"
must san_rescan 2 1
must san_wait_dev 1 2 >/dev/null
newcomer=$(san_dev 1 2)
ok wait_until 30 path_is "$newcomer" identity same -- "what a scan finds is the other volume, under its own name"
is "$(path_field "$newcomer" fence)" no "and not fenced"
ok cmp $files/theirs.img $files/theirs.before -- "untouched to the end"

# --- all paths of a map at once ---
must dmsetup reload ours --table "0 32768 multipath 0 0 1 1 round-robin 0 1 1 $(cat "/sys/block/$used/dev") 1"
must dmsetup resume ours
must remap 1 1 theirs
ok wait_until 30 path_is "$used" fence changed -- "the only path of a map is seen to lead elsewhere"
ok wait_until 10 path_is "$used" state up -- "and left to people"
like "$(path_field "$used" reason)" "all paths changed*" "which is said"
is "$(state_of "$used")" running "its device runs"
must remap 1 1 ours
ok wait_until 30 path_is "$used" fence no -- "it is itself again"
must dmsetup remove ours
ok daemon_stop -- "the daemon ends with status 0"
must san_end

# --- a disk of a bay: in no map, in use by a file system ---
if bay_init; then
	must bay_volume old 16
	must bay_volume new 16
	must bay_plug 1 1 old
	must bay_rescan 1
	must bay_wait_dev 1 1 >/dev/null
	disk=$(bay_dev 1 1)
	must dd if=/dev/urandom of=/share/bay-new.img bs=1M count=16 conv=notrunc status=none
	must cp /share/bay-new.img $files/new.before
	must mkfs.ext4 -q -O ^has_journal -E lazy_itable_init=0 "/dev/$disk"
	must mkdir -p /mnt/bay
	must mount "/dev/$disk" /mnt/bay
	sync
	daemon_config 'polling_interval 1' 'max_polling_interval 2' 'identity_interval 1'
	must daemon_start
	must wait_until 60 path_is "$disk" identity same
	must bay_swap 1 1 new
	ok wait_until 30 path_is "$disk" state fenced -- "another disk behind a mounted one: it is fenced"
	is "$(state_of "$disk")" offline "and offline"
	must cp /share/bay-new.img $files/new.fenced
	note "bytes written before the fence: $(cmp -l $files/new.before $files/new.fenced | wc -l)" \
		"$(cmp -l $files/new.before $files/new.fenced | head -n 5 | xargs)"
	echo data >/mnt/bay/file 2>/dev/null
	sync
	ok cmp /share/bay-new.img $files/new.fenced -- "the file system was not written to the other disk"
	is "$(pk purge --fenced --json "$disk" | jq -r '.removals[0].result')" busy "a mounted one does not go"
	must umount /mnt/bay
	dir=$(device_dir "$disk")
	is "$(pk purge --fenced --json "$disk" | jq -r '.removals[0].result')" removed "an unmounted one does"
	ok device_gone "$dir" -- "and is gone"
	ok daemon_stop -- "the daemon ends with status 0"
	must bay_end
fi
done_testing

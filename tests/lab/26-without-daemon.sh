# SPDX-License-Identifier: LGPL-2.1-or-later
# The command does the work itself where no daemon runs: exit statuses and documents.
# timeout: 300

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid mkfs.ext4 jq setpriv

# LUN 1: dead; 2: healthy; 3: mounted and dead; 4: dead, for --dry-run
must san_build 1 1 2 3 4
dead=$(san_dev 1 1) healthy=$(san_dev 2 1) mounted=$(san_dev 3 1) spared=$(san_dev 4 1)
dead_dir=$(device_dir "$dead") healthy_dir=$(device_dir "$healthy")
mounted_dir=$(device_dir "$mounted") spared_dir=$(device_dir "$spared")
must mkfs.ext4 -q -O ^has_journal "/dev/$mounted"
must mkdir -p /mnt/here
must mount "/dev/$mounted" /mnt/here
daemon_config 'purge_grace 1' 'polling_interval 1'
for lun in 1 3 4; do
	must san_unmap $lun 1
done

# run STATUS TEXT WORD...: the command's exit status; its document in $out
out=/run/lab/document.json
run()
{
	local status text

	status=$1 text=$2
	shift 2
	pk "$@" >$out 2>/run/lab/words
	is $? "$status" "$text" || note "$(cat /run/lab/words)"
}
field() { jq -r "$1" $out; }

run 0 "check of a healthy disk: 0" check --json "$healthy"
is "$(field '.checks[0] | .dev + " " + .state')" "$healthy up" "and its document"
is "$(field '.version')" 1 "with a version"
run 0 "check by a link that udev made: 0" check --json "$(find /dev/disk/by-id -lname "*/$healthy" | head -n1)"
is "$(field '.checks[0].dev')" "$healthy" "is of that disk"
run 0 "check by a link of sysfs: 0" check --json "/sys/block/$healthy"
is "$(field '.checks[0].dev')" "$healthy" "is of that disk"
run 1 "check of a dead disk: 1" check --json "$dead"
is "$(field '.checks[0] | .state + " " + .checker + " " + .sense')" "down disconnected 05/25/00" "and its document"
run 4 "check of a name that means nothing: 4" check no-such-volume
run 0 "holders of a mounted disk: 0" holders --json "$mounted"
is "$(field '[.holds[] | select(.kind == "mount")][0].what')" /mnt/here "and the mount point"
run 0 "config: 0" config --json
run 5 "status needs the daemon: 5" status --json
run 2 "a verb that does not exist: 2" levitate

run 0 "purge --dry-run of a dead disk: 0" purge --json --dry-run "$spared"
is "$(field '.removals[0] | .dev + " " + .result')" "$spared would-remove" "says would-remove"
ok test -e "$spared_dir" -- "and removes nothing"
run 3 "purge of a healthy disk: 3" purge --json "$healthy"
is "$(field '.removals[0].result')" refused "refused"
is "$(san_tur "$healthy")" good "and the disk answers"
ok test -e "$healthy_dir" -- "because it is there"
run 3 "purge of a mounted dead disk: 3" purge --json "$mounted"
is "$(field '.removals[0].result')" busy "busy"
like "$(field '.removals[0].reason')" '*/mnt/here*' "and names the mount point"
ok test -e "$mounted_dir" -- "it stays"
run 0 "purge of a dead disk: 0" purge --json "$dead"
is "$(field '.removals[0] | .dev + " " + .result')" "$dead removed" "removed"
ok device_gone "$dead_dir" -- "and gone"
run 0 "once more: 0" purge --json "$dead"
is "$(field '.removals[0].result')" absent "absent"

# --- who may ---
setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/pathkeeper" check "$healthy" >$out 2>/run/lab/words
is $? 6 "somebody else may not ask: 6"
setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/pathkeeper" purge "$spared" >$out 2>/run/lab/words
is $? 6 "nor purge: 6"
ok test -e "$spared_dir" -- "and nothing is removed"

# --- one at a time: the lock is the daemon's ---
must mkdir -p $runtime
(
	flock 9
	: >/run/lab/locked
	exec sleep 3600
) 9>$runtime/lock &
locker=$!
must wait_until 10 test -e /run/lab/locked
pk purge --json --timeout 5 "$spared" >$out 2>/run/lab/words
like "$?" '[135]' "while the lock is held and nobody answers, purge does nothing itself"
ok test -e "$spared_dir" -- "and removes nothing"
kill $locker
wait $locker 2>/dev/null
must daemon_start
run 0 "with a daemon it is a request to it: 0" purge --json --timeout 60 "$spared"
is "$(field '.removals[0].result')" removed "removed"
ok device_gone "$spared_dir" -- "and gone"
ok said path-purge "dev=$spared" new=deleting -- "by the daemon's hand"
ok daemon_stop -- "the daemon ends with status 0"
must umount /mnt/here
done_testing

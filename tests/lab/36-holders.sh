# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who holds a device, whatever it is called by: everything upon it, in every mount namespace, with the
# commands that release it. They are then run, in their order, until nobody is left.
# timeout: 420

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid dmsetup pvcreate mkfs.ext4 losetup unshare nsenter chroot busybox jq

must san_build 2 1 2
near=$(san_dev 1 1) far=$(san_dev 1 2) other=$(san_dev 2 1) hctl=$(san_hctl 1 1)
must owner_start
wwid=$(san_wwid_of "$near") other_wwid=$(san_wwid_of "$other")
must owner_wait_map "$wwid" 2
must owner_wait_map "$other_wwid" 2
map=$(dmsetup info -c --noheadings --separator : -o major,minor "$wwid")

out=/run/lab/document.json
run()
{
	local status text

	status=$1 text=$2
	shift 2
	must udevadm settle --timeout=120
	pk "$@" >$out 2>/run/lab/words
	is $? "$status" "$text" || note "$(cat /run/lab/words)"
}
field() { jq -r "$1" $out; }
kernel_name() { readlink -f "/dev/mapper/$1" | sed 's|.*/||'; }

# A namespace older than the one that it will keep: the kernel takes no other.
cat >/run/lab/keeper <<'KEEPER'
mount -t tmpfs none /mnt && touch /mnt/inner || exit
: >/run/lab/keeper-is-ready
while ! test -e /run/lab/keep; do sleep 0.2; done
mount --no-canonicalize --bind /proc/1/root/run/lab/namespace /mnt/inner || exit
: >/run/lab/keeper-keeps
exec sleep 3600
KEEPER
must mkdir -p /mnt/private
unshare --mount --propagation private sh /run/lab/keeper &
keeper=$!
must wait_until 60 test -e /run/lab/keeper-is-ready

# --- a volume on a partition of the map, mounted where nobody else sees it ---
must dmsetup create part --uuid "part1-mpath-$wwid" --table "0 30720 linear $map 2048"
must pvcreate -q /dev/mapper/part
must vgcreate -q lab /dev/mapper/part
must lvcreate -q -Zn -Wn -L 8M -n volume lab
must udevadm settle --timeout=120
must mkfs.ext4 -q -O ^has_journal /dev/mapper/lab-volume
must modprobe loop
cat >/run/lab/within <<'WITHIN'
mount /dev/mapper/lab-volume /mnt/private || exit
truncate -s 4M /mnt/private/file || exit
losetup --find --show /mnt/private/file >/run/lab/loop || exit
(cd /mnt/private && exec sleep 3601) &
echo $! >/run/lab/standing
sleep 3602 </mnt/private/file &
echo $! >/run/lab/reading
: >/run/lab/within-is-done
exec sleep 3600
WITHIN
unshare --mount --propagation private sh /run/lab/within &
hidden=$!
must wait_until 120 test -e /run/lab/within-is-done
standing=$(cat /run/lab/standing) reading=$(cat /run/lab/reading) loop=$(cat /run/lab/loop)
loop=${loop#/dev/}
volume=$(kernel_name lab-volume) part=$(kernel_name part)
ok fails grep -q " /mnt/private " /proc/self/mountinfo -- "the mount is hidden from us in another namespace"

# --- found from wherever one looks ---
# the hold of that kind, as "ON WHAT: RELEASE"; WHAT is a pattern of jq
hold() { field "[.holds[] | select(.kind == \"$1\" and (.what | test(\"$2\")))][0] | .on + \" \" + .what + \": \" + .release"; }
# all of them, by one jq, which takes a second here
wanted=$(
	LC_ALL=C sort <<-END
		complete: true
		loop on $volume: $loop: losetup -d /dev/$loop
		map on $part: $volume lab-volume LVM: lvchange -an lab/volume
		map on $(kernel_name "$wwid"): $part part: dmsetup remove part
		mount on $volume: /mnt/private: nsenter -t [0-9]* -m umount /mnt/private
		open on $volume: /mnt/private/file: kill $reading
		open on $volume: cwd /mnt/private: kill $standing
	END
)
see_all()
{
	like "$(field '"complete: \(.complete)", ([.holds[] | "\(.kind) on \(.on): \(.what): \(.release)"] | sort | .[])')" \
		"$wanted" "$1: each holder, where it is, and its release; nobody else, and nothing was missed" ||
		note "$(cat /run/lab/words)"
}
for name in "$near" "$hctl" "session$(san_session 1)" "host$(san_host 1)" "target${hctl%:*}" "$wwid" \
	"$(kernel_name "$wwid")" "$(device_dir "$near")" "host@$(san_host 1)" "sd@$hctl:$near"; do
	run 0 "holders $name: 0" holders --json "$name"
	see_all "$name"
done
run 0 "holders of the other path: 0" holders --json "$far"
is "$(field '.holds | length')" 6 "the same"
run 0 "holders of the partition: 0" holders --json /dev/mapper/part
is "$(field '.holds | length')" 5 "all but itself"
run 0 "holders of the volume by its link: 0" holders --json /dev/lab/volume
is "$(field '.dev + " " + (.holds | length | tostring)')" "$volume 4" "what is on it"
run 0 "holders of the loop device: 0" holders --json "$loop"
is "$(field '[.dev, (.holds | length), .complete] | join(" ")')" "$loop 0 true" "nobody"
run 0 "holders of the other volume: 0" holders --json "$other"
is "$(field '[.dev, (.holds | length), .complete] | join(" ")')" "$other 0 true" "nobody"
run 4 "holders of a name that means nothing: 4" holders no-such-volume
run 0 "holders for people: 0" holders "$near"
ok grep -qE "^open +cwd /mnt/private +$volume +$standing +sleep .* kill $standing\$" $out -- "a table" ||
	note "$(cat $out)"

# --- the tree, with holders ---
nodes='.tree | .. | objects | select(has("children"))'
run 0 "tree --holders: 0" tree --json --holders
is "$(field "[$nodes | select(.name == \"$volume\") | .holds[].kind] | sort | join(\" \")")" "loop mount open open" \
	"each device has its own: the volume"
is "$(field "$nodes | select(.name == \"$near\") | .holds | length")" 0 "the path none but its map, which is no use"
is "$(field "$nodes | select(.name == \"$near\") | .devfs" | sed 's|.*/||')" "sd@$hctl:$near" "named after devfs"
is "$(field .complete)" true "complete"

# --- a namespace whose only process has another root, and does not see the mount itself ---
must wait_until 60 test -b "/dev/mapper/$other_wwid"
must mkfs.ext4 -q -O ^has_journal "/dev/mapper/$other_wwid"
must mkdir -p /run/lab/jail /mnt/secret
must cp "$(command -v busybox)" /run/lab/jail/
unshare --mount --propagation private sh -c "mount /dev/mapper/$other_wwid /mnt/secret &&
	exec chroot /run/lab/jail /busybox sleep 3600" &
jailed=$!
is_jailed() { [ "$(readlink "/proc/$jailed/root")" = /run/lab/jail ]; }
must wait_until 60 is_jailed
ok fails grep -q secret "/proc/$jailed/mountinfo" -- "a process in a jail does not see a mount of its namespace"
run 0 "holders of what is mounted there: 0" holders --json "$other"
is "$(field '[.holds[] | .release] | join(" ")')" "nsenter -t $jailed -m umount /mnt/secret" "it is found all the same"
is "$(field .complete)" true "nothing was missed"
ok sh -c "$(field '.holds[0].release')" -- "and it is released as it says"
run 0 "then: 0" holders --json "$other"
is "$(field '.holds | length')" 0 "nobody holds it"
kill $jailed
wait $jailed 2>/dev/null

# --- a namespace that only a file keeps ---
touch /run/lab/namespace
must mount --make-private --bind /run/lab /run/lab
must mount --bind "/proc/$hidden/ns/mnt" /run/lab/namespace
kill "$hidden" "$standing" "$reading"
wait "$hidden" 2>/dev/null
nobody_there() { ! ls "/proc/$hidden" "/proc/$standing" "/proc/$reading"; } >/dev/null 2>&1
must wait_until 30 nobody_there
run 0 "holders, with nobody in the namespace: 0" holders --json "host$(san_host 1)"
is "$(field .complete)" true "nothing was missed"
is "$(hold mount '')" "$volume /mnt/private: nsenter --mount=/run/lab/namespace umount /mnt/private" \
	"the mount, and how to get there"
is "$(field '[.holds[] | select(.kind == "mount")][0].namespace')" /run/lab/namespace "the file that keeps it"

# --- the file itself where nobody looks ---
: >/run/lab/keep
must wait_until 60 test -e /run/lab/keeper-keeps
must umount /run/lab/namespace
run 0 "holders, with the file in another namespace: 0" holders --json "$near"
is "$(field .complete)" false "it says that something was not seen"
ok grep -q "not everything could be looked at" /run/lab/words -- "also to people"
must mount --no-canonicalize --bind "/proc/$keeper/root/mnt/inner" /run/lab/namespace
kill $keeper
wait $keeper 2>/dev/null

# --- let go, one after the other, as it says ---
must daemon_start
run 0 "with a daemon the same: 0" holders --json "$near"
is "$(field .complete)" true "complete again"
released=''
while [ "$(field '.holds | length')" -gt 0 ]; do
	release=$(field '.holds[0].release')
	case $released in *"<$release>"*) break ;; esac
	released="$released<$release>"
	ok sh -c "$release" -- "$release"
	run 0 "then: 0" holders --json "$near"
done
is "$(field '.holds | length')" 0 "then nobody holds it" || note "$(field .holds)"
is "$(dmsetup info -c --noheadings -o open "$wwid")" 0 "nor has its map open"
must umount /run/lab/namespace
ok daemon_stop -- "the daemon ends with status 0"
owner_stop
must umount --lazy /run/lab
done_testing

# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# What was detached stays out while the array still shows it, whoever looks for it: the kernel's scan
# file, iscsiadm, a rule that answers a unit attention. It comes, udev gives it no name, LVM does not
# look at it, multipathd makes no map, and it is gone again. It ends with the array's word, or an
# operator's.
# timeout: 900

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid multipathd udevadm dmsetup lvm jq

rules=/run/udev/rules.d
must mkdir -p $rules
must cp "$ROOT/packaging/55-z-pathkeeper.rules" $rules
must udevadm control --reload

folder=/run/pathkeeper/state/gap
watched=/run/lab/udev
out=/run/lab/document.json

# --- a volume with a logical volume on it, over two ports; a neighbour that stays ---
SAN_SCAN=manual
must san_init 2
must san_volume held 32
must san_volume near 16
must san_volume far 16
for port in 1 2; do
	must san_map 1 $port held
	must san_map 2 $port near
	must san_login $port
	must san_rescan $port
	must san_wait_dev 1 $port >/dev/null
	must san_wait_dev 2 $port >/dev/null
done
must owner_start
wwid=$(san_wwid_of "$(san_dev 1 1)")
near=$(san_wwid_of "$(san_dev 2 1)")
must owner_wait_map "$wwid" 2
must owner_wait_map "$near" 2
kernel_wwid=$(cat "/sys/block/$(san_dev 1 1)/device/wwid")
must wait_until 60 test -b "/dev/mapper/$wwid"
must udevadm settle --timeout=120
must lvm vgcreate -qq heldvg "/dev/mapper/$wwid"
must lvm lvcreate -qq -an -L 8M -n lv heldvg
host1=$(san_host 1) host2=$(san_host 2)

daemon_config 'polling_interval 1' 'max_polling_interval 2' 'purge_grace 1'
must daemon_start
must wait_until 60 paths_up 4

# what udev said, with the kernel's clock
udevadm monitor --kernel --udev --property --subsystem-match=block >$watched 2>&1 &
monitor=$!

gaps() { pk status --json | jq '[.gaps[] | select(.stage == "kept")] | length'; }
gaps_are() { [ "$(gaps)" = "$1" ]; }
has_lun() { san_dev "$1" "$2" >/dev/null 2>&1; }
lun_is_gone() { ! has_lun "$1" "$2"; }
# KIND: the events of that name about this volume since the mark
seen() { pk events --json | jq "[.events[] | select(.number > $mark and .event == \"$1\" and .wwid == \"$wwid\")] | length"; }
mark() { mark=$(pk events --json | jq .last); }
came_and_went() { [ "$(seen path-kept-out)" -ge "$1" ] && [ "$(seen path-gone)" -ge "$1" ]; }

# out_again N TEXT: so many devices came since the mark, and none is left
out_again()
{
	ok wait_until 60 came_and_went "$1" -- "$2: it comes, and goes"
	pk events --json >$out
	slowest=$(jq -r "[.events[] | select(.number > $mark and .wwid == \"$wwid\")] as \$all |
		[\$all[] | select(.event == \"path-gone\") | . as \$gone |
			([\$all[] | select(.event == \"path-kept-out\" and .hctl == \$gone.hctl and .number < \$gone.number)] | last) as \$came |
			((\$gone.time | sub(\"\\\\.[0-9]+Z\$\"; \"Z\") | fromdate) * 1000 + (\$gone.time[20:23] | tonumber)) -
			((\$came.time | sub(\"\\\\.[0-9]+Z\$\"; \"Z\") | fromdate) * 1000 + (\$came.time[20:23] | tonumber))] | max" $out)
	note "$2: seen to gone in $slowest ms at most"
	[ "${slowest:-2001}" -le 2000 ] || jq -r ".events[] | select(.number > $mark and .wwid == \"$wwid\" or .event == \"path-purge\") |
		\"# \" + .time[14:23] + \" \" + .event + \" \" + (.hctl // \"\") + \" \" + (.new // \"\") + \" \" + (.why // \"\")" $out | tail -n 20
	is "$(jq "[.events[] | select(.number > $mark and .event == \"path-gone\" and .wwid != \"$wwid\")] | length" $out)" 0 \
		"$2: nothing else goes"
	nobody_has_it "$2"
}

# what is there of it, besides its device for a moment
nobody_has_it()
{
	is "$(dmsetup ls | grep -c -e "$wwid" -e heldvg)" 0 "$1: no map, and no logical volume"
	is "$(multipathd show paths format '%w' | grep -c "$wwid")" 0 "$1: no path of multipathd"
	is "$(find /dev/disk -name "*$(echo "$wwid" | cut -c2-)*" 2>/dev/null | wc -l)" 0 "$1: no link"
}

# ---- detached ----

mark
pk detach --json "$wwid" >$out 2>/run/lab/words
is $? 0 "detach: 0" || note "$(cat /run/lab/words $out)"
ok lun_is_gone 1 1 -- "gone from the first port"
ok lun_is_gone 1 2 -- "and from the second"
is "$(gaps)" 2 "status shows two places"
is "$(pk status --json | jq -r '.gaps[0] | .wwid + " " + (.everywhere | tostring)')" "$wwid true" "of that volume, wherever it comes"
is "$(find "$folder/@$kernel_wwid" -type f | wc -l)" 2 "its folder has them, too"

# ---- who looks for it ----

mark
must san_rescan 1
must san_rescan 2
out_again 2 "the scan file"

if command -v iscsiadm >/dev/null; then
	mark
	iscsiadm -m session --rescan >/dev/null 2>&1
	out_again 2 "iscsiadm"
else
	skip "iscsiadm" "it is not there"
fi

# as libstoragemgmt's rule does it
cat >$rules/90-scan-on-attention.rules <<-'END'
	ACTION=="change", SUBSYSTEM=="scsi", ENV{SDEV_UA}=="REPORTED_LUNS_DATA_HAS_CHANGED", RUN+="/bin/sh -c 'for scan in /sys/class/scsi_host/host*/scan; do echo - - - >$$scan; done'"
END
must udevadm control --reload
mark
must san_map 3 1 far
ok wait_until 60 has_lun 3 1 -- "a unit attention makes a rule look: the new LUN is there"
out_again 1 "the rule"
ok has_lun 3 1 -- "the new LUN stays"
rm -f $rules/90-scan-on-attention.rules
must udevadm control --reload

# ---- what udev said of it, and how long that took ----

kill $monitor
wait $monitor 2>/dev/null
of_it()
{
	awk -v wanted="$1" 'BEGIN { RS = ""; FS = "\n" }
		/PATHKEEPER_GAP=1/ && /ACTION=add/ && /DEVTYPE=disk/ { n++; if (wanted == "" || index($0, "\n" wanted)) m++ }
		END { print n + 0, m + 0 }' $watched
}
like "$(of_it '')" "[1-9]*" "udev's rule has seen it" || note "$(grep -c . $watched)"
is "$(of_it SYSTEMD_READY=0)" "$(of_it '')" "not ready for systemd, each time"
is "$(of_it DEVLINKS=/)" "$(of_it '' | cut -d' ' -f1) 0" "without a link, each time"
is "$(of_it ID_SERIAL=)" "$(of_it '' | cut -d' ' -f1) 0" "and without a name"
is "$(of_it ID_FS_TYPE=)" "$(of_it '' | cut -d' ' -f1) 0" "nobody looked inside"
is "$(of_it DM_MULTIPATH_DEVICE_PATH=)" "$(of_it '' | cut -d' ' -f1) 0" "multipath was not asked"
# KERNEL[12.345678] add /devices/.../block/sdc (block): the kernel's word, udev's, and the end
awk '/^(KERNEL|UDEV) *\[/ {
		split($1 == "UDEV" ? $2 : $1, part, /[][]/)
		at = part[2]; who = substr($0, 1, 4) == "UDEV" ? "udev" : "kernel"
		for (i = 1; i <= NF; i++) if ($i ~ /^\/devices/) { dev = $i; what = $(i - 1) }
		if (dev !~ /block\/sd[a-z]+$/) next
		if (what == "add" && who == "kernel") added[dev] = at
		if (what == "add" && who == "udev" && dev in added) judged[dev] = at
		if (what == "remove" && who == "kernel" && dev in added) {
			printf "# %s: added to judged by udev %.0f ms, to removed %.0f ms\n", substr(dev, match(dev, /sd[a-z]+$/)),
				dev in judged ? (judged[dev] - added[dev]) * 1000 : -1, (at - added[dev]) * 1000
			delete added[dev]; delete judged[dev]
		}
	}' $watched

# ---- in use meanwhile: it stays, loudly ----

must daemon_stop
must san_rescan 1
must wait_until 30 has_lun 1 1
dev=$(san_dev 1 1)
must udevadm settle
is "$(udevadm info -q property "/dev/$dev" | grep -c '^PATHKEEPER_GAP=1$')" 1 "the rule needs no daemon"
exec 9<"/dev/$dev"
log_mark
must daemon_start
ok wait_until 60 said path-kept-out "dev=$dev" -- "the next daemon knows of it"
ok wait_until 60 purge_like "$dev" 'held in use*' -- "which somebody uses: held, and by whom is said"
ok has_lun 1 1 -- "and it stays"
exec 9<&-
ok wait_until 120 lun_is_gone 1 1 -- "until it is let go"

# ---- the array takes it away, too: by port ----

must san_unmap 1 1
ok wait_until 60 gaps_are 1 -- "the target lists it no more: that place is through"
ok said gap "hctl=$host1:0:0:1" new=ending why=array -- "the array's word"
mark
must san_rescan 2
out_again 1 "the other port shows it still"
must san_unmap 1 2
ok wait_until 60 gaps_are 0 -- "and then does not"
ok fails test -e "$folder/@$kernel_wwid" -- "its folder is gone"
must san_map 1 1 held
must san_map 1 2 held
must san_rescan 1
must san_rescan 2
ok owner_wait_map "$wwid" 2 -- "mapped again it comes, and is used"
must wait_until 60 paths_up 5

# ---- an operator's word ----

if dmsetup info heldvg-lv >/dev/null 2>&1; then
	must lvm vgchange -qq -an heldvg
fi
pk detach --json "$wwid" >$out 2>/run/lab/words
is $? 0 "detached again: 0" || note "$(cat /run/lab/words $out)"
is "$(gaps)" 2 "and kept out"
pk rescan --json "host$host1" "host$host2" >$out
is $? 0 "rescan: 0"
ok owner_wait_map "$wwid" 2 -- "an operator's rescan lets it in, on both ports"
is "$(gaps)" 0 "nothing is kept out"
sleep 3
ok has_lun 1 1 -- "it stays"
ok has_lun 1 2 -- "on both"
ok said gap new=ending why=rescan -- "because of that word"

# ---- time ----

if dmsetup info heldvg-lv >/dev/null 2>&1; then
	must lvm vgchange -qq -an heldvg
fi
daemon_config 'polling_interval 1' 'max_polling_interval 2' 'purge_grace 1' 'detach_hold 20'
must pk reconfigure
pk detach --json "$wwid" >$out 2>/run/lab/words
is $? 0 "and again: 0" || note "$(cat /run/lab/words $out)"
mark
must san_rescan 1
out_again 1 "within its time"
ok wait_until 60 gaps_are 0 -- "it ends by itself"
ok said gap new=ending why=time -- "with its time"
must san_rescan 1
ok owner_wait_map "$wwid" 1 -- "and comes"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

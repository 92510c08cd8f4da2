# shellcheck shell=dash disable=SC2154,SC2317 # daemon.sh sets, wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything at random, one after the other, under I/O: LUNs are taken away, given to other volumes and
# back, ports die, somebody scans and deletes by name, the daemon is killed. At the end not one block
# of a volume was read or written through another's path, and the daemon knows what the kernel knows.
# A number of a path in use is never given to another volume: what was sent before anybody can know
# arrives there, whoever watches.
# TORTURE_SECONDS (60) and TORTURE_SEED (1) come from the environment; see tests/lab/torture.
# timeout: 1500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq dmsetup multipathd

volumes=5 ports=2 files=/run/lab/torture
seconds=${TORTURE_SECONDS:-60} seed=${TORTURE_SEED:-1}
pattern=$BUILD/tests/tools/pattern
note "seed $seed, $seconds s"

# BELOW: sets $chance
random()
{
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	chance=$(((seed >> 8) % $1))
}

story() { note "$((($(clock) - begun) / 1000)) s: $*"; }

# --- what is true: $truth_LUN_PORT is the volume that is there, "" while it is none ---
truth() { eval "echo \"\$truth_$1_$2\""; }
map_there()
{
	if [ -n "$3" ]; then san_map "$1" "$2" "vol$3"; fi
	eval "truth_$1_$2=\$3"
}
unmap_there()
{
	if [ -n "$(truth "$1" "$2")" ]; then san_unmap "$1" "$2"; fi
	eval "truth_$1_$2="
}

# --- who is what ---
mark_of() { echo "volume-$1"; }
wwid_of() { eval "echo \$wwid_$1"; }
device_at() { san_dev "$1" "$2" 2>/dev/null; }
# the letter of the path group that a disk of a map is in: A(ctive), E(nabled), D; nothing in no map
group_of()
{
	local devt holder

	read -r devt <"/sys/block/$1/dev" 2>/dev/null || return 0
	for holder in "/sys/block/$1/holders"/dm-*; do
		[ -e "$holder" ] || return 0
		dmsetup status "$(cat "$holder/dm/name")" 2>/dev/null | awk -v devt="$devt" '{
			for (i = 1; i <= NF; i++) {
				if ($i ~ /^[AED]$/ && $(i + 1) ~ /^[0-9]+$/ && $(i + 2) ~ /^[0-9]+$/) group = $i
				if ($i == devt) { print group; exit }
			}
		}'
		return 0
	done
}
all_ports_are_up()
{
	local p

	for p in $(seq "$ports"); do san_session_is "$p" LOGGED_IN || return 1; done
}
# Is there a way left for the map of what LUN PORT leads to, which is not this one and in use?
is_idle()
{
	local disk wwid

	disk=$(device_at "$1" "$2")
	[ -n "$disk" ] || return 0
	[ "$(group_of "$disk")" = E ] || [ -z "$(group_of "$disk")" ] || return 1
	all_ports_are_up || return 1
	wwid=$(path_field "$disk" wwid)
	[ "$(pk paths --json | jq --arg wwid "$wwid" --arg disk "$disk" \
		'[.paths[] | select(.wwid == $wwid and .dev != $disk and .state == "up" and .dm_state == "active")] | length')" -gt 0 ]
}

# --- deeds ---
do_unmap()
{
	[ -n "$(truth "$1" "$2")" ] || return 0
	story "LUN $1 is taken away on port $2"
	unmap_there "$1" "$2"
}

# What leads elsewhere is closed or gone before anything else happens.
is_closed()
{
	[ ! -e "$closing" ] || [ "$(cat "$closing/state" 2>/dev/null)" != running ]
}
give()
{
	local disk

	disk=$(device_at "$1" "$2")
	closing=/nowhere
	if [ -n "$disk" ] && [ "$(path_field "$disk" wwid)" != "$(wwid_of "$3")" ]; then
		closing=$(device_dir "$disk")
	fi
	unmap_there "$1" "$2"
	map_there "$1" "$2" "$3"
	if ! wait_until 60 is_closed; then
		fail "$closing leads to volume $3, and is not closed"
		exit 1
	fi
}
do_give()
{
	random $volumes
	[ "$(truth "$1" "$2")" != $((chance + 1)) ] && is_idle "$1" "$2" || return 0
	story "LUN $1 on port $2 is volume $((chance + 1)) now"
	give "$1" "$2" $((chance + 1))
}
# What is there was it before, and is so again as soon as it is mapped.
is_itself()
{
	local disk

	disk=$(device_at "$1" "$2")
	[ -n "$disk" ] && [ "$(path_field "$disk" wwid)" = "$(wwid_of "$1")" ]
}
do_give_back()
{
	[ "$(truth "$1" "$2")" != "$1" ] || return 0
	is_itself "$1" "$2" || is_idle "$1" "$2" || return 0
	story "LUN $1 on port $2 is itself again"
	give "$1" "$2" "$1"
}
do_lose_port()
{
	random 12
	story "port $2 is dead for $chance s"
	san_block "$2"
	sleep "$chance"
	san_unblock "$2"
	san_wait_session "$2" LOGGED_IN 60 || fail "port $2 does not come back"
}
do_rescan()
{
	random 2
	story "port $2 is scanned"
	if [ "$chance" = 0 ]; then
		pk rescan --timeout 60 "host$(san_host "$2")" >/dev/null 2>&1
	else
		san_rescan "$2"
	fi
}
do_delete()
{
	local disk

	disk=$(device_at "$1" "$2")
	[ -n "$disk" ] || return 0
	story "somebody deletes $disk, LUN $1 on port $2"
	echo 1 >"/sys/block/$disk/device/delete" 2>/dev/null
}
do_restart()
{
	random 3
	if [ "$chance" = 0 ]; then
		story "the daemon is restarted"
		daemon_stop TERM
	else
		story "the daemon is killed"
		kill -KILL "$daemon_pid"
		wait "$daemon_pid"
	fi
	must daemon_start
}
do_purge()
{
	local disk

	disk=$(device_at "$1" "$2")
	[ -n "$disk" ] || return 0
	story "somebody wants $disk to be purged"
	pk purge --timeout 5 "$disk" >/dev/null 2>&1
}

one_deed()
{
	local lun port

	random $volumes
	lun=$((chance + 1))
	random $ports
	port=$((chance + 1))
	random 20
	case $chance in
	[0-2]) do_unmap $lun $port ;;
	[3-6]) do_give $lun $port ;;
	[7-9] | 10) do_give_back $lun $port ;;
	11 | 12) do_lose_port $lun $port ;;
	13 | 14 | 15) do_rescan $lun $port ;;
	16) do_delete $lun $port ;;
	17) do_restart ;;
	18) do_purge $lun $port ;;
	19) sleep 3 ;;
	esac
	random 3
	sleep "$chance"
}

# --- the house ---
must mkdir -p $files
must san_init $ports
for volume in $(seq "$volumes"); do
	must truncate -s 4M "$files/$volume"
	must "$pattern" fill "$files/$volume" "$(mark_of "$volume")"
	must san_volume_file "vol$volume" "$files/$volume" 4 "${volume}0000000000000000000000000000000"
	for port in $(seq "$ports"); do map_there "$volume" "$port" "$volume"; done
done
for port in $(seq "$ports"); do must san_login "$port"; done
for volume in $(seq "$volumes"); do
	for port in $(seq "$ports"); do must san_wait_dev "$volume" "$port"; done
	eval "wwid_$volume=$(san_wwid_of "$(san_dev "$volume" 1)")"
done
cat >/run/lab/torture.conf <<END
defaults {
	find_multipaths no
	user_friendly_names no
	polling_interval 2
	path_grouping_policy failover
	failback manual
	no_path_retry queue
}
END
must owner_start /run/lab/torture.conf
for volume in $(seq "$volumes"); do
	must owner_wait_map "$(wwid_of "$volume")" $ports
	must wait_until 60 test -b "/dev/mapper/$(wwid_of "$volume")" # udev's, which may be behind
done
daemon_config 'purge_disconnected yes' 'purge_grace 2' 'purge_limit 1000' 'purge_share 100' 'polling_interval 1' \
	'max_polling_interval 2' 'identity_fence remove' 'fence_limit 1000'
must daemon_start
must wait_until 90 paths_up $((volumes * ports))
workers=''
for volume in $(seq "$volumes"); do
	"$pattern" work "/dev/mapper/$(wwid_of "$volume")" "$(mark_of "$volume")" >"$files/$volume.said" 2>&1 &
	workers="$workers $!"
done

# --- the torture ---
begun=$(clock)
deeds=0
while [ $(($(clock) - begun)) -lt $((seconds * 1000)) ]; do
	one_deed
	deeds=$((deeds + 1))
done
story "$deeds deeds"
pass "whatever led elsewhere was closed in time"

# --- peace: everything is given back, and found ---
# Nobody goes over to another path by himself: what is still used leaves first.
give_back_at_last()
{
	do_give_back "$1" "$2"
	[ "$(truth "$1" "$2")" = "$1" ] || unmap_there "$1" "$2"
}
give_all_back()
{
	local l p

	for l in $(seq "$volumes"); do
		for p in $(seq "$ports"); do give_back_at_last "$l" "$p"; done
	done
	pk rescan --timeout 60 >/dev/null 2>&1
	paths_up $((volumes * ports)) && maps_are_whole
}
maps_are_whole()
{
	local v

	for v in $(seq "$volumes"); do owner_map_has "$(wwid_of "$v")" "$ports" || return 1; done
}
ok wait_until 600 give_all_back -- "every path of every volume is found again"
for pid in $workers; do kill "$pid" 2>/dev/null; done
for pid in $workers; do wait "$pid"; done
for volume in $(seq "$volumes"); do
	note "$(tail -n 1 "$files/$volume.said")"
	like "$(tail -n 1 "$files/$volume.said")" "$(mark_of "$volume"): [1-9]* reads, *, 0 wrong" \
		"volume $volume was read to the end, and never a block of another"
done
for volume in $(seq "$volumes"); do
	ok "$pattern" verify "$files/$volume" "$(mark_of "$volume")" -- "not a block of volume $volume was written by another"
done

# --- the model is the truth ---
known() { pk paths --json | jq -r '.paths[] | .hctl + " " + .dev' | sort; }
there()
{
	local d

	for d in /sys/class/scsi_device/*/device; do
		[ -d "$d/block" ] || continue
		echo "$(basename "$(readlink -f "$d")") $(ls "$d/block")"
	done | sort
}
is_the_same() { [ "$(known)" = "$(there)" ]; }
ok wait_until 30 is_the_same -- "the daemon knows the kernel's devices, and no others"
nothing_goes_on() { [ "$(pk status --json | jq '[.hands[]] | length')" = 0 ]; }
ok wait_until 30 nothing_goes_on -- "no hand is out"
is "$(pk paths --json | jq -r '[.paths[] | select(.purge != "no" or .fence != "no") | .dev] | join(" ")')" "" "nothing is marked or fenced"
is "$(dmsetup info -c --noheadings -o suspended | sort -u)" Active "no map is suspended"
is "$(dmesg | grep -cE 'WARNING:|BUG:|Call Trace|possible recursive|rcu_.*stall|blocked for more than')" 0 "the kernel complains of nothing"
ok daemon_stop -- "the daemon ends with status 0"
helpers_ended() { [ -z "$(helpers)" ]; }
ok wait_until 20 helpers_ended -- "and all its helpers"
done_testing

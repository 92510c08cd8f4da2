# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon dies on every rung of a removal, killed or asked to end: the next one comes to the
# same end, and nothing of the dead one is left.
# timeout: 1200

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipathd iscsid jq

# a kpartx of udev's that reads a map which queues would hold it for ever, and rightly
must san_few_rules
signals='9 15'
rungs='marked verifying unmapping deleting'
# a LUN a death, over two ports; LUN 1 stays; the last two have one port
must san_build 2 1
lun=1
for signal in $signals; do
	for rung in $rungs sent stuck held; do
		: "$signal $rung"
		lun=$((lun + 1))
		must san_volume vol$lun 16
		must san_map $lun 1 vol$lun
		[ $rung = held ] || must san_map $lun 2 vol$lun
	done
done
last=$lun
must san_rescan 1
must san_rescan 2
san_paths() { [ -e "$SAN_GROUPS/tpgt_2/acls/$SAN_INITIATOR/lun_$1" ] && echo 2 || echo 1; }
for lun in $(seq 2 $last); do
	for port in $(seq "$(san_paths "$lun")"); do
		must san_wait_dev "$lun" "$port" >/dev/null
	done
done
# the owner shall not fail the path before we do
cat >/etc/multipath.conf <<-END
	defaults {
		find_multipaths no
		polling_interval 600
		max_polling_interval 600
	}
END
must owner_start /etc/multipath.conf
for lun in $(seq $last); do
	must owner_wait_map "$(san_wwid_of "$(san_dev "$lun" 1)")" "$(san_paths "$lun")"
done

daemon_config 'purge_disconnected yes' 'purge_last_path yes' 'purge_grace 0' 'polling_interval 1' \
	'purge_limit 1000' 'purge_share 100'
must daemon_start
lun_1_up() { path_is "$(san_dev 1 1)" state up && path_is "$(san_dev 1 2)" state up; }
must wait_until 60 lun_1_up

no_helper() { [ -z "$(helpers)" ]; }
# what a helper has open that is no longer there; a memory file never had a name
open_and_gone()
{
	helpers | while read -r name process; do
		readlink "$process"/fd/* 2>/dev/null | grep '(deleted)' | grep -v memfd: | sed "s/^/$name /"
	done
}
nothing_gone_is_open() { [ -z "$(open_and_gone)" ]; }

# dies SIGNAL RUNG: the daemon meets its end there
dies()
{
	if ! wait_until 60 daemon_ended; then
		fail "$2: the daemon ends by signal $1"
		return 1
	fi
	wait "$daemon_pid"
	ended=$?
	if [ "$1" = 9 ]; then is $ended 137 "$2: the daemon was killed"; else is $ended 0 "$2: the daemon ended by itself"; fi
}

# go_on RUNG DIR: a new daemon finishes what the old one began
go_on()
{
	ok wait_until 10 no_helper -- "$1: no helper of it is left" || note "$(helpers)"
	must daemon_start
	ok wait_until 90 device_gone "$2" -- "$1: the next daemon removes the dead device"
}

lun=1
for signal in $signals; do
	for rung in $rungs; do
		lun=$((lun + 1))
		dir=$(device_dir "$(san_dev $lun 1)")
		partner=$(san_dev $lun 2)
		test_point rung-$rung $signal
		must san_unmap $lun 1
		dies $signal $rung
		# asked to end, the daemon finishes the step it is in: the hand may have been sent
		[ $signal$rung = 15deleting ] || ok test -e "$dir" -- "$rung: nothing was deleted yet"
		go_on $rung "$dir"
		ok wait_until 30 path_is "$partner" state up -- "$rung: its partner is up"
	done

	# sent: the hand is out and well within its time when its daemon dies, which it asks last
	lun=$((lun + 1))
	dir=$(device_dir "$(san_dev $lun 1)")
	test_point hand-before-ask
	must san_unmap $lun 1
	must wait_until 60 hand_stopped
	test_point_end hand-before-ask
	kill -$signal "$daemon_pid"
	dies $signal sent
	must kill -CONT "$hand"
	ok wait_until 20 process_is "$hand" "" -- "sent: the hand ends"
	ok test -e "$dir" -- "sent: it deleted nothing for a daemon that is gone"
	go_on sent "$dir"

	# stuck: the hand stands still past its deadline, holds its host, and must not delete when its
	# daemon is gone
	lun=$((lun + 1))
	dir=$(device_dir "$(san_dev $lun 1)")
	test_point rung-stuck $signal
	test_point hand-before-ask
	must san_unmap $lun 1
	must wait_until 60 hand_stopped
	dies $signal stuck
	old=$hand
	must daemon_start
	ok wait_until 30 purge_like "$(san_dev $lun 1)" '* host' -- "stuck: the next daemon waits for the hand of the last"
	must kill -CONT "$old"
	ok wait_until 20 process_is "$old" "" -- "stuck: the hand of the last daemon ends"
	# the next hand stands still at the same place: what is gone now was deleted by the old one
	must wait_until 90 hand_stopped
	ok test -e "$dir" -- "stuck: it deleted nothing for a daemon that is gone"
	test_point_end hand-before-ask
	must kill -CONT "$hand"
	ok wait_until 60 device_gone "$dir" -- "stuck: the next daemon removes the dead device"

	# held: by somebody who has the map open
	lun=$((lun + 1))
	disk=$(san_dev $lun 1)
	dir=$(device_dir "$disk")
	map=$(san_wwid_of "$disk")
	must wait_until 60 test -b "/dev/mapper/$map" # udev's, which may be behind
	sleep 3600 8<"/dev/mapper/$map" &
	holder=$!
	must wait_until 20 map_is_open "$map"
	test_point rung-held $signal
	must san_unmap $lun 1
	dies $signal held
	ok wait_until 10 no_helper -- "held: no helper of it is left"
	must daemon_start
	ok wait_until 60 purge_like "$disk" "held in use: *$holder*" -- "held: the next daemon holds it too"
	kill $holder
	# udev, too, may look at the disk for a while
	ok wait_until 200 device_gone "$dir" -- "held: and removes it when it is let go of" ||
		note "$(tail -n 40 $daemon_log)"
done

ok wait_until 20 nothing_gone_is_open -- "no helper has anything open that is gone" || note "$(open_and_gone)"
ok lun_1_up -- "the neighbour is up over both ports"
is "$(said_count path-purge "dev=$(san_dev 1 1)")" 0 "and was never marked"
ok daemon_stop -- "the daemon ends with status 0"
ok wait_until 10 no_helper -- "and all its helpers with it"
done_testing

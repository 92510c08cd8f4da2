#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab/demo-guest.sh: the inside of "make demo". Its text is for people; it fails when what it shows
# did not happen.
set -u

# shellcheck source=san.sh
. "$LAB/san.sh"
# shellcheck source=multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=../tests/lab/daemon.sh
. "$ROOT/tests/lab/daemon.sh"

title() { printf '\n==== %s\n\n' "$*"; }
fatal() { echo "demo: $*" >&2; exit 1; }
must() { "$@" || fatal "failed: $*"; }

title 'An array with two ports shows three volumes to this host'
must san_init 2
for volume in mail data old; do must san_volume $volume 24; done
lun=0
for volume in mail data old; do
	lun=$((lun + 1))
	for port in 1 2; do must san_map $lun $port $volume; done
done
for port in 1 2; do must san_login $port; done
for lun in 1 2 3; do for port in 1 2; do must san_wait_dev $lun $port >/dev/null; done; done
mail=$(san_wwid_of "$(san_dev 1 1)")
data=$(san_wwid_of "$(san_dev 2 1)")
old=$(san_wwid_of "$(san_dev 3 1)")
old_a=$(san_dev 3 1)
old_b=$(san_dev 3 2)
dir_a=$(device_dir "$old_a")
dir_b=$(device_dir "$old_b")
cat >/etc/multipath.conf <<-END
	defaults {
		find_multipaths no
		polling_interval 2
	}
	multipaths {
		multipath {
			wwid $mail
			alias mail
		}
		multipath {
			wwid $data
			alias data
		}
		multipath {
			wwid $old
			alias old
		}
	}
END
must owner_start /etc/multipath.conf
for map in mail data old; do must owner_wait_map $map 2; done
echo "Debian's multipathd has made three maps of two paths each: mail, data, old."

title 'pathkeeper starts beside it'
daemon_config 'purge_disconnected yes' 'purge_last_path yes' 'purge_grace 3' 'polling_interval 2'
sed 's/^/    /' /etc/pathkeeper/pathkeeper.conf
must daemon_start
all_up() { [ "$(pk paths --json | jq '[.paths[] | select(.state == "up" and .map != null)] | length')" = 6 ]; }
wait_until 60 all_up || fatal 'the paths did not come up'
pk paths

title 'mail and data are in use: reading, writing and verifying'
must fio_start mail /dev/mapper/mail 16M
must fio_start data /dev/mapper/data 16M
echo 'fio runs on /dev/mapper/mail and /dev/mapper/data. Nobody uses old.'

title 'The array takes the volume old away. The kernel keeps its devices; pathkeeper does not'
lines=$(wc -l <$daemon_log)
sleep 600 &
printing=$!
tail -n +$((lines + 1)) -s 0.2 -f --pid=$printing $daemon_log | sed -u 's/^/    /' &
printer=$!
began=$(clock)
must san_unmap 3 1
must san_unmap 3 2
wait_until 90 device_gone "$dir_a" || fatal "$old_a is still there"
wait_until 90 device_gone "$dir_b" || fatal "$old_b is still there"
took=$(($(clock) - began))
map_gone() { ! dmsetup info old >/dev/null 2>&1; }
wait_until 30 map_gone || fatal 'the map old is still there'
# one round or, on a slow machine, two
purged() { awk -F'purged=' '/purge-round/ { n += $2 } END { print n + 0 }' $daemon_log; }
purged_two() { [ "$(purged)" = 2 ]; }
wait_until 30 purged_two || fatal 'no summary was printed'
kill $printing
wait $printer # the printer ends when it has printed all

title 'Afterwards'
pk paths
echo
[ "$(pk paths --json | jq '[.paths[] | select(.state == "up")] | length')" = 4 ] || fatal 'a neighbour is missing'
fio_end mail || fatal 'I/O on mail was disturbed'
fio_end data || fatal 'I/O on data was disturbed'
must daemon_stop

title 'What happened'
cat <<-END
	$old_a and $old_b, the two paths of the volume that the array took away, are gone
	from the kernel, and so is its map: $((took / 1000)).$((took % 1000 / 100)) s after the array's word (on an emulated
	processor). Each was asked again, by TEST UNIT READY and INQUIRY, through descriptors
	pinned on that very device, right before it was deleted.
	mail and data kept both paths, and fio found not one wrong block.
END

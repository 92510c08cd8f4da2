# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host with systemd, by the words of the README: installed, asked what it would remove, told to
# remove it. Then the unit is restarted and stopped while a delete hangs in the kernel, and the
# journal stands still, and is stopped, while devices go.
# kernel: 6.12
# boot: systemd
# timeout: 1500

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need systemctl journalctl multipathd iscsid sg_raw jq make meson

is "$(cat /proc/1/comm)" systemd "systemd is PID 1"

# --- a host: two ports, maps of multipathd's unit ---
must san_build 2 1 2 3 4 5
# a disk of one path is none of its maps
owner_plain_configuration | sed 's/find_multipaths no/find_multipaths yes/' >/etc/multipath.conf
must systemctl start multipathd
must wait_until 60 owner_answers
for lun in 1 2 3 4 5; do
	must owner_wait_map "$(san_wwid_of "$(san_dev $lun 1)")" 2
done

# --- the README: On a real host ---
installs() { make -s -C "$ROOT" BUILD="$BUILD" install >/run/lab/install 2>&1; }
ok installs -- "make install" ||
	note "$(tail -n 20 /run/lab/install)"
BUILD=/usr/bin # from here on what was installed
mkdir -p /etc/pathkeeper
cat >/etc/pathkeeper/pathkeeper.conf <<-END
	defaults {
	    purge_disconnected yes      # paths of maps whose LUN is gone
	    purge_action report         # first: only say what would be removed
	}
END
ok systemctl daemon-reload -- "systemctl daemon-reload"
ok systemctl enable --now pathkeeperd -- "systemctl enable --now pathkeeperd" ||
	note "$(systemctl status pathkeeperd; journalctl -u pathkeeperd | tail -n 20)"
unit() { systemctl show --property "$1" --value pathkeeperd; }
is "$(unit ActiveState) $(unit SubState)" "active running" "it runs, and has said so"
is "$(unit UnitFileState)" enabled "and will after a boot"
is "$(cat "/proc/$(unit MainPID)/oom_score_adj")" -900 "it is the last to be killed for memory"
ok wait_until 60 paths_up 10 -- "pathkeeper paths: ten are up"

first=$(san_dev 1 1) second=$(san_dev 2 1)
first_dir=$(device_dir "$first") second_dir=$(device_dir "$second")
must san_unmap 1 1
# the default grace is a minute
ok wait_until 150 purge_like "$first" "held would-remove" -- "it says what it would remove"
ok test -e "$first_dir" -- "and removes nothing"
sed -i '/purge_action/d' /etc/pathkeeper/pathkeeper.conf
ok systemctl reload pathkeeperd -- "systemctl reload"
ok wait_until 60 device_gone "$first_dir" -- "the dead device goes"
gone_in_journal() { journalctl -u pathkeeperd | grep -q "path-purge dev=$first .* new=deleting why=verified"; }
ok wait_until 20 gone_in_journal -- "journalctl -u pathkeeperd has the event" ||
	note "$(journalctl -u pathkeeperd | tail -n 20)"

pid=$(unit MainPID)
daemon_config 'purge_disconnected no'
printf 'blacklist {\n\tdevnode "("\n}\n' >>/etc/pathkeeper/pathkeeper.conf
ok fails systemctl reload pathkeeperd -- "a reload of a bad configuration fails"
is "$(unit MainPID) $(unit ActiveState)" "$pid active" "and the daemon goes on"
is "$(pk config --json | jq -r '.config[] | select(.section == "defaults" and .keyword == "purge_disconnected") | .value')" \
	yes "with the old one in force"
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' 'purge_share 100'
ok systemctl reload pathkeeperd -- "a good one is taken"

# --- restarted and stopped while a delete hangs ---
must san_scsi_debug 1 1 3
three_more() { [ "$(san_scsi_debug_hctls | wc -l)" = 3 ]; }
must wait_until 30 three_more
must udevadm settle --timeout=120
# shellcheck disable=SC2046 # addresses are words
set -- $(san_scsi_debug_hctls | sort -V)
stuck=$2 behind=$3 host=${1%%:*}
stuck_dir=$(readlink -f "/sys/class/scsi_device/$stuck/device")
stuck_disk=$(ls "$stuck_dir/block")
behind_dir=$(readlink -f "/sys/class/scsi_device/$behind/device")
behind_disk=$(ls "$behind_dir/block")
ok wait_until 30 path_is "$stuck_disk" state up -- "a disk of another host is up"
unmap() { san_inject_sense "$1" 00 5 25 0 always && san_inject_sense "$1" 12 5 25 0 always; }
must san_inject_timeout "$stuck" 28 1
must san_inject_abort_failure "$stuck" 28 always
sg_raw --timeout=90 --request=512 "$(san_sg_of "$stuck_disk")" 28 00 00 00 00 00 00 00 01 00 >/dev/null 2>&1 &
must unmap "$stuck"
hand_waits() { hand=$(hand_pid "$host") && [ -n "$hand" ] && process_is "$hand" D; }
ok wait_until 60 hand_waits -- "its delete hangs in the kernel" ||
	note "$(pk paths "$stuck_disk"; journalctl -u pathkeeperd | grep "dev=$stuck_disk " | tail -n 5)"

pid=$(unit MainPID)
began=$(clock)
ok systemctl restart pathkeeperd -- "systemctl restart"
note "restarted in $(($(clock) - began)) ms"
is "$(unit ActiveState)" active "the unit is active"
ok [ "$(unit MainPID)" != "$pid" ] -- "with another daemon"
ok process_is "$hand" D -- "while the hand still hangs"
ok grep -q pathkeeperd.service "/proc/$hand/cgroup" -- "in the unit's group, which is left alone"
must unmap "$behind"
ok wait_until 30 purge_like "$behind_disk" '* host' -- "the new daemon knows that the host is not free"
must san_unmap 2 1
ok wait_until 60 device_gone "$second_dir" -- "and removes what is dead elsewhere"

ok systemctl stop pathkeeperd -- "systemctl stop"
is "$(unit ActiveState) $(unit Result)" "inactive success" "the unit has ended well"
ok process_is "$hand" D -- "while the hand still hangs"
ok systemctl start pathkeeperd -- "systemctl start"
ok wait_until 120 process_is "$hand" "" -- "the hand comes back"
ok wait_until 60 device_gone "$stuck_dir" -- "its device is gone"
ok wait_until 60 device_gone "$behind_dir" -- "and the one that had to wait goes"

# --- nobody reads the journal ---
journal_is() { process_is "$(systemctl show --property MainPID --value systemd-journald)" "$1"; }
third=$(san_dev 3 1) fourth=$(san_dev 4 1) fifth=$(san_dev 5 1)
third_dir=$(device_dir "$third") fourth_dir=$(device_dir "$fourth") fifth_dir=$(device_dir "$fifth")
must systemctl kill --signal STOP systemd-journald
must wait_until 10 journal_is T
must san_unmap 3 1
ok wait_until 60 device_gone "$third_dir" -- "a device goes while the journal stands still"
ok journal_is T -- "it still does"
ok daemon_answers -- "and the daemon answers"
must systemctl kill --signal CONT systemd-journald
third_in_journal() { journalctl -u pathkeeperd | grep -q "path-purge dev=$third .* new=deleting"; }
ok wait_until 30 third_in_journal -- "what was said meanwhile arrives"

# as a service that writes its logs: the journal goes under it
pid=$(unit MainPID)
systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket \
	systemd-journald.service 2>/dev/null
journal_ended() { [ -z "$(pidof systemd-journald)" ]; }
must wait_until 20 journal_ended
must san_unmap 4 1
ok wait_until 90 device_gone "$fourth_dir" -- "a device goes while there is no journal"
ok journal_ended -- "there still is none"
is "$(unit MainPID)" "$pid" "in the same daemon"
systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service
must san_unmap 5 1
ok wait_until 90 device_gone "$fifth_dir" -- "it comes back, and the next one goes"
fifth_in_journal() { journalctl -u pathkeeperd | grep -q "path-purge dev=$fifth .* new=deleting"; }
ok wait_until 30 fifth_in_journal -- "and is in the journal" ||
	note "$(pk status | head -n 20; journalctl -u pathkeeperd | tail)"

ok systemctl stop pathkeeperd -- "systemctl stop"
no_helper() { [ -z "$(helpers)" ]; }
ok wait_until 10 no_helper -- "nothing of it is left" || note "$(helpers)"
is "$(unit Result)" success "and it ended well"
systemctl stop multipathd
done_testing

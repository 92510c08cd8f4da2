# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/clean.sh: takes everything down that a scenario may have left. To be sourced in a guest:
# . "$LAB/clean.sh"
#
#   lab_remember       what is there now is not to be taken down
#   lab_enter          this process and its children belong to the scenario
#   lab_clean          ends its processes and takes down mounts, maps, sessions, target, disks.
#                      Fails, and says what is left, when the guest is not as it was

# shellcheck source=san.sh
. "$LAB/san.sh"
# shellcheck source=bays.sh
. "$LAB/bays.sh"
# shellcheck source=fc.sh
. "$LAB/fc.sh"

LAB_GROUP=/sys/fs/cgroup/scenario

lab_remember()
{
	mkdir -p /run/lab $LAB_GROUP
	cut -d' ' -f2 /proc/mounts >/run/lab/mounts
	lab_disks >/run/lab/disks
}

lab_enter() { echo 0 >$LAB_GROUP/cgroup.procs; }

lab_disks()
{
	local disk

	for disk in /sys/block/sd* /sys/block/dm-* /sys/block/md* /sys/block/loop*/backing_file; do
		[ ! -e "$disk" ] || echo "$disk"
	done
}

lab_is_empty() { grep -q '^populated 0' $LAB_GROUP/cgroup.events; }

lab_dm_names() { dmsetup ls 2>/dev/null | sed -n 's/[[:space:]]*(.*//p'; }

# I/O that waits for a path in a map holds its process: it is failed first
lab_end_processes()
{
	local name

	for name in $(dmsetup ls --target multipath 2>/dev/null | sed -n 's/[[:space:]]*(.*//p'); do
		dmsetup message "$name" 0 fail_if_no_path
		dmsetup resume --noudevsync "$name"
	done
	lab_is_empty && return
	echo 1 >$LAB_GROUP/cgroup.kill
	wait_until 30 lab_is_empty
}

lab_end_mounts()
{
	local point

	swapoff -a
	cut -d' ' -f2 /proc/mounts | tac | while read -r point; do
		grep -qxF "$point" /run/lab/mounts || umount -l "$(printf %b "$point")"
	done
}

# Stacked devices take as many rounds as they have storeys
lab_end_stacks()
{
	local round name

	for round in 1 2 3 4; do
		: "$round"
		for name in /dev/md[0-9]*; do
			[ ! -b "$name" ] || mdadm --stop "$name" 2>/dev/null
		done
		[ -z "$(lab_dm_names)" ] && break
		for name in $(lab_dm_names); do
			timeout 20 dmsetup remove --force --noudevsync "$name" 2>/dev/null
		done
	done
	for name in /sys/block/loop*/backing_file; do
		[ ! -e "$name" ] || losetup -D
	done
}

lab_end_configuration()
{
	local rule

	rm -rf /etc/multipath.conf /etc/multipath/* /etc/pathkeeper /run/pathkeeper /run/multipathd*
	rm -f /run/lab/multipathd.log /run/lab/pathkeeperd.log /run/lab/fio.*
	rm -f /dev/shm/multipath* /run/multipath/*
	for rule in /run/udev/rules.d/* /etc/udev/rules.d/*; do
		[ ! -e "$rule" ] || rm "$rule"
	done
}

lab_is_as_before() { [ "$(lab_disks)" = "$(cat /run/lab/disks)" ]; }

lab_clean()
{
	lab_end_processes || echo "# lab: processes cannot be ended: $(tr '\n' ' ' <$LAB_GROUP/cgroup.procs)"
	lab_end_mounts
	lab_end_stacks
	san_end || echo "# lab: the SAN cannot be taken down"
	fc_end || echo "# lab: the ports of Fibre Channel cannot be taken down"
	san_scsi_debug_end
	bay_end || echo "# lab: the bays cannot be emptied"
	lab_end_configuration
	udevadm settle --timeout=30
	if ! lab_is_empty || ! wait_until 10 lab_is_as_before; then
		echo "# lab: left behind: $(lab_disks | tr '\n' ' ')"
		return 1
	fi
}

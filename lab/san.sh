# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/san.sh: a virtual SAN of the kernel's own SCSI target (LIO) over loopback iSCSI, made
# through configfs. To be sourced inside a guest of lab/run: . "$LAB/san.sh"
#
# A port is a target portal group with one portal: one session, one SCSI host, one path.
# Ports count from 1. What exists is kept in files, so every shell of the guest knows it.
#
#   san_init N                      N ports, not logged in
#   san_volume NAME MB [SERIAL]     a volume in memory; one identity over every port
#   san_volume_file NAME FILE MB [SERIAL]
#   san_volume_block NAME DEVICE [SERIAL]   over a block device of the guest (a loop can grow)
#   san_volume_remove NAME          of an unmapped volume
#   san_map LUN PORT NAME           show the volume as LUN number LUN on PORT
#   san_unmap LUN PORT              take it away: sdX stays and answers 05/25/00. LUN 0 does not:
#                                   there LIO answers as no device (INQUIRY 3Fh), TUR is good
#   san_remap LUN PORT NAME         another volume under the same number
#   san_few_rules                   from now on udev starts one program for a disk, not ten: for
#                                   scenarios of many disks, in which nobody asks what is on them
#   san_login PORT, san_logout PORT
#   san_rescan PORT [LUN]           look for new LUNs
#   san_build PORTS LUN...          all of that: a volume volLUN of 16 MB for every LUN, shown on
#                                   every port, the ports logged in, the disks ready
#   san_alua NAME PORT STATE        optimized nonoptimized standby unavailable offline
#   san_block PORT, san_unblock PORT    the port is dead; it lives again
#   san_host PORT                   prints the N of hostN
#   san_session PORT                prints the N of sessionN
#   san_hctl LUN PORT, san_dev LUN PORT, san_sg LUN PORT    print 3:0:0:1, sdX, sgM
#   san_wait_dev LUN PORT [S]       waits for the disk and for udev's word on it, prints sdX
#   san_wait_gone PATH [S]          waits for a path in /sys to vanish, prints the milliseconds
#   san_wait_session PORT STATE [S] waits for a session to be LOGGED_IN or FAILED
#   san_tur DEVICE                  TEST UNIT READY through sg: prints good, 05/25/00, or failed
#   san_answers DEVICE ANSWER       whether TEST UNIT READY answers so: for wait_until
#   san_serial_of DEVICE            the live VPD page 80h through sg
#   san_wwid_of DEVICE              the live VPD page 83h's NAA through sg, as multipath names it
#   san_peripheral_of DEVICE        byte 0 of a live INQUIRY through sg, two hex digits
#   san_end                         removes all of it
#
#   san_scsi_debug HOSTS TARGETS LUNS [PARAMETER=VALUE...]   many devices, no LIO needed
#   san_scsi_debug_hctls            prints their addresses, one a line
#   san_scsi_debug_end
#   with kernel 6.12 and its devices only (OPCODE in hex, ff: every command; COUNT: how many
#   commands, or "always"):
#   san_inject_sense HCTL OPCODE KEY ASC ASCQ COUNT
#   san_inject_timeout HCTL OPCODE COUNT
#   san_inject_abort_failure HCTL OPCODE COUNT  aborting such a command fails: error recovery
#   san_inject_clear HCTL
#
# Environment, read by san_init: SAN_SCAN (auto | manual), SAN_REPLACEMENT_TIMEOUT (5),
# SAN_NOOP (0: no pings).

SAN_CONFIG=/sys/kernel/config/target
SAN_TARGET=iqn.2000-01.org.example:array
SAN_INITIATOR=iqn.2000-01.org.example:host
SAN_GROUPS=$SAN_CONFIG/iscsi/$SAN_TARGET
SAN_STATE=/run/lab/san

# Emulated, a command takes a tenth of a second to start and a subshell a third of that: files
# are read by the shell itself, and what is asked in a loop starts nothing.
# shellcheck source=wait.sh
. "$LAB/wait.sh"

san_complain()
{
	echo "san: $*" >&2
	return 1
}

san_make_port()
{
	local group acl

	group=$SAN_GROUPS/tpgt_$1
	acl=$group/acls/$SAN_INITIATOR
	mkdir "$group" "$group/np/127.0.0.$1:3260" "$acl" || return 1
	echo 0 >"$group/attrib/authentication"
	echo 0 >"$group/attrib/generate_node_acls"
	echo 0 >"$group/attrib/demo_mode_write_protect"
	echo 0 >"$group/attrib/prod_mode_write_protect"
	# a slow guest must not lose a session because a ping was late
	echo 60 >"$acl/attrib/nopin_timeout"
	echo 1 >"$group/enable"
}

san_configure_initiator()
{
	mkdir -p /etc/iscsi /run/lock/iscsi
	rm -rf /etc/iscsi/nodes /etc/iscsi/send_targets
	echo "InitiatorName=$SAN_INITIATOR" >/etc/iscsi/initiatorname.iscsi
	cat >/etc/iscsi/iscsid.conf <<-END
	node.startup = manual
	node.session.scan = ${SAN_SCAN:-auto}
	node.session.timeo.replacement_timeout = ${SAN_REPLACEMENT_TIMEOUT:-5}
	node.conn[0].timeo.login_timeout = 30
	node.conn[0].timeo.noop_out_interval = ${SAN_NOOP:-0}
	node.conn[0].timeo.noop_out_timeout = ${SAN_NOOP:-0}
	node.session.err_timeo.abort_timeout = 15
	node.session.err_timeo.lu_reset_timeout = 30
	node.session.initial_login_retry_max = 2
	node.session.cmds_max = 128
	node.session.queue_depth = 32
	END
}

# iscsiadm's exit 21 is "no sessions": the daemon answered
san_initiator_answers()
{
	iscsiadm -m session >/dev/null 2>&1
	case $? in 0 | 21) ;; *) return 1 ;; esac
}

# The initiator outlives the scenario that needed it first: without it no session can be ended
san_start_initiator()
{
	if ! pidof iscsid >/dev/null; then
		(
			echo 0 >/sys/fs/cgroup/cgroup.procs
			exec setsid iscsid -f </dev/null >/run/lab/iscsid.log 2>&1
		) &
	fi
	wait_until 20 san_initiator_answers || san_complain "iscsid does not answer"
}

san_few_rules()
{
	local file

	mkdir -p /run/udev/rules.d || return
	for file in 55-scsi-sg3_id 56-lvm 58-scsi-sg3_symlink 60-kpartx 60-multipath 68-del-part-nodes 69-lvm; do
		: >/run/udev/rules.d/$file.rules
	done
	udevadm control --reload
}

san_init()
{
	local port

	mkdir -p $SAN_STATE/volumes
	modprobe -a target_core_mod target_core_file target_core_iblock iscsi_target_mod iscsi_tcp sd_mod sg || return 1
	modprobe -q scsi_dh_alua
	mkdir -p /var/target/pr /etc/target
	mkdir -p $SAN_GROUPS || return 1
	echo "$1" >$SAN_STATE/ports
	for port in $(seq "$1"); do
		san_make_port "$port" || return 1
	done
	san_configure_initiator
	san_start_initiator
}

# san_make_volume PLUGIN NAME CONTROL [SERIAL]. The NAA identifier is made of the serial's
# first 25 hex digits, so the built-in serial is unique there.
san_make_volume()
{
	local number store group

	number=0
	[ ! -e $SAN_STATE/last-volume ] || read -r number <$SAN_STATE/last-volume
	number=$((number + 1))
	echo $number >$SAN_STATE/last-volume
	store=$SAN_CONFIG/core/$1_$number/$2
	mkdir -p "$store" || return 1
	printf %s "$3" >"$store/control" || return 1
	if [ -n "${4:-}" ]; then
		printf %s "$4"
	else
		printf 'a5%03x%027x' $number 0
	fi >"$store/wwn/vpd_unit_serial" || return 1
	echo 1 >"$store/enable" || return 1
	echo 0 >"$store/attrib/emulate_write_cache" 2>/dev/null
	for group in "$SAN_GROUPS"/tpgt_*; do
		group=${group##*_}
		mkdir "$store/alua/port$group" || return 1
		echo $((group + 10)) >"$store/alua/port$group/tg_pt_gp_id"
		echo 3 >"$store/alua/port$group/alua_access_type"
	done
	echo "$number $store" >"$SAN_STATE/volumes/$2"
}

san_volume() { san_make_volume rd_mcp "$1" "rd_pages=$(($2 * 256))" "${3:-}"; }

san_volume_file()
{
	truncate -s "$3M" "$2" &&
		san_make_volume fileio "$1" "fd_dev_name=$2,fd_dev_size=$(($3 * 1048576))" "${4:-}"
}

san_volume_block() { san_make_volume iblock "$1" "udev_path=$2" "${3:-}"; }

# reads the number and the configfs folder of a volume into $san_number and $san_store
san_find_volume()
{
	[ -e "$SAN_STATE/volumes/$1" ] || san_complain "no volume $1" || return 1
	read -r san_number san_store <"$SAN_STATE/volumes/$1"
}

san_volume_remove()
{
	local entry

	san_find_volume "$1" || return 1
	for entry in "$SAN_GROUPS"/tpgt_*/lun/lun_"$san_number"; do
		[ ! -d "$entry" ] || { rm "$entry/volume" && rmdir "$entry"; } || return 1
	done
	rmdir "$san_store"/alua/port* "$san_store" "${san_store%/*}" && rm "$SAN_STATE/volumes/$1"
}

# Every volume is exported once a port under a number of its own; the access list maps that to
# the LUN number the host sees. Unmapping touches the access list alone, as an array does.
san_map()
{
	local entry mapped

	san_find_volume "$3" || return 1
	entry=$SAN_GROUPS/tpgt_$2/lun/lun_$san_number
	if [ ! -d "$entry" ]; then
		mkdir "$entry" && ln -s "$san_store" "$entry/volume" || return 1
		echo "port$2" >"$entry/alua_tg_pt_gp"
	fi
	mapped=$SAN_GROUPS/tpgt_$2/acls/$SAN_INITIATOR/lun_$1
	mkdir "$mapped" && ln -s "$entry" "$mapped/export" || return 1
	echo 0 >"$mapped/write_protect"
}

san_unmap()
{
	local mapped

	mapped=$SAN_GROUPS/tpgt_$2/acls/$SAN_INITIATOR/lun_$1
	rm "$mapped/export" && rmdir "$mapped"
}

san_remap() { san_unmap "$1" "$2" && san_map "$1" "$2" "$3"; }

san_alua()
{
	local state

	san_find_volume "$1" || return 1
	case $3 in
	optimized) state=0 ;;
	nonoptimized) state=1 ;;
	standby) state=2 ;;
	unavailable) state=3 ;;
	offline) state=14 ;;
	*) san_complain "no ALUA state $3" || return 1 ;;
	esac
	echo $state >"$san_store/alua/port$2/alua_access_state"
}

san_login()
{
	iscsiadm -m node -T $SAN_TARGET -p "127.0.0.$1:3260,$1" -o new >/dev/null &&
		iscsiadm -m node -T $SAN_TARGET -p "127.0.0.$1:3260" --login >/dev/null
}

san_logout() { iscsiadm -m node -T $SAN_TARGET -p "127.0.0.$1:3260" --logout >/dev/null; }

# sets $san_path to the sysfs folder of a port's connection
san_find_connection()
{
	local address

	for san_path in /sys/devices/platform/host*/session*/connection*/iscsi_connection/*; do
		read -r address <"$san_path/persistent_address" 2>/dev/null || continue
		[ "$address" != "127.0.0.$1" ] || return 0
	done
	return 1
}

san_host()
{
	san_find_connection "$1" || return 1
	san_path=${san_path#*/host}
	echo "${san_path%%/*}"
}

san_session()
{
	san_find_connection "$1" || return 1
	san_path=${san_path#*/session}
	echo "${san_path%%/*}"
}

san_session_is()
{
	local state

	san_find_connection "$1" || return 1
	san_path=${san_path%/connection*/iscsi_connection/*}
	read -r state <"$san_path/iscsi_session/${san_path##*/}/state" 2>/dev/null && [ "$state" = "$2" ]
}

san_wait_session() { wait_until "${3:-30}" san_session_is "$1" "$2"; }

san_rescan()
{
	local host

	host=$(san_host "$1") && echo "- - ${2:--}" >"/sys/class/scsi_host/host$host/scan"
}

san_build()
{
	local ports lun port

	ports=$1
	shift
	san_init "$ports" || return 1
	for lun; do
		san_volume "vol$lun" 16 || return 1
		for port in $(seq "$ports"); do
			san_map "$lun" "$port" "vol$lun" || return 1
		done
	done
	for port in $(seq "$ports"); do
		san_login "$port" || return 1
	done
	for lun; do
		for port in $(seq "$ports"); do
			san_wait_dev "$lun" "$port" >/dev/null || return 1
		done
	done
}

san_hctl()
{
	local host

	host=$(san_host "$2") && echo "$host:0:0:$1"
}

# san_find_child LUN PORT KIND: sets $san_child to the name of the device's child of that kind
san_find_child()
{
	san_find_connection "$2" || return 1
	san_path=${san_path#*/host}
	for san_child in "/sys/class/scsi_device/${san_path%%/*}:0:0:$1/device/$3"/*; do
		[ -e "$san_child" ] && san_child=${san_child##*/} && return
	done
	return 1
}

san_dev() { san_find_child "$1" "$2" block && echo "$san_child"; }
san_sg() { san_find_child "$1" "$2" scsi_generic && echo "$san_child"; }

# udev writes its record of a device last of all
san_dev_is_ready()
{
	local devt

	san_find_child "$1" "$2" block && [ -b "/dev/$san_child" ] || return 1
	[ -e /.lab/udev ] || return 0
	read -r devt <"/sys/class/block/$san_child/dev" 2>/dev/null && [ -e "/run/udev/data/b$devt" ]
}

san_wait_dev()
{
	wait_until "${3:-90}" san_dev_is_ready "$1" "$2" || san_complain "no disk for LUN $1 on port $2" || return 1
	echo "$san_child"
}

san_is_gone() { [ ! -e "$1" ]; }

san_wait_gone()
{
	local start

	read_clock
	start=$lab_now
	wait_until "${2:-60}" san_is_gone "$1" || san_complain "$1 is still there" || return 1
	read_clock
	echo $((lab_now - start))
}

# Disabling the group ends its session and refuses every login
san_block() { echo 0 >"$SAN_GROUPS/tpgt_$1/enable"; }
san_unblock() { echo 1 >"$SAN_GROUPS/tpgt_$1/enable"; }

# san_sg_of DEVICE: the sg node of sdX, of /dev/sdX, or of an sg node itself
san_sg_of()
{
	local name child

	name=${1#/dev/}
	case $name in sg*) echo "/dev/$name" && return ;; esac
	for child in "/sys/class/block/$name/device/scsi_generic"/*; do
		[ -e "$child" ] && echo "/dev/${child##*/}" && return
	done
	san_complain "$1 has no sg node"
}

san_tur()
{
	local sg answer

	sg=$(san_sg_of "$1") || return 1
	if answer=$(sg_raw --verbose "$sg" 00 00 00 00 00 00 2>&1); then
		echo good
		return
	fi
	# the first line of the sense bytes: " 70 00 05 00 00 00 00 0a  00 00 00 00 25 00 ..."
	answer=$(echo "$answer" | sed -n 's/^ *\(7[0-3] .*\)/\1/p' | head -n1)
	# shellcheck disable=SC2086 # the bytes are words
	set -- $answer
	case ${1:-} in
	70 | 71) printf '%02x/%s/%s\n' $((0x$3 & 15)) "${13}" "${14}" ;;
	72 | 73) printf '%02x/%s/%s\n' $((0x$2 & 15)) "$3" "$4" ;;
	*) echo failed ;;
	esac
}

san_answers() { [ "$(san_tur "$1")" = "$2" ]; }

san_serial_of()
{
	local sg

	sg=$(san_sg_of "$1") || return 1
	sg_vpd --page=0x80 --raw "$sg" | tail -c +5 | tr -d ' \000' && echo
}

san_wwid_of()
{
	local sg

	sg=$(san_sg_of "$1") && sg_vpd --page=0x83 --quiet "$sg" | sed -n 's/^ *0x\([0-9a-f]*\)$/3\1/p' | head -n1
}

san_peripheral_of()
{
	local sg

	sg=$(san_sg_of "$1") && sg_inq --raw "$sg" | od -An -N1 -tx1 | tr -d ' '
}

# san_remove_all COMMAND PATH...: of the paths those that exist (a pattern may match nothing)
san_remove_all()
{
	local command

	command=$1
	shift
	if [ -e "$1" ] || [ -L "$1" ]; then
		"$command" "$@"
	fi
}

san_remove_ports()
{
	local group

	for group in "$SAN_GROUPS"/tpgt_*; do
		[ -d "$group" ] || return 0
		echo 0 >"$group/enable"
	done
	san_remove_all rm "$SAN_GROUPS"/tpgt_*/acls/*/lun_*/export &&
		san_remove_all rmdir "$SAN_GROUPS"/tpgt_*/acls/*/lun_* &&
		san_remove_all rm "$SAN_GROUPS"/tpgt_*/lun/lun_*/volume &&
		san_remove_all rmdir "$SAN_GROUPS"/tpgt_*/lun/lun_* &&
		rmdir "$SAN_GROUPS"/tpgt_*/acls/* "$SAN_GROUPS"/tpgt_*/np/* "$SAN_GROUPS"/tpgt_*
}

san_end()
{
	local volume

	[ -d "$SAN_GROUPS" ] || return 0
	iscsiadm -m session --logout >/dev/null 2>&1
	san_remove_ports || return 1
	for volume in "$SAN_STATE"/volumes/*; do
		[ -e "$volume" ] || continue
		san_volume_remove "${volume##*/}" || return 1
	done
	rmdir "$SAN_GROUPS" && rm -rf "$SAN_STATE"
}

san_scsi_debug()
{
	local hosts targets luns

	hosts=$1 targets=$2 luns=$3
	shift 3
	modprobe -a sd_mod sg && modprobe scsi_debug add_host="$hosts" num_tgts="$targets" max_luns="$luns" dev_size_mb=8 "$@"
}

san_scsi_debug_hctls()
{
	local device

	for device in /sys/bus/pseudo/devices/adapter*/host*/target*/*:*:*:*; do
		[ -d "$device" ] && echo "${device##*/}"
	done
}

san_scsi_debug_end()
{
	[ -d /sys/module/scsi_debug ] || return 0
	wait_until 30 modprobe -q -r scsi_debug || san_complain "scsi_debug is in use"
}

# the driver counts down below zero and never ends above it
san_inject_count()
{
	case $1 in
	always) echo 1 ;;
	*) echo "-$1" ;;
	esac
}

san_inject()
{
	local file

	file=/sys/kernel/debug/scsi_debug/$1/error
	shift
	[ -e "$file" ] || san_complain "no error injection: kernel 6.12 and a scsi_debug device are needed" || return 1
	echo "$*" >"$file"
}

san_inject_sense() { san_inject "$1" 2 "$(san_inject_count "$6")" "0x$2" 0 0 0x2 "0x$3" "0x$4" "0x$5"; }
san_inject_abort_failure() { san_inject "$1" 3 "$(san_inject_count "$3")" "0x$2"; }
san_inject_timeout() { san_inject "$1" 0 "$(san_inject_count "$3")" "0x$2"; }

san_inject_clear()
{
	local file kind count opcode rest

	file=/sys/kernel/debug/scsi_debug/$1/error
	# the first line names the columns: type, count, opcode
	sed 1d "$file" | while read -r kind count opcode rest; do
		: "$count $rest"
		echo "- $kind $opcode" >"$file"
	done
}

# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/fc.sh: a Fibre Channel SAN of the kernel's own: its SCSI target (LIO) behind a port of FCoE, and
# an initiator behind another one, over a pair of virtual network links. To be sourced inside a guest
# of lab/run: . "$LAB/fc.sh"
#
#   fc_init N                   N ports, with their links down
#   fc_volume NAME MB           a volume in memory; one identity over every port
#   fc_map LUN PORT NAME        show the volume as LUN number LUN on PORT
#   fc_unmap LUN PORT           take it away
#   fc_up PORT, fc_down PORT    the link; a port that was never up finds no target later than LUNs
#   fc_rescan PORT              look for new LUNs
#   fc_host PORT                prints the N of hostN, the initiator's
#   fc_rport PORT               prints rport-N:B-P, the remote port that is its target
#   fc_rport_is PORT STATE      for wait_until: Online, Blocked
#   fc_dev LUN PORT             prints sdX
#   fc_wait_dev LUN PORT [S]    waits for the disk, prints sdX
#   fc_end                      removes all of it

# shellcheck source=wait.sh
. "$LAB/wait.sh"

FC_CONFIG=/sys/kernel/config/target
FC_STATE=/run/lab/fc
FC_FCOE=/sys/module/libfcoe/parameters

# sets $fc_found to the folder of the host whose port is on this network link
fc_find_host()
{
	local name

	for fc_found in /sys/class/fc_host/host*; do
		{ read -r name <"$fc_found/symbolic_name"; } 2>/dev/null && [ "${name##* }" = "$1" ] && return
	done
	return 1
}

# fc_wwpn LINK: as the target's configuration has it, 20:00:...
fc_wwpn()
{
	fc_find_host "$1" && sed 's/^0x//; s/../&:/g; s/:$//' "$fc_found/port_name"
}

# What is received before a port is complete is the end of the kernel: the links are down meanwhile
fc_make_port()
{
	ip link add "fci$1" type veth peer name "fct$1" || return 1
	ip link set "fci$1" mtu 2500 && ip link set "fct$1" mtu 2500 || return 1
	echo "fct$1" >$FC_FCOE/create_vn2vn && wait_until 20 fc_find_host "fct$1" || return 1
	echo "fci$1" >$FC_FCOE/create_vn2vn && wait_until 20 fc_find_host "fci$1" || return 1
	fc_group=$FC_CONFIG/fc/$(fc_wwpn "fct$1")/tpgt_1
	fc_acl=$fc_group/acls/$(fc_wwpn "fci$1")
	mkdir -p "$fc_group" && mkdir "$fc_acl" && echo "$fc_group $fc_acl" >"$FC_STATE/port$1"
}

fc_init()
{
	local port

	mkdir -p $FC_STATE/volumes
	modprobe -a target_core_mod libfcoe fcoe tcm_fc sd_mod sg || return 1
	mkdir -p $FC_CONFIG/fc || return 1
	for port in $(seq "$1"); do
		fc_make_port "$port" || return 1
	done
}

fc_volume()
{
	local number store

	number=0
	[ ! -e $FC_STATE/last-volume ] || read -r number <$FC_STATE/last-volume
	number=$((number + 1))
	echo $number >$FC_STATE/last-volume
	store=$FC_CONFIG/core/rd_mcp_$((100 + number))/$1
	mkdir -p "$store" && echo "rd_pages=$(($2 * 256))" >"$store/control" || return 1
	printf 'fc%03x%027x' $number 0 >"$store/wwn/vpd_unit_serial" || return 1
	echo 1 >"$store/enable" && echo "$number $store" >"$FC_STATE/volumes/$1"
}

fc_map()
{
	local number store group acl

	read -r number store <"$FC_STATE/volumes/$3" && read -r group acl <"$FC_STATE/port$2" || return 1
	if [ ! -d "$group/lun/lun_$number" ]; then
		mkdir "$group/lun/lun_$number" && ln -s "$store" "$group/lun/lun_$number/volume" || return 1
	fi
	mkdir "$acl/lun_$1" && ln -s "$group/lun/lun_$number" "$acl/lun_$1/export" || return 1
	echo 0 >"$acl/lun_$1/write_protect"
}

fc_unmap()
{
	local group acl

	read -r group acl <"$FC_STATE/port$2" && rm "$acl/lun_$1/export" && rmdir "$acl/lun_$1"
}

fc_up() { ip link set "fct$1" up && ip link set "fci$1" up; }
fc_down() { ip link set "fci$1" down; }

fc_host() { fc_find_host "fci$1" && echo "${fc_found##*/host}"; }

fc_rescan() { fc_find_host "fci$1" && echo "- - -" >"/sys/class/scsi_host/${fc_found##*/}/scan"; }

# sets $fc_found to the folder of the remote port
fc_find_rport()
{
	local roles

	fc_find_host "fci$1" || return 1
	for fc_found in /sys/class/fc_remote_ports/rport-"${fc_found##*/host}":*; do
		{ read -r roles <"$fc_found/roles"; } 2>/dev/null || continue
		case $roles in *Target*) return ;; esac
	done
	return 1
}

fc_rport() { fc_find_rport "$1" && echo "${fc_found##*/}"; }

fc_rport_is()
{
	local state

	fc_find_rport "$1" && read -r state <"$fc_found/port_state" && [ "$state" = "$2" ]
}

# fc_find_dev LUN PORT: sets $fc_found to the disk's name
fc_find_dev()
{
	fc_find_rport "$2" || return 1
	for fc_found in "$fc_found/device"/target*/*:"$1"/block/*; do
		[ -e "$fc_found" ] && fc_found=${fc_found##*/} && [ -b "/dev/$fc_found" ] && return
	done
	return 1
}

fc_dev() { fc_find_dev "$1" "$2" && echo "$fc_found"; }

fc_wait_dev() { wait_until "${3:-90}" fc_find_dev "$1" "$2" && echo "$fc_found"; }

# The initiator goes first: it logs out, and with it go its disks
fc_remove_port()
{
	local group acl entry

	read -r group acl <"$FC_STATE/port$1" || return 1
	for entry in "fci$1" "fct$1"; do
		! fc_find_host "$entry" || echo "$entry" >$FC_FCOE/destroy || return 1
		wait_while 30 fc_find_host "$entry" || return 1
	done
	for entry in "$acl"/lun_*; do
		[ ! -e "$entry/export" ] || { rm "$entry/export" && rmdir "$entry"; } || return 1
	done
	rmdir "$acl" || return 1
	for entry in "$group"/lun/lun_*; do
		[ ! -e "$entry/volume" ] || { rm "$entry/volume" && rmdir "$entry"; } || return 1
	done
	rmdir "$group" "${group%/*}" && ip link del "fci$1" && rm "$FC_STATE/port$1"
}

fc_end()
{
	local entry number store

	[ -d $FC_STATE ] || return 0
	for entry in "$FC_STATE"/port*; do
		[ ! -e "$entry" ] || fc_remove_port "${entry##*/port}" || return 1
	done
	for entry in "$FC_STATE"/volumes/*; do
		[ -e "$entry" ] || continue
		read -r number store <"$entry" && rmdir "$store" "${store%/*}" || return 1
	done
	rmdir $FC_CONFIG/fc 2>/dev/null
	rm -rf $FC_STATE
}

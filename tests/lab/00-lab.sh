# SPDX-License-Identifier: LGPL-2.1-or-later
# The lab itself: does the virtual SAN do what an array does, before anything is believed of it?
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/multipathd.sh
. "$LAB/multipathd.sh"

need multipathd iscsid sg_raw dmsetup jq

# --- two ports, and the same volumes over both ---
must san_init 2
for name in zero one two other; do
	must san_volume $name 16
done
for port in 1 2; do
	must san_map 0 $port zero
	must san_map 1 $port one
	must san_map 2 $port two
	must san_login $port
done
for port in 1 2; do
	for lun in 0 1 2; do
		must san_wait_dev $lun $port >/dev/null
	done
done
near=$(san_dev 1 1)
far=$(san_dev 1 2)
neighbour=$(san_dev 2 1)
is "$(san_wwid_of "$near")" "$(san_wwid_of "$far")" "a volume has one identity over both ports"
is "$(udevadm info --query=property --property=ID_SERIAL --value "/dev/$near")" "$(san_wwid_of "$near")" \
	"udev's ID_SERIAL is the identity"
ok [ "$(san_wwid_of "$near")" != "$(san_wwid_of "$neighbour")" ] -- "two volumes have two identities"

# --- the owner builds its maps ---
one=$(san_wwid_of "$near")
two=$(san_wwid_of "$neighbour")
must owner_start
ok owner_wait_map "$one" 2 -- "multipathd maps volume one over two paths"
ok owner_wait_map "$two" 2 -- "multipathd maps volume two over two paths"
ok wait_until 20 test -b "/dev/mapper/$one" -- "udev made the map's node"

# --- a LUN taken away stays as a device, and says so ---
must san_unmap 1 1
ok wait_until 5 san_answers "$near" 05/25/00 -- "an unmapped LUN answers 05/25/00"
ok test -b "/dev/$near" -- "its device stays"
is "$(san_tur "$far")" good "the same volume over the other port is good"
is "$(san_tur "$neighbour")" good "another LUN of the same port is good"

# --- another volume under the same number ---
must san_map 1 1 other
is "$(san_tur "$near")" good "a LUN given to another volume answers good"
is "$(san_serial_of "$near")" a5004000000000000000000000000000 "its live serial is the other volume's"
is "$(cut -c5- <"/sys/block/$near/device/wwid")" "$(echo "$one" | cut -c2-)" "the kernel still believes the old identity"
must san_remap 1 1 one
is "$(san_wwid_of "$near")" "$one" "mapped back, it is itself again"

# --- a port dies and comes back ---
must san_block 2
ok san_wait_session 2 FAILED -- "a blocked port fails its session"
ok wait_until 30 grep -q offline "/sys/block/$far/device/state" -- "and its devices, after the replacement time"
is "$(san_tur "$near")" good "the other port is not touched"
must san_unblock 2
ok san_wait_session 2 LOGGED_IN 60 -- "an unblocked port logs in again"
ok wait_until 30 grep -q running "/sys/block/$far/device/state" -- "and its devices run again"

# --- LUN 0 is never 05/25/00 ---
first=$(san_dev 0 1)
must san_unmap 0 1
is "$(san_tur "$first")" good "an unmapped LUN 0 answers good"
is "$(san_peripheral_of "$first")" 3f "and its INQUIRY says that there is no device"

# --- ALUA ---
must san_alua two 1 standby
ok wait_until 10 san_answers "$neighbour" 02/04/0b -- "a standby port group says so"
must san_alua two 1 optimized

# --- a volume that grows ---
must modprobe loop
must truncate -s 16M /run/lab/grows
loop=$(losetup --find --show /run/lab/grows)
must san_volume_block grows "$loop"
must san_map 3 1 grows
must san_rescan 1 3
grows=$(san_wait_dev 3 1)
must truncate -s 32M /run/lab/grows
must losetup --set-capacity "$loop"
must sh -c "echo 1 >/sys/block/$grows/device/rescan"
ok wait_until 10 grep -qx 65536 "/sys/block/$grows/size" -- "a volume over a loop device grows"

# --- a device that is deleted goes, and a scan brings it back ---
syspath=$(readlink -f "/sys/block/$first/device")
echo 1 >"$syspath/delete"
ok san_wait_gone "$syspath" 10 -- "a deleted device goes"
must san_map 0 1 zero
must san_rescan 1
ok san_wait_dev 0 1 -- "a scan finds a LUN that was mapped again"

ok owner_stop -- "multipathd ends"
ok wait_until 20 multipath -F -- "its maps go"
ok san_end -- "the SAN goes"
is "$(ls /sys/class/scsi_device)" "" "and no disk is left"

# --- many devices ---
eight_devices() { [ "$(san_scsi_debug_hctls | wc -l)" = 8 ]; }
must san_scsi_debug 2 1 4 vpd_use_hostno=0
ok wait_until 30 eight_devices -- "scsi_debug makes two hosts of four LUNs"
must udevadm settle --timeout=120
hctl=$(san_scsi_debug_hctls | head -n1)
disk=$(ls "/sys/class/scsi_device/$hctl/device/block")
is "$(san_tur "$disk")" good "one of them answers good"
if [ "$LAB_KERNEL" = 6.12 ]; then
	must san_inject_sense "$hctl" 00 5 25 0 2
	is "$(san_tur "$disk") $(san_tur "$disk") $(san_tur "$disk")" "05/25/00 05/25/00 good" "injected sense lasts as long as asked"
	must san_inject_sense "$hctl" 00 2 4 a always
	is "$(san_tur "$disk")" 02/04/0a "another sense is injected"
	must san_inject_clear "$hctl"
	is "$(san_tur "$disk")" good "and cleared"
	must san_inject_timeout "$hctl" 00 1
	is "$(san_tur "$disk")" failed "an injected time-out makes a command fail"
else
	skip "injected errors" "kernel 6.12 has them"
fi
ok san_scsi_debug_end -- "scsi_debug goes"

done_testing

# SPDX-License-Identifier: LGPL-2.1-or-later
# The lab itself: disks that QEMU exchanges behind the back of the guest.
# timeout: 200

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/bays.sh
. "$LAB/bays.sh"

must bay_init
must bay_volume old 16
must bay_volume new 32
for bay in 1 2; do
	must bay_plug $bay 1 old
	must bay_rescan $bay
	must bay_wait_dev $bay 1 >/dev/null
done
near=$(bay_dev 1 1)
far=$(bay_dev 2 1)
old=$(san_wwid_of "$near")
is "$(san_wwid_of "$far")" "$old" "a volume has one identity in both bays"
is "$(udevadm info --query=property --property=ID_SERIAL --value "/dev/$near")" "$old" "udev's ID_SERIAL is the identity"
must sh -c "echo data | dd of=/dev/$near conv=fsync status=none"
is "$(head -c 4 /share/bay-old.img)" data "what is written lies in the volume's file"

must bay_pull 1 1
ok wait_until 5 san_answers "$near" 05/25/00 -- "a pulled disk answers 05/25/00"
ok test -b "/dev/$near" -- "its device stays"
is "$(san_tur "$far")" good "the same volume in the other bay is good"

must bay_plug 1 1 new
ok wait_until 5 san_answers "$near" good -- "another disk answers behind the same device"
is "$(san_serial_of "$near")" new "and its live serial is its own"
is "$(cat "/sys/block/$near/size")" 32768 "while the kernel believes the old size"
like "$(cat "/sys/block/$near/device/wwid")" "*${old#3}" "and the old identity"

host=/sys/class/scsi_host/host$(bay_host 2)
must bay_remove 2
ok wait_while 30 test -e "$host" -- "a removed controller goes, with its disks"
ok bay_end -- "the bays are emptied"
must bay_init
pass "and filled again"
done_testing

# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/lab/doer.sh: tests/tools/doer in a scenario, after daemon.sh. To be sourced.
#
#   doer_start, doer_quit, doer_kill
#   watch_device SLOT DIR    watches the device as path SLOT; its directory is then in $dir_SLOT,
#                            its disk in $disk_SLOT
#   watch_lun LUN            watches port 1's LUN as path LUN
#   say KIND SLOT WORD...    an action on a watched path
#   ask KIND SLOT WORD...    with an id of its own; the answer's line is in $answer
#   begin KIND SLOT WORD...  the same without waiting; answered waits for it
#   doer_line PATTERN        prints the last line that fits
#   doer_said PATTERN        is there one?
#   keeper_pid               of the first keeper
#   keeper_files SLOT        what any keeper has open of that device
#   a_hand_stands            for wait_until: a hand has stopped itself; its pid is in $hand
#   hand_ended               waits for that hand to end
#   no_helpers               for wait_until

doer_in=/run/lab/doer.in doer_out=/run/lab/doer.out
doer_id=0

doer_start()
{
	rm -f $doer_in $doer_out
	mkfifo $doer_in
	: >$doer_out
	"$BUILD/tests/tools/doer" <$doer_in >$doer_out 2>&1 &
	doer_pid=$!
	exec 9>$doer_in
	wait_until 10 doer_said '# ready *' || return 1
	doer_said '# ready test-points=yes' || bail "doer was built without test points"
}

# by a word: a child of the scenario may have the fifo open too
doer_quit()
{
	echo quit >&9
	exec 9>&-
	wait "$doer_pid"
}

doer_kill()
{
	kill -9 "$doer_pid"
	exec 9>&-
	wait "$doer_pid" 2>/dev/null
}

say()
{
	local kind slot host

	kind=$1 slot=$2
	shift 2
	case $kind in forget) host='' ;; *) eval "host=host=\$host_$slot" ;; esac
	echo "$kind path.slot=$slot path.gen=1 $host $*" >&9
}

doer_line()
{
	local line found=''

	while read -r line; do
		# shellcheck disable=SC2254 # the pattern is meant as one
		case $line in
		$1) found=$line ;;
		esac
	done <$doer_out
	[ -n "$found" ] && echo "$found"
}

doer_said() { doer_line "$1" >/dev/null; }

begin()
{
	doer_id=$((doer_id + 1))
	say "$@" "id=$doer_id"
}

answered()
{
	wait_until 30 doer_said "[cdw][hoa]* action=$doer_id*" || return 1
	answer=$(doer_line "[cdw][hoa]* action=$doer_id*")
}

ask()
{
	begin "$@"
	answered
}

watch_device()
{
	local host disk

	host=${2##*/}
	# shellcheck disable=SC2034 # by eval
	disk=$(ls "$2/block") || bail "$2 has no disk"
	eval "dir_$1=\$2 host_$1=\${host%%:*} disk_$1=\$disk"
	ask watch "$1" "sysfs=${2#/sys/}" "ino=$(inode_of "$2")" || bail "$2: no answer"
	case $answer in *result=*) bail "$2 is not watched: $answer" ;; esac
}

watch_lun() { watch_device "$1" "$(device_dir "$(san_dev "$1" 1)")"; }

keeper_pid() { helpers | sed -n 's/^pk-keeper[^ ]* .*\///p' | head -n1; }

keeper_files()
{
	local name process sg address

	eval "address=\${dir_$1##*/}"
	sg=$(ls "/sys/class/scsi_device/$address/device/scsi_generic" 2>/dev/null) || sg=none
	helpers | while read -r name process; do
		case $name in pk-keeper*) ;; *) continue ;; esac
		readlink "$process/fd"/* 2>/dev/null
	done | grep -E "/$address(/|\$)|^/dev/$sg\$"
}

a_hand_stands()
{
	hand=$(helpers | sed -n 's/^pk-hand .*\///p' | while read -r process; do
		process_is "$process" T && echo "$process"
	done | head -n1)
	[ -n "$hand" ]
}

hand_ended() { wait_until 20 process_is "$hand" ""; }
no_helpers() { [ -z "$(helpers)" ]; }

# shellcheck shell=dash disable=SC2317 # wait_until calls
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which devices the blacklist leaves alone: rules of every kind exclude what multipath says they
# exclude, with the properties of the real udev; what is excluded is neither asked nor removed, and
# what udev learns later changes the verdict.
# timeout: 900

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=../../lab/bays.sh
. "$LAB/bays.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need multipath iscsid udevadm jq

# --- four volumes over iSCSI and a disk in a bay, and what udev says of them ---
rules=/etc/udev/rules.d/99-lab.rules
must mkdir -p /etc/udev/rules.d
must san_init 1
must san_volume out 16
must san_volume in 16
must san_volume_file file /run/lab/file.img 16
must san_volume plain 16
lun=0
for name in out in file plain; do
	lun=$((lun + 1))
	must san_map $lun 1 $name
done
must san_login 1
for lun in 1 2 3 4; do
	must san_wait_dev $lun 1 >/dev/null
done
must bay_init
must bay_volume drawer 16 5000c50000000028
must bay_plug 1 1 drawer
must bay_rescan 1
must bay_wait_dev 1 1 >/dev/null
out=$(san_dev 1 1) in=$(san_dev 2 1) file=$(san_dev 3 1) plain=$(san_dev 4 1) drawer=$(bay_dev 1 1)
note "out=$out in=$in file=$file plain=$plain drawer=$drawer"

# properties DEVICE NAME...: udev knows them of this device from its next event on
properties()
{
	local device name

	device=$1
	shift
	sed -i "/==\"$device\"/d" "$rules"
	for name; do
		echo "SUBSYSTEM==\"block\", KERNEL==\"$device\", ENV{$name}=\"1\"" >>"$rules"
	done
	udevadm control --reload
	udevadm trigger --action=change --settle "/sys/block/$device"
}
: >"$rules"
must properties "$out" ID_LAB_OUT
must properties "$in" ID_LAB_IN ID_LAB_OUT
must properties "$plain" LAB_BEHIND

# --- the same rules for both ---
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' \
	'max_polling_interval 2'
with_rules()
{
	{
		printf 'defaults {\n\tfind_multipaths no\n}\n'
		cat
	} >/etc/multipath.conf
}
with_rules </dev/null
must daemon_start
is_asked() { [ "$(path_field "$1" state)" = up ]; }
is_left_alone() { [ "$(path_field "$1" state) $(path_field "$1" reason)" = "unchecked not asked" ]; }
asked() { pk paths --json | jq -r '.paths[] | select(.reason != "not asked") | .dev' | sort | xargs; }
asked_are() { [ "$(asked)" = "$1" ]; }
# what multipath would make maps of, were it not -d: the rows of its list, and again those of its maps
listed()
{
	multipath -d -v3 >/run/lab/multipath.log 2>&1
	sed -n '/paths list/,$p' /run/lab/multipath.log | grep -oE ' sd[a-z]+ +[0-9]+:[0-9]+ ' | awk '{ print $1 }' | sort -u | xargs
}

sorted() { printf '%s\n' "$@" | sort | xargs; }
everybody=$(for name in /sys/block/sd*; do echo "${name##*/}"; done | sort | xargs)
but()
{
	local name left

	left=$everybody
	for name; do
		left=$(echo "$left" | tr ' ' '\n' | grep -vx "$name" | xargs)
	done
	echo "$left"
}

# same TEXT LEFT: with the rules on standard input both ask LEFT alone
same()
{
	with_rules
	pk reconfigure >/run/lab/words 2>&1 || bail "refused: $(cat /run/lab/words)"
	wait_until 20 asked_are "$2"
	is "$(asked)" "$2" "$1"
	is "$(listed)" "$2" "... as multipath has it" ||
		grep -iE 'blacklist|whitelist|missing' /run/lab/multipath.log | sed 's/^/# /'
}

is "$(asked)" "$everybody" "without a rule every disk is asked"
same "property: excludes by its name, an exception that comes first wins; devnode" "$(but "$out" "$drawer")" <<-END
	blacklist {
		property "ID_LAB_OUT"
		property "LAB_BEHIND"
		devnode "^$drawer$"
	}
	blacklist_exceptions {
		property "ID_LAB_IN"
	}
END
same "property: an exception that comes behind it does not win, nor one of another kind" "$(but "$out" "$in")" <<-END
	blacklist {
		property "^ID_LAB_(IN|OUT)$"
	}
	blacklist_exceptions {
		property "^ID_SERIAL$"
		wwid ".*"
		devnode ".*"
		device {
			vendor ".*"
		}
	}
END
same "protocol: iSCSI out, the bays stay" "$(but "$out" "$in" "$file" "$plain")" <<-END
	blacklist {
		protocol "scsi:iscsi"
	}
END
same "protocol: all out but iSCSI; device: a vendor but for one product" "$file" <<-END
	blacklist {
		protocol ".*"
		device {
			vendor "^LIO"
		}
	}
	blacklist_exceptions {
		protocol "iscsi"
		device {
			vendor "LIO-ORG"
			product "^FILE"
		}
	}
END
same "wwid: a volume, all that do not begin so, but for an exception" "$(sorted "$out" "$in" "$file" "$drawer")" <<-END
	blacklist {
		wwid "$(san_wwid_of "$plain")"
		wwid "!^36001405"
	}
	blacklist_exceptions {
		wwid "35000c50000000028"
	}
END

# --- what is left alone stays, whatever the array does ---
with_rules <<-END
	blacklist {
		property "ID_LAB_OUT"
	}
	blacklist_exceptions {
		property "ID_LAB_IN"
	}
END
must pk reconfigure
must wait_until 20 asked_are "$(but "$out")"
must wait_until 20 is_asked "$in"
out_dir=$(device_dir "$out") in_dir=$(device_dir "$in") plain_dir=$(device_dir "$plain")
must san_unmap 1 1
must san_unmap 2 1
ok wait_until 60 device_gone "$in_dir" -- "the dead device of the exception goes"
ok is_left_alone "$out" -- "its excluded neighbour is not asked"
is "$(path_field "$out" purge)" no "nor marked"
ok test -e "$out_dir" -- "and stays"
is "$(pk purge --json "$out" | jq -r '.removals[0] | .result + " " + .reason')" "failed not asked" \
	"an operator's word does not remove it either"
ok test -e "$out_dir" -- "and it stays, still"

# --- udev learns something later ---
log_mark
must properties "$out"
ok wait_until 60 device_gone "$out_dir" -- "the property goes, and so does the dead device"
ok said path-state "dev=$out" old=unchecked -- "which was asked for that"

must properties "$plain" ID_LAB_OUT
ok wait_until 20 is_left_alone "$plain" -- "a property that comes excludes a path that was asked"
must properties "$plain"
ok wait_until 20 is_asked "$plain" -- "and when it went it is asked again"
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' \
	'max_polling_interval 2' 'purge_delay 600'
must pk reconfigure
must san_unmap 4 1
ok wait_until 60 purge_like "$plain" 'marked delay*' -- "a path on its way out"
must properties "$plain" ID_LAB_OUT
ok wait_until 20 is_left_alone "$plain" -- "stays when a property comes that excludes it"
is "$(path_field "$plain" purge)" no "and is not marked any more"
daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1' \
	'max_polling_interval 2'
must pk reconfigure
ok is_left_alone "$plain" -- "without the delay, too"
is "$(asked)" "$(but "$out" "$in" "$plain")" "nobody else is"
ok test -e "$plain_dir" -- "its device is there"

# --- in which file and line ---
conf=/etc/multipath.conf
with_rules <<-END
	overrides {
		protocol {
			type "scsi:iscsi"
			fast_io_fail_tmo 7
		}
		protocol {
			type "scsi:fcp"
			fast_io_fail_tmo 9
		}
	}
END
must pk reconfigure
pk config --origin >/run/lab/config 2>&1
of_protocol() { sed -n "/type \"$1\"/,/}/p" /run/lab/config | grep fast_io_fail_tmo | xargs -0 printf %s | tr -s '\t\n' ' '; }
like "$(of_protocol scsi:iscsi)" " fast_io_fail_tmo 7 # multipath.conf:7 *" "a keyword of a protocol: its value, file and line"
like "$(of_protocol scsi:fcp)" " fast_io_fail_tmo 9 # multipath.conf:11 *" "another protocol has its own"
like "$(grep -E '^.fast_io_fail_tmo' /run/lab/config | tr -s '\t' ' ')" " fast_io_fail_tmo 5 # built-in" \
	"and the defaults are none of theirs"
is "$(multipath -t | sed -n '/^overrides/,/^}/p' | grep -cE 'fast_io_fail_tmo (7|9)')" 2 "multipath reads it so"

cat >/run/lab/bad.conf <<-'END'
	blacklist {
		property "("
		protocol "[z-a]"
		devnode "a{2,1}"
		wwid "*"
		device {
			vendor "LIO"
			product "("
		}
		property "ID_GOOD"
	}
	blacklist_exceptions {
		property ")("
	}
END
pk config --check /run/lab/bad.conf >/run/lab/words 2>&1
is $? 2 "config --check of bad patterns: 2"
is "$(grep -oE '^/run/lab/bad.conf:[0-9]+: fatal' /run/lab/words | cut -d: -f2 | xargs)" "2 3 4 5 8 13" "each with its line" ||
	note "$(cat /run/lab/words)"
log_mark
must cp /run/lab/bad.conf $conf
pk reconfigure >/run/lab/words 2>&1
is $? 2 "and none of it comes into force"
ok said config-refused in_force=old -- "which the daemon says"
ok daemon_stop -- "the daemon ends with status 0"
must san_end
must bay_end
done_testing

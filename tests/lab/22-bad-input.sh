# SPDX-License-Identifier: LGPL-2.1-or-later
# Wrong configurations, at the start and later; garbage, slow readers and a thousand connections on
# the sockets: the daemon keeps what it has, purges, and answers root.
# timeout: 400

# shellcheck source=../../lab/tap.sh
. "$LAB/tap.sh"
# shellcheck source=../../lab/san.sh
. "$LAB/san.sh"
# shellcheck source=daemon.sh
. "$ROOT/tests/lab/daemon.sh"

need iscsid jq python3 setpriv

must san_build 1 1 2 3
good() { daemon_config 'purge_disconnected yes' 'purge_single_path yes' 'purge_grace 1' 'polling_interval 1'; }
conf=/etc/pathkeeper/pathkeeper.conf

# a pattern that is none: which devices are not to be touched cannot be known
bad() { printf 'blacklist {\n\tdevnode "("\n}\n' >>$conf; }
# what is refused ends by itself
starts() { timeout 20 "$BUILD/pathkeeperd" "$@" >/run/lab/words 2>&1; }

# --- at the start ---
good
bad
starts
is $? 2 "a pattern that is none: exit status 2"
ok grep -qE "^$conf:[0-9]+: " /run/lab/words -- "and file and line on standard error" || note "$(cat /run/lab/words)"
printf 'defaults {\n\tmode manage\n}\n' >$conf
starts
is $? 2 "mode manage: exit status 2"
starts --mode manage
is $? 2 "also as an option"
starts --config /nowhere
is $? 2 "a file that is not there: exit status 2"
printf 'defaults {\n\tpurge_grace never\n\tno_such_word 1\n}\n' >$conf
starts --check-config
is $? 2 "--check-config: exit status 2"
ok grep -q "^$conf:2: " /run/lab/words -- "and the line of the bad value"
pk config --check $conf >/run/lab/words 2>&1
is $? 2 "pathkeeper config --check says the same"

# --- while it runs ---
good
must daemon_start
must wait_until 60 paths_up 3
log_mark
bad
kill -HUP $daemon_pid
ok wait_until 20 said config-refused in_force=old -- "SIGHUP: a bad configuration is refused"
ok said config-remark "at=$conf:" -- "and the log has file and line"
pk reconfigure >/run/lab/words 2>&1
is $? 2 "pathkeeper reconfigure: exit status 2"
ok wait_until 10 grep -q "$conf:" /run/lab/words -- "and says where" || note "$(cat /run/lab/words)"
like "$(pk status --json | jq -c '.config')" "*$conf*" "status shows it"
victim=$(san_dev 1 1)
dir=$(device_dir "$victim")
must san_unmap 1 1
ok wait_until 60 device_gone "$dir" -- "the old configuration is in force: the dead device goes"
good
ok pk reconfigure -- "a good one is taken again"
is "$(pk status --json | jq '[.config.remarks[] | select(.severity == "fatal")] | length')" 0 "and status has nothing against it"

# --- the sockets ---
cat >/run/lab/attack.py <<'END'
import os, socket, sys, time

def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(2)
    s.connect(path)
    return s

def garbage(path):
    for data in (os.urandom(65536), b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n" + b"\xff" * 4096,
                 b"\0" + b"A" * 70000, b"l\1\0\1" + b"\xff" * 12, b""):
        try:
            s = connect(path)
            s.sendall(data)
            s.recv(1)
        except OSError:
            pass

HELLO = b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"

def call(member, serial):
    def field(code, signature, value):
        value = value.encode()
        text = len(value).to_bytes(4, "little") + value + b"\0"
        return bytes([code, 1]) + signature + b"\0" + text
    fields = b""
    for code, signature, value in ((1, b"o", "/org/pathkeeper1"), (2, b"s", "org.freedesktop.DBus.Introspectable"), (3, b"s", member)):
        fields += b"\0" * (-len(fields) % 8) + field(code, signature, value)
    head = b"l\1\0\1" + (0).to_bytes(4, "little") + serial.to_bytes(4, "little") + len(fields).to_bytes(4, "little") + fields
    return head + b"\0" * (-len(head) % 8)

# asks and asks, and never reads what comes
def slow_reader(path):
    kept = []
    for _ in range(4):
        try:
            s = connect(path)
            kept.append(s)
            s.sendall(HELLO)
            s.setblocking(False)
            for serial in range(1, 20000):
                s.send(call("Introspect", serial))
        except OSError:
            pass
    return kept

def many(path, n):
    kept = []
    for _ in range(n):
        try:
            kept.append(connect(path))
        except OSError:
            pass
    return kept

import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
paths = sys.argv[1:]
kept = []
for path in paths:
    garbage(path)
for path in paths:
    kept += slow_reader(path)
for path in paths:
    kept += many(path, 1000 // len(paths))
print("connected", len(kept), flush=True)
open("/run/lab/attacking." + str(os.getuid()), "w").write(str(len(kept)))
time.sleep(3600)
END
rm -f /run/lab/attacking.*
chmod 1777 /run/lab
# somebody else: the readable socket, and the private one in vain
setpriv --reuid=65534 --regid=65534 --clear-groups python3 /run/lab/attack.py $runtime/read $runtime/private &
must wait_until 60 test -s /run/lab/attacking.65534
note "somebody holds $(cat /run/lab/attacking.65534) connections"
ok pk status -- "root is answered"
ok paths_up 2 -- "paths and all"
victim=$(san_dev 2 1)
dir=$(device_dir "$victim")
must san_unmap 2 1
ok wait_until 60 device_gone "$dir" -- "and the dead device goes"

# root's own mistakes cost nobody a device either
python3 /run/lab/attack.py $runtime/private $runtime/read &
must wait_until 60 test -s /run/lab/attacking.0
note "root holds $(cat /run/lab/attacking.0) connections"
ok daemon_is_running -- "the daemon is there"
log_mark
must san_map 2 1 vol2
must san_rescan 1 2
must san_wait_dev 2 1 >/dev/null
victim=$(san_dev 2 1)
dir=$(device_dir "$victim")
# it may be seen before it has a disk
ok wait_until 20 said path-added "hctl=$(san_hctl 2 1)" -- "it sees a new path"
must san_unmap 2 1
ok wait_until 60 device_gone "$dir" -- "and removes the dead one"
ok daemon_stop -- "the daemon ends with status 0"
done_testing

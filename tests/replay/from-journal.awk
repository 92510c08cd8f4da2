# SPDX-License-Identifier: LGPL-2.1-or-later
# See from-journal. Two passes: all lines are kept, since what a path answered while it was verified
# is told only by how that ended.
#
#   event[i] at[i] (ms)  word[i, name]  next_of[i] (the next line about the same path)

function field(i, name) { return (i, name) in word && word[i, name] != "-" ? word[i, name] : "" }
function out(text) { print text }
function ms(t) { return sprintf("%.0f", t) }

{
	start = 0
	for (n = 2; n <= NF && !start; n++)
		if ($n ~ /^pathkeeperd(\[[0-9]+\])?:$/) start = n + 1
	if (!start || start > NF || $1 !~ /^[0-9]+(\.[0-9]+)?$/) { ignored += NF > 0; next }
	# what is before a new beginning was another daemon's
	if ($start == "daemon-started" && lines) { dropped += lines; lines = 0; split("", word) }
	i = ++lines
	at[i] = int($1 * 1000 + 0.5)
	event[i] = $start
	for (n = start + 1; n <= NF; n++) {
		equals = index($n, "=")
		if (equals) word[i, substr($n, 1, equals - 1)] = substr($n, equals + 1)
	}
}

# ---- what a path is ----------------------------------------------------------------------------

function sysfs(hctl,   part) {
	split(hctl, part, ":")
	return "devices/journal/host" part[1] "/target" part[1] ":" part[2] ":" part[3] "/" hctl
}

function tell_device(t, hctl, present,   part, line) {
	split(hctl, part, ":")
	line = "obs device at=" ms(t) (present ? " present=yes" : "") " sysfs=" sysfs(hctl)
	if (present) {
		line = line " ino=" inode[hctl] " address.host=" part[1] " address.channel=" part[2] \
			" address.target=" part[3] " address.lun=" part[4] " protocol=scsi:fcp" \
			" state=running transport=up devt.major=8 devt.minor=" minor[hctl] \
			" sg.major=21 sg.minor=" minor[hctl] " dev=" dev[hctl] " size_sectors=32768" \
			" array=journal"
		if (wwid[hctl] != "") line = line " wwid=" wwid[hctl] " udev_serial=" wwid[hctl]
	}
	out(line)
}

# The first words about it since it came, from line i on.
function first_word(i, hctl, name) {
	for (; i && (event[i] != "path-gone" || field(i, name) != ""); i = next_of[i])
		if (field(i, name) != "") return field(i, name)
	return ""
}

function add_path(t, i,   hctl) {
	hctl = field(i, "hctl")
	inode[hctl] = ++inodes
	minor[hctl] = 16 * inodes
	dev[hctl] = field(i, "dev") == "" ? "sdx" inodes : field(i, "dev")
	map[hctl] = first_word(i, hctl, "map")
	wwid[hctl] = first_word(i, hctl, "wwid")
	if (wwid[hctl] == "" && map[hctl] ~ /^[0-9a-f]+$/) wwid[hctl] = map[hctl]
	if (wwid[hctl] == "") nameless++
	there[hctl] = 1
	failed[hctl] = 0
	found[hctl] = wwid[hctl]
	says[hctl] = "good"
	tell_device(t, hctl, 1)
	tell_answers(hctl)
	if (map[hctl] != "" && map[hctl] in known) tell_map(t, map[hctl], 1)
}

# ---- what it answers ---------------------------------------------------------------------------

# Page 83h with one designator: the WWID again.
function page83(id,   n) {
	if (id !~ /^3[0-9a-f]+$/ || length(id) % 2 == 0) return ""
	n = (length(id) - 1) / 2
	return sprintf("0083%04x010300%02x%s", n + 4, n, substr(id, 2))
}

function inquiry(byte) {
	return " inquired=yes inquiry.data=" byte \
		"0006021f0000004a4f55524e414c204a4f55524e414c2020202020202020203030303120"
}

function sense(prefix, key, asc) {
	return " " prefix ".status=2 " prefix ".sense=7000" key "000000000a00000000" asc "0000"
}

function tell_answers(hctl,   why, line, page) {
	why = says[hctl]
	page = page83(found[hctl])
	line = "answer " hctl " checked asked=yes took_ms=1 state=running transport=up"
	if (why in unasked)
		line = "answer " hctl " checked " unasked[why]
	else if (why == "disconnected")
		line = line sense("tur", "05", "2500") \
			" inquired=yes" sense("inquiry", "05", "2500")
	else if (why == "contradicted")
		line = line sense("tur", "05", "2500") inquiry("00")
	else if (why == "qualifier")
		line = line inquiry("7f")
	else if (why in answer)
		line = line answer[why] inquiry("00")
	else {
		line = line inquiry("00")
		if (why != "good" && why != "reservation\\x20conflict") strange[why]++
	}
	if (page != "" && !(why in unasked) && why != "disconnected" && why != "contradicted")
		line = line " identified=yes identity.data=" page
	out(line)
}

# A check at this moment, as there was one that day: the kernel's hint of a failed path.
function check_now(t, hctl) {
	out("obs uevent at=" ms(t) " uevent=change dm_path_failed=yes devt.major=8 devt.minor=" minor[hctl])
}

function tell_holders(hctl, i,   holder, kind, what) {
	if (field(i, "new") == "held" && field(i, "why") == "holders\\x20unknown") {
		out("answer " hctl " holders")
		return
	}
	if (field(i, "new") != "held" || \
		field(i, "why") !~ /^(in\\x20use|protected|last\\x20path)$/ || field(i, "holder") == "") {
		out("answer " hctl " holders complete=yes")
		return
	}
	holder = field(i, "holder")
	kind = holder
	sub(/\\x20.*/, "", kind)
	what = index(holder, "\\x20") ? substr(holder, index(holder, "\\x20") + 4) : holder
	if (!(kind in holds)) kind = "other"
	out("answer " hctl " holders complete=yes found=1 hold.0.kind=" kind " hold.0.pid=1 hold.0.what=" what \
		(field(i, "why") == "protected" ? " hold.0.critical=yes" : ""))
}

# How the deed that begins with line i ended.
function tell_deed(hctl, i,   j, number) {
	j = next_of[i]
	if (j && event[j] == "path-purge" && field(j, "new") == "stuck")
		out("answer " hctl " silence")
	else if (j && event[j] == "path-purge" && field(j, "error") != "") {
		number = field(j, "error") in errors ? errors[field(j, "error")] : 5
		out("answer " hctl " done result=-" number " stage=" \
			(field(j, "stage") in stages ? stages[field(j, "stage")] : 0))
	} else
		out("answer " hctl " done written=yes stage=7")
}

# ---- maps --------------------------------------------------------------------------------------

function tell_map(t, name, present,   hctl, n, line) {
	if (!(name in map_minor)) map_minor[name] = ++maps
	known[name] = present
	line = "obs map at=" ms(t) (present ? " present=yes" : "") " devt.major=253 devt.minor=" \
		map_minor[name] " name=" name
	for (hctl in there)
		if (present && map[hctl] == name) {
			line = line " member." n + 0 ".major=8 member." n + 0 ".minor=" minor[hctl] \
				" member." n + 0 ".group=1"
			if (!failed[hctl]) line = line " member." n + 0 ".active=yes"
			n++
			if (wwid[hctl] != "") id[name] = wwid[hctl]
		}
	line = line " uuid=mpath-" (name in id ? id[name] : name)
	if (present) line = line " groups=A open_count=1 size_sectors=32768"
	out(line)
}

# ---- line by line ------------------------------------------------------------------------------

# Was it found, before it said another thing, that INQUIRY disagrees?
function is_contradicted(i) {
	for (i = next_of[i]; i && event[i] != "path-state" && event[i] != "path-gone"; i = next_of[i])
		if (field(i, "why") == "inquiry\\x20disagrees") return 1
	return 0
}

function take_state(i, hctl) {
	says[hctl] = field(i, "why")
	if (says[hctl] == "disconnected" && is_contradicted(i)) says[hctl] = "contradicted"
	if (field(i, "new") == "up" || field(i, "new") == "ghost") failed[hctl] = 0
	tell_answers(hctl)
	check_now(at[i], hctl)
}

# From one way of being down to another there is no path-state; and one that is up and marked
# answers, and INQUIRY says that there is none.
function take_mark(i, hctl) {
	if (says[hctl] == "disconnected" || says[hctl] == "contradicted") return
	says[hctl] = says[hctl] == "good" ? "qualifier" : is_contradicted(i) ? "contradicted" : "disconnected"
	tell_answers(hctl)
	check_now(at[i], hctl)
}

function take_purge(i, hctl) {
	if (field(i, "old") == "no" && field(i, "why") == "disconnected") take_mark(i, hctl)
	# asked when it is verified, told when that ends; deeds come after it
	if (next_of[i]) tell_holders(hctl, next_of[i])
	if (field(i, "new") == "deleting") deleting[hctl] = 1
	if (field(i, "new") == "verifying" && next_of[i]) tell_deed(hctl, next_of[i])
	if (field(i, "why") == "fail\\x20path\\x20first") failed[hctl] = 1
	if (field(i, "why") == "remove\\x20map\\x20first") by_us[map[hctl]] = 1
}

function take_gone(i, hctl) {
	if (field(i, "purge") != "deleting") {
		tell_device(at[i], hctl, 0)
		out("obs uevent at=" ms(at[i]) " uevent=remove scsi_device=yes sysfs=" sysfs(hctl))
	}
	delete there[hctl]
}

function take_fence(i, hctl) {
	if (field(i, "new") == "suspected") found[hctl] = field(i, "found")
	if (field(i, "new") == "no" && field(i, "why") == "same\\x20identity") found[hctl] = wwid[hctl]
	if (field(i, "new") == "suspected" || field(i, "new") == "no") {
		tell_answers(hctl)
		check_now(at[i], hctl)
	}
}

function take(i,   hctl) {
	hctl = field(i, "hctl")
	if (event[i] == "path-added" && !(hctl in there)) { add_path(at[i], i); return }
	if (hctl != "" && !(hctl in there)) return
	if (event[i] == "path-state") take_state(i, hctl)
	else if (event[i] == "path-purge") take_purge(i, hctl)
	else if (event[i] == "path-fence") take_fence(i, hctl)
	else if (event[i] == "path-gone") take_gone(i, hctl)
	else if (event[i] == "map-changed") tell_map(at[i], field(i, "map"), 1)
	else if (event[i] == "map-gone") { if (!(field(i, "map") in by_us)) tell_map(at[i], field(i, "map"), 0) }
	else if (event[i] == "owner") out("obs owner at=" ms(at[i]) (field(i, "running") == "yes" ? " running=yes pid=1" : ""))
	else if (event[i] == "slept") out("obs time at=" ms(at[i]) " slept_ms=" field(i, "ms"))
	else if (event[i] == "uevents-lost") out("obs uevents-lost at=" ms(at[i]))
	else if (event[i] == "attention") out("obs uevent at=" ms(at[i]) " uevent=change scsi_device=yes attention=" \
		field(i, "what") " sysfs=" sysfs(hctl))
	else if (event[i] == "request" && field(i, "verb") ~ /^(Purge|Rescan)$/) words++
	else if (event[i] == "helper-lost") helpers++
}

function begin(   n, part) {
	n = split("mount swap map md bcache loop export open claim", part, " ")
	while (n) holds[part[n--]] = 1
	n = split("lock state transport ask claim daemon write", part, " ")
	for (; n; n--) stages[part[n]] = n
	n = split("EIO 5 EAGAIN 11 ENOMEM 12 EBUSY 16 ENODEV 19 EINVAL 22 EPIPE 32 ESTALE 116 ETIMEDOUT 110 ECANCELED 125", part, " ")
	for (; n; n -= 2) errors[part[n - 1]] = part[n]
	unasked["offline"] = "state=transport-offline transport=down"
	unasked["blocked"] = "state=blocked transport=down"
	unasked["removed"] = "state=going"
	answer["standby"] = sense("tur", "02", "040b")
	answer["transitioning"] = sense("tur", "02", "040a")
	answer["other\\x20sense"] = sense("tur", "03", "1100")
	answer["busy"] = " tur.status=8"
	answer["host\\x20adapter"] = " tur.host=1"
	answer["timeout"] = " tur.host=3"
	answer["no\\x20answer"] = " tur.error=-5"
}

# Every path that is spoken of before it was added was there at the beginning.
function begin_world(   i, hctl, seen, last) {
	for (i = lines; i; i--) {
		hctl = field(i, "hctl")
		if (hctl != "") { next_of[i] = last[hctl]; last[hctl] = i }
	}
	for (i = 1; i <= lines; i++) {
		hctl = field(i, "hctl")
		if (hctl != "" && !(hctl in seen)) {
			seen[hctl] = 1
			if (event[i] != "path-added") add_path(at[1], i)
		}
	}
	for (i = 1; i <= lines; i++)
		if (event[i] == "owner") break
	if (i > lines) out("obs owner at=" ms(at[1]) " running=yes pid=1")
	for (hctl in there)
		if (map[hctl] != "" && !(map[hctl] in known)) tell_map(at[1], map[hctl], 1)
}

END {
	if (!lines) { print "from-journal: no event of pathkeeperd is in there" >"/dev/stderr"; exit 1 }
	begin()
	print "# Reconstructed from the journal: what was concluded that day, not what was answered."
	print "# Not known: the array and its products (all are one, so purge_share counts otherwise), holders"
	print "# but the first, groups and options of maps, the times between two events, and clients' words."
	if (config == "") print "# Not known: the configuration; the built-in one is in force."
	if (dropped) print "# Left out: " dropped " events of a daemon before the last start."
	while (config != "" && (getline line <config) > 0) print "config " line
	begin_world()
	for (i = 1; i <= lines; i++) {
		if (at[i] > reached) { out("until at=" ms(at[i])); reached = at[i] }
		take(i)
	}
	out("until at=" ms(at[lines] + 30000))
	for (why in strange) print "# Not reconstructed: \"" why "\" of a path, " strange[why] " times: it was good here."
	if (words) print "# Not reconstructed: " words " words of clients (Purge, Rescan)."
	if (helpers) print "# Not reconstructed: " helpers " losses of helpers."
	if (nameless) print "# Not known: the WWID of " nameless " devices."
	if (ignored) print "# Not understood: " ignored " lines."
}

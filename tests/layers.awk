# Which folder may include which. Thinking (scsi dm config model judge plan) and doing (port observe
# act) never include each other; the model's border types are all that doing may know of it.
function allow(from, list,   n, i, to) { known[from]; n = split(list, to, " "); for (i = 1; i <= n; i++) may[from, to[i]] }
function complain(why) { print FILENAME ":" FNR ": " layer " " why; bad = 1 }
BEGIN {
	allow("base", "base")
	allow("scsi", "base scsi")
	allow("dm", "base dm")
	allow("config", "base scsi config")
	allow("model", "base scsi dm config model")
	allow("judge", "base scsi dm config model judge")
	allow("nodes", "base nodes")
	allow("plan", "base nodes scsi dm config model judge plan")
	allow("port", "base scsi port")
	allow("observe", "base scsi dm border port observe")
	allow("act", "base scsi dm border port act")
	allow("core", "base scsi dm config model judge plan port observe act core")
	allow("show", "base scsi dm config model show")
	allow("serve", "base scsi dm config model judge plan port core show serve")
	allow("lib", "base lib")
	allow("cli", "base scsi dm config model judge plan port observe act core show lib cli")
	allow("main", "base scsi dm config model judge plan port observe act core show serve lib cli")
	split("observation action path_id node use", names, " ")
	for (i in names) border["model/" names[i] ".h"]
	thinking = " nodes scsi dm config model judge plan "
}
FNR == 1 { n = split(FILENAME, part, "/"); layer = n > 2 ? part[2] : "main"; if (!(layer in known)) complain("is not a layer") }
/^#[ \t]*include "/ {
	split($0, quoted, "\""); name = quoted[2]
	split(name, to, "/")
	if (name !~ /\//) { if (name !~ /^pathkeeper/) complain("includes " name " without its folder"); next }
	if (name in border && (layer, "border") in may) next
	if (!((layer, to[1]) in may)) complain("may not include " name)
}
# thinking makes no system call and reads no clock: the headers that would let it
/^#[ \t]*include </ && index(thinking, " " layer " ") &&
	/<(unistd|fcntl|time|sys\/[a-su-z]|poll|signal|systemd|dirent|stdio_ext)/ { complain("thinks, and includes " $2) }
END { if (!bad) print "1..1\nok 1 - " NR " lines, no arrow crosses"; exit bad }

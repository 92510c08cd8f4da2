# SPDX-License-Identifier: LGPL-2.1-or-later
# awk -f embed.awk hwtable.conf: the text as C. Comments become empty lines, so that lines keep
# their numbers.
BEGIN {
	print "#include \"config/hwtable.h\"\n"
	print "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
	print "const char hwtable_text[] ="
}
/^[ \t]*#/ { $0 = "" }
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print "\t;\nconst size_t hwtable_len = sizeof hwtable_text - 1;" }

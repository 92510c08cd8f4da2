# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/fuzz/lib.sh: what smoke and long share. To be sourced with $here, this folder, and $build.
#
#   bail WORD...              gives up
#   sow NAME DIR              the seeds of fuzz-NAME into a folder that may grow
#   gather DIR                inputs as lines of corpus/NAME/found.lines, on standard output
#   compile                   every fuzzer, with clang, in $build
#   fuzz NAME SECONDS         runs one, from its seeds; says everything in $build/fuzz-NAME.log
#   fuzz_runs NAME            how many inputs that was

# for smoke and long alike: what is larger is never taken whole by anybody
max_len=4096

bail() {
	echo "Bail out! $*"
	exit 1
}

# Seeds are text, so that a diff shows them: *.hex holds the bytes of one input, *.lines those of one
# a line; # begins a comment.
sow() {
	mkdir -p "$2"
	for seed in "$here/corpus/$1"/*; do
		[ -f "$seed" ] || continue
		case $seed in
		*.hex | *.lines) unhex "$seed" "$2/$(basename "$seed")" ;;
		*) cp "$seed" "$2/" ;;
		esac
	done
}

unhex() {
	awk -v to="$2" -v each="${1##*.}" '{
		sub(/#.*/, ""); gsub(/[ \t]/, "")
		if ($0 == "") next
		if (each == "lines") file = to "." ++n
		else file = to
		for (i = 1; i < length($0); i += 2) {
			high = index("0123456789abcdef", tolower(substr($0, i, 1))) - 1
			low = index("0123456789abcdef", tolower(substr($0, i + 1, 1))) - 1
			printf "%c", high * 16 + low >file
		}
		if (each == "lines") close(file)
	}' "$1"
}

gather() {
	for input in "$1"/*; do
		[ -s "$input" ] || continue
		od -An -v -tx1 "$input" | tr -d ' \n'
		echo
	done | sort
}

compile() {
	command -v clang >/dev/null || bail "clang is missing"
	mkdir -p "$build"
	echo 'int LLVMFuzzerTestOneInput(const char *b, long n) { return b && n < 0; }' >"$build/probe.c"
	clang -fsanitize=fuzzer,address,undefined -o "$build/probe" "$build/probe.c" >"$build/compile.log" 2>&1 || {
		sed 's/^/# /' "$build/compile.log"
		bail "clang's fuzzer runtime is missing (Debian: libclang-rt-*-dev, Fedora: compiler-rt)"
	}
	[ -f "$build/build.ninja" ] || CC=clang meson setup -Dfuzz=true -Db_lundef=false "$build" "$here/../.." \
		>"$build/compile.log" 2>&1 || { sed 's/^/# /' "$build/compile.log"; bail "meson setup failed"; }
	ninja -C "$build" fuzzers >"$build/compile.log" 2>&1 ||
		{ sed 's/^/# /' "$build/compile.log"; bail "the fuzzers do not compile"; }
	mkdir -p "$build/findings"
}

fuzz() {
	sow "$1" "$build/corpus/fuzz-$1"
	"$build/tests/fuzz/fuzz-$1" -max_total_time="$2" -max_len="$max_len" -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$build/findings/fuzz-$1-" -print_final_stats=1 "$build/corpus/fuzz-$1" \
		>"$build/fuzz-$1.log" 2>&1
}

fuzz_runs() { sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz-$1.log"; }

#!/bin/bash
# sc_scrub leaves nothing on the stack, whatever the compiler makes of it (rule M9): tests/unit/test_scrub.c and
# src/hsmd/os/scrub.c alone, with each compiler that is here, at each optimization, with and without the options with
# which distributions harden their frames. Prints "ok NAME", "FAIL NAME: why" or "skip NAME: why".
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "$(uname -m)" != x86_64 ]; then
	echo "skip scrub: sc_scrub is in assembler on x86-64 only"
	exit 0
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
hard="-fstack-protector-all -fstack-clash-protection -fcf-protection -U_FORTIFY_SOURCE"

check() { # compiler, level
	local options
	for options in "" "$hard"; do
		if ! $1 -w "$2" $options -Isrc -D_GNU_SOURCE src/hsmd/os/scrub.c tests/unit/test_scrub.c \
			-o "$scratch/test" -pthread -lcmocka >"$scratch/log" 2>&1; then
			echo "FAIL scrub-$1$2: it does not compile: $(head -n 2 "$scratch/log" | tr '\n' ' ')"
			return 1
		fi
		if ! CMOCKA_MESSAGE_OUTPUT=STDOUT "$scratch/test" >"$scratch/log" 2>&1; then
			echo "FAIL scrub-$1$2: with ${options:-no other options}: $(grep ERROR "$scratch/log" | head -n 1)"
			return 1
		fi
	done
	echo "ok scrub-$1$2"
}

failed=0
# With link-time optimization, as in a library.
check_lto() { # compiler, archiver
	local options="-w -O2 -flto -Isrc -D_GNU_SOURCE"
	if ! command -v "$2" >/dev/null; then
		echo "skip scrub-$1-lto: $2 is not installed"
	elif rm -f "$scratch/scrub.a" &&
		$1 $options -c src/hsmd/os/scrub.c -o "$scratch/scrub.o" >"$scratch/log" 2>&1 &&
		"$2" rcs "$scratch/scrub.a" "$scratch/scrub.o" >>"$scratch/log" 2>&1 &&
		$1 $options tests/unit/test_scrub.c "$scratch/scrub.a" -o "$scratch/test" -pthread -lcmocka >>"$scratch/log" 2>&1 &&
		"$scratch/test" >>"$scratch/log" 2>&1; then
		echo "ok scrub-$1-lto"
	else
		echo "FAIL scrub-$1-lto: $(grep -m 1 -iE 'error|undefined|FAILED' "$scratch/log")"
		return 1
	fi
}

for compiler in gcc-12 gcc-13 gcc-14 clang-14 clang-16 clang-19; do
	if ! command -v $compiler >/dev/null; then
		echo "skip scrub-$compiler: not installed"
		continue
	fi
	for level in -O0 -O1 -O2 -O3; do check $compiler $level || failed=1; done
	# clang's own linker for this is not always installed.
	case $compiler in gcc*) check_lto $compiler gcc-ar-${compiler#gcc-} || failed=1 ;; esac
done
exit $failed

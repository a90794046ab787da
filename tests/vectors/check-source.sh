#!/bin/bash
# Each check of scripts/check-source finds the fault that it is for, and only that one: a small tree without
# faults passes, and with one planted fault exactly one check fails. Prints "ok NAME", "FAIL NAME: why" or
# "skip NAME: why".
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
checker=$root/scripts/check-source
status=0

# Two folders, one above the other, with a header, a source file and a rule that is cited.
make_sound() {
	mkdir -p sound/src/base sound/src/formats sound/build/src/lib.a.p
	cd sound || exit 1
	cp "$root/.clang-format" "$root/DESIGN.md" .
	printf 'struct sc_number {\n\tint value;\n};\n\nint sc_number_add(int a, int b);\n' >src/base/number.h
	printf '/* %s P4 */\n#include "base/number.h"\n\nint sc_number_add(int a, int b)\n{\n\treturn a + b;\n}\n' rule >src/base/number.c
	printf 'struct sc_owner {\n\tint value;\n};\n\nint sc_owner_of(int a);\n' >src/formats/owner.h
	printf '#include "formats/owner.h"\n#include "base/number.h"\n\nint sc_owner_of(int a)\n{\n\treturn sc_number_add(a, 1);\n}\n' >src/formats/owner.c
	cat >program <<-'END'
		int sc_number_add(int a, int b);
		void sc_fd_hold_standard(void) {}
		#ifndef FORGETS
		__attribute__((used, section(".preinit_array"))) static void (*const first)(void) = sc_fd_hold_standard;
		#endif
		int main(void) { return sc_number_add(0, 0); }
	END
	echo build >.gitignore
	git init -q .
}

# checks: what the checker prints about the tree. Objects have the names that Meson gives them.
checks() {
	local source object
	for source in src/*/*.c; do
		object=build/src/lib.a.p/$(tr / _ <<<"${source#src/}").o
		[ "$object" -nt "$source" ] || cc -c -Isrc -o "$object" "$source" || return
	done
	[ build/program -nt program ] || cc ${flags:-} -Isrc -o build/program -x c program src/base/number.c || return
	git add -A && "$checker" build .
}

# renew: the tree without faults again.
renew() {
	rm -rf "$work/tree"
	cp -rp "$work/sound" "$work/tree"
	cd "$work/tree" || exit 1
}

# finds CHECK WHAT: of the tree as it is now, exactly that check fails.
finds() {
	local said failed
	said=$(checks 2>&1)
	failed=$(grep '^FAIL ' <<<"$said" | sed 's/^FAIL \([^:]*\):.*/\1/')
	if [ "$1" = source-is-as-clang-format-writes-it ] && grep -q "^skip $1" <<<"$said"; then
		echo "skip finds-$2: clang-format-19 is not installed"
	elif [ "$failed" = "$1" ]; then
		echo "ok finds-$2"
	else
		echo "FAIL finds-$2: not only or not $1: $(grep -v '^ok ' <<<"$said" | tr '\n' ' ')"
		status=1
	fi
	renew
}

make_sound
said=$(checks 2>&1)
if grep -vqE '^(ok|skip) ' <<<"$said" || ! grep -q '^ok ' <<<"$said"; then
	echo "FAIL a-tree-without-faults-passes: $said"
	exit 1
fi
echo "ok a-tree-without-faults-passes"
renew

sed 's/number\.h/memory.h/' src/base/number.c >src/base/memory.c
sed 's/sc_number {/sc_memory {/' src/base/number.h >src/base/memory.h
finds no-symbol-is-defined-in-two-objects a-symbol-in-two-objects

printf '\nint sc_db_open(int a)\n{\n\treturn a;\n}\n' >>src/formats/owner.c
finds each-symbol-has-a-prefix-of-its-folder another-folders-prefix

printf '\nint owner_of_all(int a)\n{\n\treturn a;\n}\n' >>src/formats/owner.c
finds each-symbol-has-a-prefix-of-its-folder a-symbol-without-a-prefix

printf '\nstruct sc_number {\n\tint value;\n};\n' >>src/formats/owner.h
sed -i '/base\/number\.h/d; s/sc_number_add(a, 1)/a/' src/formats/owner.c
finds no-struct-tag-is-defined-in-two-headers a-struct-tag-in-two-headers

echo 'struct sc_owner_number;' >src/formats/number.h
finds no-two-files-of-src-have-one-name two-files-of-one-name

sed -i 's/#include "base\/number\.h"/&\n#include "formats\/owner.h"/' src/base/number.c
finds folders-include-only-what-is-below-them an-include-that-goes-up

printf '\nint sc_number_show(int a)\n{\n\tprintf("%%d", a);\n\treturn a;\n}\n' >>src/base/number.c
sed -i '1a #include <stdio.h>\n' src/base/number.c
finds only-base-print-prints output-past-print.h

# With _ for a space, because the checker reads this file too.
for cited in rule_F99 rules_M1_and_C99 invariant_99 DESIGN_section_7; do
	printf '/* %s */\n' "${cited//_/ }" >>src/base/number.c
	finds each-cited-rule-and-invariant-is-in-DESIGN "the-wrong-citation-$cited"
done

for word in any_ew for_ver; do
	printf '/* Made %s. */\n' "$(sed 's/any_ew/an\x65w/; s/for_ver/for \x65ver/' <<<"$word")" >>src/base/number.c
	finds the-wording-is-plain "the-word-$word"
done

printf '/* %0105d */\n' 0 >>src/base/number.c
finds comments-keep-to-the-columns a-comment-that-is-too-long

sed -i 's/int a,/int  a,/' src/base/number.c
finds source-is-as-clang-format-writes-it a-badly-formatted-file

touch program
flags=-DFORGETS finds each-program-opens-the-standard-descriptors-first a-program-that-does-not-call-it
sed -i 's/sc_fd_hold_standard/sc_fd_hold_none/' program
finds each-program-opens-the-standard-descriptors-first a-program-that-does-not-have-it

sed 's/"wire": ("/&number /' "$root/scripts/check-source" >"$work/checker"
chmod +x "$work/checker"
checker=$work/checker finds no-prefix-belongs-to-two-folders a-prefix-of-two-folders
exit $status

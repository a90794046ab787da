#!/bin/bash
# What ./check itself relies on: the unit tests' runner shows why a test failed, and scripts/packages.sh needs only
# what the build needs. Programs that stand in for Meson, apt and dpkg say what each script asked for. Prints "ok NAME"
# or "FAIL NAME: why".
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
. tests/journey/results.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/none"
PATH=$work/bin:$PATH

# stand_in NAME: a program, from standard input.
stand_in() {
	{ echo '#!/bin/bash'; cat; } >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# -- scripts/unit-tests --------------------------------------------------------------------------------------

stand_in meson <<END
for test in failing:quick crashing:quick passing:slow; do
	printf '%s{"name": "%s", "cmd": ["$work/bin/%s"], "env": {}, "workdir": null, "timeout": 5, "suite": ["all:%s"]}' \
		"\${comma:-[}" "\${test%:*}" "\${test%:*}" "\${test#*:}"
	comma=,
done
echo ']'
END
stand_in failing <<'END'
printf 'TAP version 13\n1..3\nok 1 - a_promise\nERROR: card 2: wrong PIN\nnot ok 2 - another_promise\n'
printf 'not ok 3 - the_last\n# 1 != 2\n# ../tests/unit/test_x.c:7: error: Failure!\n'
exit 2
END
stand_in crashing <<'END'
printf 'TAP version 13\n1..2\nok 1 - a_promise\n'
echo 'test_x: x.c:3: f: Assertion failed.' >&2
exit 134
END
stand_in passing <<'END'
printf 'TAP version 13\n1..1\nok 1 - a_promise\n'
END
"$root/scripts/unit-tests" "$work" >"$work/all" 2>"$work/details"
ok a-failed-unit-tests-message-is-its-reason grep -qx 'FAIL failing: another_promise: card 2: wrong PIN' "$work/all"
ok a-failed-assertion-is-its-reason grep -q '^FAIL failing: the_last: 1 != 2; .*test_x.c:7' "$work/all"
ok a-crash-is-a-failure-with-its-last-words \
	grep -q '^FAIL crashing: 1 of its 2 tests finished: test_x: x.c:3: f: Assertion failed.$' "$work/all"
ok the-slowest-programs-are-named grep -q '^the slowest: .*passing [0-9.]* s' "$work/details"
"$root/scripts/unit-tests" --quick "$work" >"$work/quick" 2>/dev/null
ok quick-skips-the-slow-and-counts-them grep -q '^skip passing: ' "$work/quick"
ok quick-runs-the-others grep -q '^ok failing: a_promise' "$work/quick"
ok a-named-program-runs-alone [ "$("$root/scripts/unit-tests" "$work" passing 2>/dev/null)" = 'ok passing: a_promise' ]
no an-unknown-name-is-refused 'no test of that name: nonsense' "$root/scripts/unit-tests" "$work" nonsense

# -- scripts/packages.sh -------------------------------------------------------------------------------------

stand_in dpkg-query <<END
[ -e "$work/none/\${!#}" ] || echo installed
END
stand_in apt-cache <<'END'
[ "$2" = azure-cli ] || echo "$2 | 1 | archive"
END
stand_in apt-get <<END
[ "\$4" = update ] && exit
echo "\${@:7}" >>"$work/installed"
for package in "\${@:7}"; do
	[ "\$package" != valgrind ] || exit 100
	rm "$work/none/\$package"
done
END
stand_in id <<'END'
echo 0
END

# packages KIND MISSING…: runs the script where these are not installed.
packages() {
	local kind=$1
	shift
	rm -f "$work/none"/* "$work/installed"
	: >"$work/installed"
	(cd "$work/none" && touch "$@")
	"$root/scripts/packages.sh" "$kind"
}
all='gcc meson jq azure-cli valgrind clang'
packages build $all >"$work/said" 2>&1
ok the-build-installs-what-it-needs-and-nothing-else [ "$(tr '\n' ' ' <"$work/installed")" = 'gcc meson ' ]
ok what-is-installed-is-said grep -q '^Installing packages: gcc meson' "$work/said"
ok what-the-archive-does-not-have-ends-nothing packages test $all
packages test $all >"$work/said" 2>&1
ok what-cannot-be-installed-keeps-out-nothing-else grep -qx clang "$work/installed"
ok what-is-left-out-is-said grep -q 'what needs them is skipped: azure-cli valgrind$' "$work/said"
stand_in apt-get <<'END'
[ "$4" = update ] || { echo "E: no such package"; exit 100; }
END
no without-what-the-build-needs-nothing-goes-on 'apt-get failed to install: gcc' packages test gcc
finish

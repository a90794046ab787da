#!/bin/bash
# `meson install`: every program that is built, and every one that README names, is there and runs from there.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
SC_BUILD=$(cd "${SC_BUILD:-$root/build}" && pwd) || exit 1
. "$root/tests/journey/results.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/safeconduct.XXXXXX")
trap 'rm -rf "$work"' EXIT

ok installs meson install -C "$SC_BUILD" --no-rebuild --quiet --destdir "$work"
bin=$(dirname "$(find "$work" -name hsmd -type f)")

runs() { env -i PATH=/usr/bin:/bin "$bin/$1" --version | grep -q "^${1%.exe}.* (Safeconduct) "; }
all_built() {
	local program
	for program in $(find "$SC_BUILD/src" -type f -perm -u+x); do runs "$(basename "$program")" || return; done
}
ok every-program-that-is-built-runs-from-there all_built
ok the-verifier-in-python-runs-from-there runs verifykeypackage.py
for name in new-world generatekey KeyTransferRemote kmfile-dump; do ok "the-articles-name-$name.exe" runs "$name.exe"; done

# The first words of README's command lines, but for those of the source tree, the shell, and other projects.
named() {
	sed -n 's/^    \([^ ].*\)/\1/p' "$root/README.md" | sed 's/^python3 //' | grep -oE '^[A-Za-z.-]+( |$)' | grep -vwE 'meson|export|mkdir|\.' | sort -u
}
all_named() {
	local program count=0
	for program in $(named); do
		[ -x "$bin/$program" ] || { echo "$program is not installed"; return 1; }
		count=$((count + 1))
	done
	[ $count -ge 12 ]
}
ok every-program-that-readme-names-is-there all_named

# It takes the script and the transfer program from where it is itself. The packages are not judged here.
toolset() {
	mkdir "$work/packages" &&
		echo kek >"$work/packages/BYOK-KEK-pkg-EU-1" && echo world >"$work/packages/BYOK-SecurityWorld-pkg-EU-1" &&
		"$bin/safeconduct" toolset build EU --packages="$work/packages" -o "$work" --root-hash="$(printf '%064d' 0)" &&
		python3 -m zipfile -e "$work/KeyVault-BYOK-Tools-Europe.zip" "$work/toolset" &&
		cmp "$work/toolset/KeyTransferRemote" "$bin/KeyTransferRemote" && [ -s "$work/toolset/verifykeypackage.py" ]
}
ok a-toolset-is-built-from-what-is-installed toolset
finish

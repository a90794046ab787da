#!/bin/bash
# Installs the missing Debian or Ubuntu packages that Safeconduct is built and tested with:
#   scripts/packages.sh build     what the build needs
#   scripts/packages.sh test      that, and what ./check needs (including the Azure CLI, a 36 MB download)
# It says what it installs. It runs apt-get, as root or through sudo. On other systems it only checks that the
# commands exist.
set -u

build="gcc libc6-dev pkg-config meson ninja-build libssl-dev libargon2-dev libseccomp-dev libzip-dev \
libsqlite3-dev libmicrohttpd-dev libgnutls28-dev libjansson-dev libcjose-dev libcurl4-openssl-dev libcmocka-dev openssl python3"
test="curl jq xxd clang asn1c libnss-myhostname azure-cli"
# Installed if the system's archive has them: a check that needs one is otherwise skipped, and counted as skipped. On some
# releases libclang-rt-dev is part of clang's own packages.
optional="libclang-rt-dev clang-format-19 valgrind"

case ${1:-} in
build)
	wanted=$build
	optional=
	;;
test) wanted="$build $test" ;;
*)
	echo "Usage: scripts/packages.sh build|test" >&2
	exit 2
	;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	for command in cc meson ninja pkg-config openssl python3; do
		if ! command -v "$command" >/dev/null; then
			echo "packages: not Debian or Ubuntu, and $command is missing: install: $wanted" >&2
			exit 1
		fi
	done
	exit 0
fi

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in $wanted; do
	is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || for package in $optional; do
	is_installed "$package" || ! apt-cache show "$package" >/dev/null 2>&1 || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "packages: packages are missing and sudo is not installed: as root, run: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	root=(sudo)
fi

apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

echo "Installing packages: ${missing[*]}"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
apt -q update >"$log" 2>&1 || echo "packages: cannot update the package lists; continuing with the current ones" >&2

for package in $optional; do
	if ! is_installed "$package" && apt-cache show "$package" >/dev/null 2>&1; then
		missing+=("$package")
	fi
done
readarray -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if ! apt -q install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "packages: apt-get failed to install: ${missing[*]}" >&2
	exit 1
fi

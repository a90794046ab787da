#!/bin/bash
# Installs the Debian or Ubuntu packages that Safeconduct is built and tested with, where they are missing:
#   scripts/packages.sh build     what the programs need
#   scripts/packages.sh test      that, and what ./check needs beside it (the Azure CLI among it, 36 MB to fetch)
# It says what it installs. As root it calls apt-get itself, else through sudo. On another system it only checks
# that the commands are there.
set -u

build="gcc libc6-dev pkg-config meson ninja-build libssl-dev libargon2-dev libseccomp-dev libzip-dev \
libsqlite3-dev libmicrohttpd-dev libgnutls28-dev libjansson-dev libcjose-dev libcurl4-openssl-dev libcmocka-dev openssl python3"
test="curl jq xxd clang libclang-rt-dev asn1c libnss-myhostname azure-cli"

case ${1:-} in
build) wanted=$build ;;
test) wanted="$build $test" ;;
*)
	echo "Usage: scripts/packages.sh build|test" >&2
	exit 2
	;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	for command in cc meson ninja pkg-config openssl python3; do
		if ! command -v "$command" >/dev/null; then
			echo "packages: this is no Debian or Ubuntu, and $command is missing; please install: $wanted" >&2
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
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "packages: missing: ${missing[*]}; install them as root: apt-get install ${missing[*]}" >&2
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
apt -q update >"$log" 2>&1 || echo "packages: the package lists could not be renewed; going on with those that are there" >&2

# libclang-rt-dev is a part of clang's own packages on some releases.
if [[ " ${missing[*]} " == *" libclang-rt-dev "* ]] && ! apt-cache show libclang-rt-dev >/dev/null 2>&1; then
	kept=()
	for package in "${missing[@]}"; do
		[ "$package" = libclang-rt-dev ] || kept+=("$package")
	done
	missing=("${kept[@]}")
fi
if [ ${#missing[@]} -gt 0 ] && ! apt -q install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "packages: apt-get could not install: ${missing[*]}" >&2
	exit 1
fi

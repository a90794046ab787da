#!/bin/bash
# Installs the missing Debian or Ubuntu packages that Safeconduct is built and tested with:
#   scripts/packages.sh build       what the build and its unit tests need
#   scripts/packages.sh test        that, and what ./check needs (including the Azure CLI, a 36 MB download)
#   scripts/packages.sh compilers   that of the build, and the other compilers that scripts/compilers builds with
# It says what it installs. It runs apt-get, as root or through sudo. On other systems it only checks that the
# commands exist. What the system's archive does not have, or cannot be installed, is left out and said if only
# some tests need it: they are then skipped, and counted as skipped.
set -u

required="gcc libc6-dev pkg-config meson ninja-build libssl-dev libargon2-dev libseccomp-dev libzip-dev \
libsqlite3-dev libmicrohttpd-dev libgnutls28-dev libjansson-dev libcjose-dev libcurl4-openssl-dev libcmocka-dev openssl python3"
optional=

case ${1:-} in
build) ;;
test)
	required+=" curl jq xxd git"
	# On some releases libclang-rt-dev is part of clang's own packages.
	optional="azure-cli asn1c clang libclang-rt-dev clang-format-19 libnss-myhostname valgrind wrk"
	;;
compilers) optional="gcc-12 gcc-13 gcc-14 clang-14 clang-16 clang-19" ;;
*)
	echo "Usage: scripts/packages.sh build|test|compilers" >&2
	exit 2
	;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	for command in cc meson ninja pkg-config openssl python3; do
		if ! command -v "$command" >/dev/null; then
			echo "packages: not Debian or Ubuntu, and $command is missing: install: $required" >&2
			exit 1
		fi
	done
	exit 0
fi

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing_of PACKAGE…: prints those that are not installed.
missing_of() {
	local package
	for package; do
		is_installed "$package" || printf '%s ' "$package"
	done
}

# has PACKAGE: the archive has it, by the current lists.
has() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1
}

can_install() {
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null
}

# update [IF-OLD]: fetches the lists of packages, once; with IF-OLD only if they are older than a day.
update() {
	[ -z "${updated:-}" ] || return
	updated=yes
	[ -z "${1:-}" ] || [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mmin -1440 2>/dev/null)" ] || return
	apt update || echo "packages: cannot update the package lists; continuing with the current ones" >&2
}

missing=$(missing_of $required)
if [ -n "$missing" ]; then
	if ! can_install; then
		echo "packages: packages are missing and sudo is not installed: as root, run: apt-get install $missing" >&2
		exit 1
	fi
	echo "Installing packages: $missing"
	update
	if ! apt install -y --no-install-recommends $missing; then
		tail -n 20 "$log" >&2
		echo "packages: apt-get failed to install: $missing" >&2
		exit 1
	fi
fi

# Each by itself: one that cannot be installed does not keep out the others.
absent=
for package in $(missing_of $optional); do
	if can_install; then
		has "$package" || update if-old
		if has "$package"; then
			echo "Installing packages: $package"
			! apt install -y --no-install-recommends "$package" || continue
		fi
	fi
	absent+=" $package"
done
[ -z "$absent" ] || echo "packages: not installed, and what needs them is skipped:$absent"

# What journeys and attacks share: a site in its own directory, and result lines for ./check to count.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
SC_BUILD=$(cd "${SC_BUILD:-$root/build}" && pwd) || exit 1
SITE=$(mktemp -d "${TMPDIR:-/tmp}/safeconduct.XXXXXX")
FACTORY_PASSPHRASE='the factory passphrase of a test'
PATH=$SC_BUILD/tests/journey:$PATH
. "$root/scripts/site.sh"
. "$here/results.sh"

# end: stops everything that was started and removes the site. Run by the EXIT trap.
end() {
	site_stop_all
	rm -rf "$SITE"
}
trap end EXIT

# service MODULE: the service socket of a region's module, as vaultd uses it.
service() { site_socket "$1" vaultd vault vault+kek; }

subscription=6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11
published=$SITE/published
packages() { echo -ExchangeKeyPackage "$published/BYOK-KEK-pkg-$1-1" -NewSecurityWorldPackage "$published/BYOK-SecurityWorld-pkg-$1-1"; }

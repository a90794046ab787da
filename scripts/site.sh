# A site in a directory, for the demo and the journeys: a factory, modules with their sockets and cards, and the
# custodians' tools, each started and stopped as an operator would. Sourced by bash; needs SC_BUILD, the build
# directory, and SITE, the directory that everything is made in.
set -u

PATH=$SC_BUILD/src/tools:$SC_BUILD/src/hsmd:$PATH

# die WHY: ends the script; what was started is stopped by its own EXIT trap.
die() { echo "$0: $*" >&2; exit 1; }

# site_factory NAME: the manufacturer's offline root; its passphrase stands for what a person would type.
site_factory() {
	factory init --dir="$SITE/factory" --name="$1" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" >"$SITE/factory.log" ||
		die "factory init: see $SITE/factory.log"
}

site_root_hash() { factory root-hash --dir="$SITE/factory"; }

# site_enrol MODULE: identity, warrant, the root pinned by the hash that was published apart.
site_enrol() {
	local dir=$SITE/$1
	mkdir -p -m 700 "$dir"
	hsmd --state="$dir/state" --initialise --request="$dir/warrant-request.der" >>"$dir/log" 2>&1 &&
	factory warrant --dir="$SITE/factory" "$dir/warrant-request.der" -o "$dir/warrant.pem" \
		--passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" >>"$dir/log" 2>&1 &&
	hsmd --state="$dir/state" --install-warrant="$dir/warrant.pem" --root="$(site_root_hash)" >>"$dir/log" 2>&1 ||
		die "enrolling module $1: see $dir/log"
}

# site_start MODULE [SOCKET…]: the daemon, with custody and use sockets and those named beside them; waits until it
# serves. Its process id is in $SITE/MODULE/pid.
site_start() {
	local dir=$SITE/$1 socket sockets=() word=
	shift
	for socket in "role=custody,path=$dir/custody" "role=use,path=$dir/use" "$@"; do
		sockets+=("--socket=$socket")
	done
	rm -f "$dir/ready"
	mkfifo -m 600 "$dir/ready"
	${SC_WRAP:-} hsmd --state="$dir/state" "${sockets[@]}" --ready-fd=9 9>"$dir/ready" >>"$dir/log" 2>&1 &
	echo $! >"$dir/pid"
	read -r -t 20 word <"$dir/ready"
	rm -f "$dir/ready"
	[ "$word" = READY ] || die "module $(basename "$dir") did not start: see $dir/log"
	mkdir -p "$dir/kmdata/config"
	printf '1 custody %s\n1 use %s\n' "$dir/custody" "$dir/use" >"$dir/kmdata/config/modules"
}

# site_stop MODULE: ends the daemon cleanly.
site_stop() {
	local pid
	pid=$(cat "$SITE/$1/pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null && while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	rm -f "$SITE/$1/pid"
}

# site_cards MODULE N: N blank cards, directories as a USB stick would be; prints them as --cards takes them.
site_cards() {
	local i list=
	for i in $(seq "$2"); do
		mkdir -p "$SITE/$1/cards/$i"
		list+=${list:+,}$SITE/$1/cards/$i
	done
	echo "$list"
}

# pins N [FIRST]: N PINs, a line each, as custodians FIRST, FIRST+1 … would type them.
pins() { local i; for i in $(seq "${2:-1}" $((${2:-1} + $1 - 1))); do echo "custodian $i's passphrase"; done; }

# at MODULE COMMAND…: runs a tool at that module's host.
at() { local module=$1; shift; NFAST_KMDATA=$SITE/$module/kmdata "$@"; }

# site_world MODULE SUITE K/N: a security world and its cards.
site_world() {
	local n=${3#*/}
	at "$1" new-world --initialize --cipher-suite="$2" --module=1 --acs-quorum="$3" \
		--cards="$(site_cards "$1" "$n")" --pins-from-fd=3 3< <(pins "$n")
}

# site_quorum MODULE K COMMAND…: runs a tool that asks for K cards.
site_quorum() {
	local module=$1 k=$2 cards
	shift 2
	cards=$(printf ",$SITE/$module/cards/%s" $(seq "$k"))
	at "$module" "$@" --cards="${cards#,}" --pins-from-fd=3 3< <(pins "$k")
}

# site_region MODULE CODE OPERATOR: makes the module's world a region and publishes its packages into $SITE/published.
site_region() {
	local dir=$SITE/$1
	at "$1" safeconduct region request "$2" --operator="$3" -o "$dir/region-request.der" &&
	factory certify-region --dir="$SITE/factory" "$dir/region-request.der" -o "$dir/region.pem" \
		--passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" &&
	site_quorum "$1" 2 safeconduct region init "$2" --certificate="$dir/region.pem" &&
	at "$1" safeconduct region publish "$2" -o "$SITE/published"
}

# Sets up a site in one directory, for the demo and the journeys: a factory, modules with their sockets and
# cards, and the custodians' tools, each started and stopped as an operator would. Source it from bash. It
# needs SC_BUILD, the build directory, and SITE, the directory for everything that it makes.
#
# As root, each process can have a user id of its own: SITE_USER[name]=uid, where name is a module's or a
# daemon's. A socket for a daemon then belongs to the daemon's group. If SITE_USER[name] is not set, the
# process runs under the caller's user id.
set -u

declare -A SITE_USER=()
# SITE_GROUPS[module]=gid,…: the groups of the daemons that the module has sockets for.
declare -A SITE_GROUPS=()
# SITE_PREFIX[module]=COMMAND: runs everything on that module's host; `unshare -n` for one that is offline.
declare -A SITE_PREFIX=()

PATH=$SC_BUILD/src/tools:$SC_BUILD/src/hsmd:$SC_BUILD/src/vaultd:$SC_BUILD/src/signind:$PATH

# die WHY: ends the script. The script's own EXIT trap stops what was started.
die() { echo "$0: $*" >&2; exit 1; }

# as_user NAME: sets AS to the prefix that runs a command under that module's or daemon's user id, with the
# groups of the daemons that it serves.
as_user() {
	local uid=${SITE_USER[$1]:-}
	AS=(${SITE_PREFIX[$1]:-})
	[ -z "$uid" ] || AS+=(setpriv --reuid "$uid" --regid "$uid" ${SITE_GROUPS[$1]:+--groups "${SITE_GROUPS[$1]}"})
	[ -z "$uid" ] || [ -n "${SITE_GROUPS[$1]:-}" ] || AS+=(--clear-groups)
}

# as NAME COMMAND…: runs the command with that prefix.
as() {
	local AS
	as_user "$1"
	shift
	"${AS[@]}" "$@"
}

# own NAME [-R] PATH…: gives files to that module's or daemon's user id.
own() {
	local uid=${SITE_USER[$1]:-}
	shift
	[ -z "$uid" ] || chown "$uid:$uid" "$@"
}

# site_factory NAME: makes the manufacturer's offline root, with $FACTORY_PASSPHRASE in place of a typed
# passphrase.
site_factory() {
	factory init --dir="$SITE/factory" --name="$1" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" >"$SITE/factory.log" ||
		die "factory init: see $SITE/factory.log"
}

site_root_hash() { factory root-hash --dir="$SITE/factory"; }

# site_enrol MODULE: makes identity and warrant, and pins the root by the hash that was published separately.
site_enrol() {
	local dir=$SITE/$1
	mkdir -p -m 711 "$dir"
	own "$1" "$dir"
	as "$1" hsmd --state="$dir/state" --initialise --request="$dir/warrant-request.der" >>"$dir/log" 2>&1 &&
	factory warrant --dir="$SITE/factory" "$dir/warrant-request.der" -o "$dir/warrant.pem" \
		--passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" >>"$dir/log" 2>&1 &&
	own "$1" "$dir/warrant.pem" &&
	as "$1" hsmd --state="$dir/state" --install-warrant="$dir/warrant.pem" --root="$(site_root_hash)" >>"$dir/log" 2>&1 ||
		die "enrolling module $1: see $dir/log"
}

# site_daemon NAME PROGRAM ARGUMENT…: starts a daemon and waits until it serves. $SITE/NAME/pid has its
# process id, $SITE/NAME/log its output.
site_daemon() {
	local dir=$SITE/$1 AS
	as_user "$1"
	local name=$1
	shift
	printf '%q ' "${AS[@]}" "$@" >"$dir/command"
	site_restart "$name"
}

# site_restart NAME: starts a daemon again with the command that started it first.
site_restart() {
	local dir=$SITE/$1 word=
	rm -f "$dir/ready"
	mkfifo -m 600 "$dir/ready"
	eval "exec $(cat "$dir/command") --ready-fd=9" 9>"$dir/ready" >>"$dir/log" 2>&1 </dev/null &
	echo $! >"$dir/pid"
	read -r -t 20 word <"$dir/ready"
	rm -f "$dir/ready"
	[ "$word" = READY ] || die "$1 did not start: see $dir/log"
}

# site_pid NAME: prints the process id of a running daemon; fails if it is not running. The id in the file
# counts only if that process belongs to this site, because after a crash it may have been reused.
site_pid() {
	local pid
	pid=$(cat "$SITE/$1/pid" 2>/dev/null) && grep -qsF -- "$SITE/" "/proc/$pid/cmdline" && echo "$pid"
}

# site_end NAME SIGNAL: sends the signal and waits until the process is gone; kills it after ten seconds. A
# zombie counts as gone: on some systems nothing reaps orphans.
site_end() {
	local pid i
	pid=$(site_pid "$1") && kill "-$2" "$pid" || return
	for i in $(seq 400); do
		kill -0 "$pid" 2>/dev/null || return 0
		[ "$i" -lt 20 ] || ! grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status" || return 0
		[ "$i" != 200 ] || { echo "$0: $1 (process $pid) has not exited after 10 s; killing it" >&2; kill -KILL "$pid"; }
		sleep 0.05
	done
	echo "$0: $1 (process $pid) has not exited" >&2
	return 1
}

# site_kill NAME: kill -9.
site_kill() { site_end "$1" KILL; }

# site_start MODULE [SOCKET…]: starts a module with a custody and a use socket, and the given ones.
site_start() {
	local name=$1 dir=$SITE/$1 socket sockets=()
	shift
	for socket in "role=custody,path=$dir/custody" "role=use,path=$dir/use" "$@"; do
		sockets+=("--socket=$socket")
	done
	mkdir -p "$dir/kmdata/config"
	printf '1 custody %s\n1 use %s\n' "$dir/custody" "$dir/use" >"$dir/kmdata/config/modules"
	site_daemon "$name" hsmd --state="$dir/state" "${sockets[@]}"
}

# site_socket MODULE DAEMON MAKE LOAD [FILE]: prints a module's service socket for a daemon, which alone may
# open it.
site_socket() {
	local spec="role=service,path=$SITE/$1/${5:-service},make=$3,load=$4,owner=$2"
	[ -z "${SITE_USER[$2]:-}" ] || spec+=",group=${SITE_USER[$2]},mode=0660"
	echo "$spec"
}

# site_stop NAME: stops a module or daemon cleanly, if it runs. Fails, and keeps its pid file, if it cannot.
site_stop() {
	! site_pid "$1" >/dev/null || site_end "$1" TERM || return
	rm -f "$SITE/$1/pid"
}

# site_stop_all: stops everything that was started.
site_stop_all() {
	local pid status=0
	for pid in "$SITE"/*/pid; do
		[ ! -e "$pid" ] || site_stop "$(basename "$(dirname "$pid")")" || status=1
	done
	return $status
}

# site_cards MODULE N: makes N blank cards (directories, as on USB sticks); prints them in the form of
# --cards.
site_cards() {
	local i list=
	for i in $(seq "$2"); do
		mkdir -p "$SITE/$1/cards/$i"
		list+=${list:+,}$SITE/$1/cards/$i
	done
	echo "$list"
}

# pins N [FIRST]: prints N PINs, one per line, as custodians FIRST, FIRST+1 … would type them.
pins() { local i; for i in $(seq "${2:-1}" $((${2:-1} + $1 - 1))); do echo "custodian $i's passphrase"; done; }

# at MODULE COMMAND…: runs a tool on that module's host.
at() { local module=$1; shift; NFAST_KMDATA=$SITE/$module/kmdata ${SITE_PREFIX[$module]:-} "$@"; }

# site_world MODULE SUITE K/N: makes a security world and its cards.
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

# site_region MODULE CODE OPERATOR: makes the module's world a region and publishes its packages into
# $SITE/published.
site_region() {
	local dir=$SITE/$1
	at "$1" safeconduct region request "$2" --operator="$3" -o "$dir/region-request.der" &&
	factory certify-region --dir="$SITE/factory" "$dir/region-request.der" -o "$dir/region.cer" \
		--passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" &&
	site_quorum "$1" 2 safeconduct region init "$2" --certificate="$dir/region.cer" &&
	at "$1" safeconduct region publish "$2" -o "$SITE/published"
}

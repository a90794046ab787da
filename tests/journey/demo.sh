#!/bin/bash
# ./demo when something is in its way: signals, a second one, paths, users, languages. The script is the real one, in
# source trees whose packages, build and ceremony are stand-ins, so that this takes seconds; what it does otherwise
# is shown by running it.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/journey/results.sh"
work=$(mktemp -d /tmp/sc-demo.XXXXXX) # a short path: ./demo has a limit
work=$(cd -P "$work" && pwd)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# tree DIRECTORY: a source tree. What runs in place of apt-get, ninja and the ceremony is in three files of it.
tree() {
	mkdir -p "$1/scripts" "$1/bin"
	cp "$root/demo" "$1/"
	cp "$root/scripts"/* "$1/scripts/"
	printf '#!/bin/bash\n. "${0%%/*}/../in-place-of-packages"\n' >"$1/scripts/packages.sh"
	printf '#!/bin/bash\nmkdir -p "$2" && : >"$2/build.ninja"\n' >"$1/bin/meson"
	printf '#!/bin/bash\n. "${0%%/*}/../in-place-of-ninja"\n' >"$1/bin/ninja"
	printf '. "$root/in-place-of-the-steps"\n' >"$1/scripts/demo-steps.sh"
	echo 'demo_keep() { :; }' >"$1/scripts/demo-services.sh"
	: >"$1/in-place-of-packages"
	: >"$1/in-place-of-ninja"
	echo 'say "the steps in $root, ${LC_ALL-}"' >"$1/in-place-of-the-steps"
	chmod +x "$1/bin"/* "$1/scripts/packages.sh"
}
# demo TREE ARGUMENT…: leaves $out, $err and $status.
demo() {
	local tree=$1
	shift
	PATH=$tree/bin:$PATH "$tree/demo" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(<"$work/out") err=$(<"$work/err")
}
why() { echo "status $status, output: $out, error: $err"; return 1; }
runs() { demo "$@" && [ $status = 0 ] && [[ $out == *"the steps in "* ]] || why; }
refuses() { # TEXT TREE ARGUMENT…
	local text=$1
	shift
	demo "$@"
	[ $status != 0 ] && [[ $err == *"$text"* ]] && [[ $out != *'the steps in'* ]] || why
}

# -- the command line ----------------------------------------------------------------------------------------

tree "$work/plain"
ok runs runs "$work/plain"
wrong_option() { refuses '--nonsense' "$work/plain" --nonsense && [ $status = 2 ] && [ -z "$out" ] || why; }
ok a-wrong-option-is-a-usage-error wrong_option
wrong_second() { refuses 'more' "$work/plain" --keep more && [ $status = 2 ] || why; }
ok a-second-argument-is-a-usage-error wrong_second
shows_help() { demo "$work/plain" --help && [ $status = 0 ] && [ -z "$err" ] && [[ $out == *'--keep'*'--stop'* ]] || why; }
ok help-is-on-standard-output shows_help

# -- paths and languages -------------------------------------------------------------------------------------

through_a_link() {
	ln -s "$work/plain" "$work/link"
	ln -s "$work/plain/demo" "$work/the-demo"
	runs "$work/link" && [[ $out == *"the steps in $work/plain,"* ]] || why || return
	(cd / && CDPATH=$work:/tmp PATH=$work/plain/bin:$PATH "$work/the-demo" >"$work/out" 2>&1) && grep -q "the steps in $work/plain," "$work/out"
}
ok links-lead-to-the-real-path through_a_link
nothing_is_made() { refuses "$1" "$2" && [ ! -e "$2/build" ] || why; }
for name in 'with space' 'quote'\''d' 'colon:comma,' 'münchen'; do
	tree "$work/$name"
	ok "a-path-that-files-and-lists-do-not-allow-is-refused-at-once-$name" nothing_is_made 'only letters, digits' "$work/$name"
done
long=$work/$(printf '%064d' 0)
long=${long:0:64}
tree "$long"
tree "${long}0"
ok a-path-of-64-bytes-works runs "$long"
ok a-longer-path-is-refused-at-once nothing_is_made 'longer than 64 bytes' "${long}0"
socket_fits() { local path=$long/build/demo/northamerica/custody; [ ${#path} -le "$(sed -n 's/#define SC_HSMD_SOCKET_PATH_MAX \([0-9]*\).*/\1/p' "$root/src/hsmd/os/sockets.h")" ]; }
ok the-limit-leaves-room-for-the-longest-socket socket_fits
readme_says() { grep -q '64 bytes' "$root/README.md" && grep -q 'space' "$root/README.md"; }
ok readme-says-the-limits readme_says
for locale in C de_DE.UTF-8 tr_TR.UTF-8; do
	language() { LC_ALL=$locale LANGUAGE=de runs "$work/plain" && [[ $out == *', C.UTF-8'* ]] || why; }
	ok "another-language-makes-no-difference-$locale" language
done

# -- signals -------------------------------------------------------------------------------------------------

# What is interrupted writes that it has begun to `begun`. apt-get writes its end to `ended`; the others never end by
# themselves, and write their process ids.
as_packages='touch "${0%/*}/../begun"; sleep 2; touch "${0%/*}/../ended"'
as_ninja='echo "[3/10] Compiling"; echo $$ >"${0%/*}/../process"; touch "${0%/*}/../begun"; while :; do sleep 0.2; done'
as_the_steps='mkdir "$SITE/w"; tail -f "$SITE/w" /dev/null >/dev/null 2>&1 & echo $! >"$SITE/w/pid"; echo $! >"$root/daemon"
	echo $BASHPID >"$root/process"; touch "$root/begun"; while :; do sleep 0.2; done'
# A process that has ended may wait for its new parent to notice.
has_ended() { local i; for i in $(seq 600); do case $(ps -o stat= -p "$1") in "" | Z*) return 0 ;; esac; sleep 0.1; done; return 1; }
# interrupted SIGNAL PART TREE: writes what went wrong to TREE/wrong.
interrupted() {
	local tree=$3 pid i
	declare -A numbers=([HUP]=129 [INT]=130 [TERM]=143)
	PATH=$tree/bin:$PATH env --default-signal=HUP,INT,TERM "$tree/demo" >"$tree/out" 2>&1 </dev/null &
	pid=$!
	for i in $(seq 600); do [ -e "$tree/begun" ] && break; sleep 0.1; done
	kill "-$1" $pid
	wait $pid
	status=$?
	[ $status = "${numbers[$1]}" ] && grep -q "interrupted by SIG$1; the log" "$tree/out" || echo "status $status, output: $(cat "$tree/out")"
}
signals() {
	local part signal name
	for part in packages ninja the_steps; do
		for signal in HUP INT TERM; do
			name=$work/$part-$signal
			tree "$name"
			local text=as_$part
			echo "${!text}" >"$name/in-place-of-${part//_/-}"
			interrupted $signal $part "$name" >"$name/wrong" 2>&1 &
		done
	done
	wait
}
signals
says() { # PART SIGNAL
	local wrong
	wrong=$(cat "$work/$1-$2/wrong")
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
	case $1 in
	packages) [ -e "$work/$1-$2/ended" ] && grep -q '/var/log/apt' "$work/$1-$2/out" ;;
	ninja) has_ended "$(cat "$work/$1-$2/process")" && grep -q 'build/demo-build.log' "$work/$1-$2/out" ;;
	the_steps) has_ended "$(cat "$work/$1-$2/process")" && grep -q 'build/demo/\*/log' "$work/$1-$2/out" && ! kill -0 "$(cat "$work/$1-$2/daemon")" 2>/dev/null ;;
	esac
}
for signal in HUP INT TERM; do
	ok "says-that-it-was-interrupted-while-apt-get-runs-which-ends-whole-$signal" says packages $signal
	ok "says-that-it-was-interrupted-while-it-builds-and-where-the-log-is-$signal" says ninja $signal
	ok "says-that-it-was-interrupted-and-where-the-logs-are-and-stops-its-daemons-$signal" says the_steps $signal
done

# -- a second one --------------------------------------------------------------------------------------------

tree "$work/two"
echo 'touch "$root/begun"; while [ ! -e "$root/go-on" ]; do sleep 0.1; done; say "the steps in $root"' >"$work/two/in-place-of-the-steps"
PATH=$work/two/bin:$PATH "$work/two/demo" >"$work/two/out" 2>&1 </dev/null &
first=$!
for i in $(seq 600); do [ -e "$work/two/begun" ] && break; sleep 0.1; done
ok a-second-one-says-that-the-first-runs refuses "another ./demo is running here, process $first" "$work/two"
ok stop-does-not-end-one-that-runs refuses "process $first is a ./demo that still runs" "$work/two" --stop
touch "$work/two/go-on"
wait $first
first_status=$?
first_ends_well() { [ $first_status = 0 ] && grep -q 'the steps in' "$work/two/out" || { cat "$work/two/out"; return 1; }; }
ok the-first-goes-on-to-its-end first_ends_well

tree "$work/keep"
echo 'say "the steps in $root"; mkdir "$SITE/w"; tail -f "$SITE/w" /dev/null >/dev/null 2>&1 & echo $! >"$SITE/w/pid"' >"$work/keep/in-place-of-the-steps"
ok keep-leaves-its-services runs "$work/keep" --keep
service=$(cat "$work/keep/build/demo/w/pid")
ok another-says-that-the-services-run refuses './demo --keep has left its services running' "$work/keep"
stops() { kill -0 "$service" && demo "$work/keep" --stop && [ $status = 0 ] && has_ended "$service" || why; }
ok stop-ends-the-services stops
ok then-it-runs-again runs "$work/keep"
demo "$work/keep" --stop

tree "$work/left"
echo 'tail -f /dev/null >/dev/null 2>&1 & echo $! >"${0%/*}/../left"' | tee "$work/left/in-place-of-ninja" >"$work/left/in-place-of-packages"
leaves() { local pids; runs "$work/left" && pids=$(<"$work/left/left") && runs "$work/left"; pids+=" $(<"$work/left/left")"; kill $pids; }
ok what-apt-get-or-ninja-leaves-does-not-count-as-services leaves

# -- failures, and other users' files ------------------------------------------------------------------------

tree "$work/broken"
echo 'echo "FAILED: the reason"; exit 1' >"$work/broken/in-place-of-ninja"
shows_its_log() { refuses 'the build failed: see build/demo-build.log' "$work/broken" && [[ $out == *'FAILED: the reason'* ]] || why; }
ok a-build-that-fails-shows-the-end-of-its-log shows_its_log
if [ "$(id -u)" = 0 ]; then
	tree "$work/shared"
	mkdir -m 1777 "$work/shared/build"
	echo 'FAILED: of another user' >"$work/shared/build/demo-build.log"
	others_log() {
		PATH=$work/shared/bin:$PATH setpriv --reuid 62099 --regid 62099 --clear-groups "$work/shared/demo" >"$work/out" 2>&1 </dev/null && return 1
		grep -q "demo-build.log: cannot be written; is it another user's?" "$work/out" && ! grep -q 'FAILED' "$work/out" || { cat "$work/out"; return 1; }
	}
	ok another-users-log-is-not-shown-as-its-own others_log
else
	echo 'skip another-users-log-is-not-shown-as-its-own: only root can be another user'
fi

# -- progress ------------------------------------------------------------------------------------------------

tree "$work/slow"
# Each step lasts until it has been shown.
cat >"$work/slow/in-place-of-ninja" <<'END'
shown() { local i; for i in $(seq 600); do grep -q "step $1 of 10" "${0%/*}/../../out" && return; sleep 0.1; done; exit 1; }
echo "[3/10] Compiling"; shown 3; echo "[10/10] Linking"; shown 10
END
progress() {
	PATH=$work/slow/bin:$PATH script -qec "$work/slow/demo" /dev/null </dev/null >"$work/out" 2>&1 &&
		grep -q 'step 3 of 10' "$work/out" && grep -q 'step 10 of 10' "$work/out" || { cat "$work/out"; return 1; }
}
ok a-terminal-sees-how-far-the-build-is progress
finish

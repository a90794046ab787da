# Configures and builds a build directory, for ./demo and ./check. Sourced by bash.

# build_tree DIRECTORY LOG [MESON-OPTION…]: both commands' output goes to the log; a terminal sees how far the build is,
# anything else a line now and then. Fails as they do.
build_tree() {
	local build=$1 log=$2 pid last=0 step
	shift 2
	mkdir -p "$(dirname "$log")" "$build" || return
	# A log that cannot be written, another user's for instance, must not be shown as this run's.
	rm -f "$log"
	: >"$log" || return
	if [ ! -f "$build/build.ninja" ]; then
		meson setup "$build" "$@" </dev/null >>"$log" 2>&1 || return
	elif [ $# -gt 0 ] && ! grep -q -- '-Werror' "$build/build.ninja"; then
		# ./demo, or somebody else, has configured it without the options.
		meson configure "$build" "$@" </dev/null >>"$log" 2>&1 || return
	fi
	ninja -C "$build" </dev/null >>"$log" 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		sleep 0.5
		step=$(grep -o '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1 | tr -d '[]')
		if [ -z "$step" ]; then
			continue
		elif [ -t 1 ]; then
			printf '\r    %s: step %s of %s ' "$build" "${step%/*}" "${step#*/}"
		elif [ $((SECONDS - last)) -ge 20 ]; then
			last=$SECONDS
			printf '    %s: step %s of %s\n' "$build" "${step%/*}" "${step#*/}"
		fi
	done
	[ ! -t 1 ] || printf '\r%60s\r' ''
	wait $pid
}

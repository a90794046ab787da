# Configures and builds a build directory, for ./demo and ./check. Sourced by bash, after progress.sh.

# build_tree DIRECTORY LOG [MESON-OPTION…]: both commands' output goes to the log, and progress is shown. Fails as
# they do.
build_tree() {
	local build=$1 log=$2 pid
	shift 2
	mkdir -p "$(dirname "$log")" "$build" || return
	# A log that cannot be written, another user's for instance, must not be shown as this run's.
	rm -f "$log"
	: >"$log" || return
	if [ ! -f "$build/build.ninja" ]; then
		meson setup "$build" "$@" </dev/null >>"$log" 2>&1 || return
	elif [ $# -gt 0 ] && ! grep -q -- '-Werror' "$build/build.ninja"; then
		# ./demo, or somebody else, has configured it without the options, and perhaps without a package.
		meson configure "$build" --clearcache "$@" </dev/null >>"$log" 2>&1 || return
	fi
	ninja -C "$build" </dev/null >>"$log" 2>&1 &
	pid=$!
	show_progress $pid build_step "$build" "$log"
	wait $pid
}

# build_step DIRECTORY LOG: prints how far the build is.
build_step() {
	local step
	step=$(grep -o '^\[[0-9]*/[0-9]*\]' "$2" | tail -n 1 | tr -d '[]')
	[ -z "$step" ] || echo "$1: step ${step%/*} of ${step#*/}"
}

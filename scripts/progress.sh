# Shows how far a program is that writes a log, for ./demo and ./check. Sourced by bash.

# show_progress PID COMMAND…: until the process ends, shows what the command prints: a terminal sees one line that
# changes, anything else a line every 20 seconds. If `quiet` is set, it only waits.
show_progress() {
	local pid=$1 last=$SECONDS line
	shift
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.3
		[ -z "${quiet:-}" ] || continue
		if [ -t 1 ]; then
			line=$("$@")
			[ -z "$line" ] || printf '\r\033[K    %s' "$line"
		elif [ $((SECONDS - last)) -ge 20 ]; then
			last=$SECONDS
			line=$("$@")
			[ -z "$line" ] || printf '    %s\n' "$line"
		fi
	done
	[ -n "${quiet:-}" ] || [ ! -t 1 ] || printf '\r\033[K'
}

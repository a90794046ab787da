# Prints the result lines of journeys and attacks, which ./check counts.
passed=0 failed=0

# ok NAME COMMAND…: the command succeeds.
ok() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "ok $name"; passed=$((passed + 1))
	else
		echo "FAIL $name: $(tail -n 2 <<<"$out" | tr '\n' ' ')"; failed=$((failed + 1))
	fi
}

# no NAME PATTERN COMMAND…: the command fails with a status other than 0, and its output matches PATTERN.
no() {
	local name=$1 pattern=$2 out
	shift 2
	if out=$("$@" 2>&1); then
		echo "FAIL $name: it was accepted"; failed=$((failed + 1))
	elif grep -qE -- "$pattern" <<<"$out"; then
		echo "ok $name"; passed=$((passed + 1))
	else
		echo "FAIL $name: refused, but not for /$pattern/: $(tail -n 2 <<<"$out" | tr '\n' ' ')"
		failed=$((failed + 1))
	fi
}

# finish: exits with the status of the journey.
finish() { [ "$failed" = 0 ]; exit; }

# unread COMMAND…: runs it with a broken pipe as its standard output.
unread() {
	local pipe status
	pipe=$(mktemp -u) && mkfifo -m 600 "$pipe" || return
	# The only reader closes it before the command begins.
	exec 6<>"$pipe" 7>"$pipe" 6<&-
	rm -f "$pipe"
	"$@" >&7 7>&-
	status=$?
	exec 7>&-
	return $status
}

# lost COMMAND…: fails and says so where it can, with standard output on a full disk, closed, and in a broken pipe.
lost() {
	local said status
	said=$("$@" 2>&1 >/dev/full) && { echo "$1: success on a full disk"; return 1; }
	grep -q 'standard output cannot be written.*No space left' <<<"$said" || { echo "$1: says: $said"; return 1; }
	"$@" >&- 2>/dev/null && { echo "$1: success without an output"; return 1; }
	said=$(unread "$@" 2>&1)
	status=$?
	[ $status = 71 ] && grep -q 'standard output cannot be written.*Broken pipe' <<<"$said" || { echo "$1: in a broken pipe: status $status: $said"; return 1; }
}

# no_verdict COMMAND…: one that ends with "Result: " fails when nobody sees that, and says so.
no_verdict() {
	local said
	said=$("$@" 2>&1 >/dev/full) && { echo "$1: success on a full disk"; return 1; }
	grep -q 'Result: FAILURE: standard output cannot be written' <<<"$said" || { echo "$1: says: $said"; return 1; }
}

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

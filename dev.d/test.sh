# shellcheck shell=bash
# ./dev test: stages that each leave a verdict; all of them run, whatever the first ones say.

verdicts=()
failed=0

stage() { # NAME COMMAND...
	local name=$1 began=$SECONDS verdict=passed status
	shift
	# Not "( ) || …": errexit would be off within.
	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
	if [ "$status" != 0 ]; then
		verdict=FAILED
		failed=1
	fi
	verdicts+=("$(printf '%-7s %-58s %4d s' "$verdict" "$name" $((SECONDS - began)))")
}

# The sanitizers' shadow memory collides with the mappings that a kernel with much address
# randomisation makes; some containers forbid to switch it off, and then don't need it.
without_aslr() {
	if setarch "$(uname -m)" -R true 2>/dev/null; then
		setarch "$(uname -m)" -R "$@"
	else
		"$@"
	fi
}

run_ctest() { # PRESET CTEST-ARGUMENT...
	local preset=$1
	shift
	say "Testing build/$preset"
	without_aslr ctest --test-dir "build/$preset" --no-tests=error --output-on-failure \
		-j "$(nproc)" "$@" 2>&1 | tee "build/$preset/ctest.log"
}

run_tests() {
	local preset
	packages_install
	if [ $# -gt 0 ]; then
		build dev
		run_ctest dev "$@"
		return
	fi
	stage "address and undefined-behaviour sanitizers: build" build asan
	stage "address and undefined-behaviour sanitizers: all tests" run_ctest asan
	stage "thread sanitizer: build" build tsan
	stage "thread sanitizer: unit and integration tests" run_ctest tsan -L '^(unit|integration)$'
	stage "fuzzing" run_fuzz 60

	say "Summary"
	printf '%s\n' "${verdicts[@]}"
	for preset in asan tsan; do
		printf '\nbuild/%s:' "$preset"
		sed -n '/% tests passed/,$p' "build/$preset/ctest.log" 2>/dev/null || echo " no tests ran"
	done
	echo
	[ "$failed" = 0 ] || die "something failed; the logs are above, and in build/*/ctest.log"
	echo "All passed."
}

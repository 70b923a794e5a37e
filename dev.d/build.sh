# shellcheck shell=bash
# Building, and what runs on a build: benchmarks, fuzz targets, formatting.

# build PRESET [TARGET...]
build() {
	local preset=$1
	shift
	say "Building build/$preset"
	cmake --preset "$preset" --log-level=WARNING
	cmake --build --preset "$preset" -j "$(nproc)" ${1:+--target "$@"}
}

run_bench() {
	local name=${1:-}
	[ -n "$name" ] || die "which benchmark? $(bench_names)"
	shift
	[ -e "bench/$name" ] || die "there is no benchmark \"$name\", only: $(bench_names)"
	packages_install
	build release
	BUILD=$top/build/release "bench/$name" "$@"
}

# A benchmark is an executable script of bench/; what it measures with is built to bin/bench-*.
bench_names() { find bench -maxdepth 1 -type f -perm -u+x -printf '%f ' 2>/dev/null; }

# run_fuzz SECONDS: all targets one after the other, the time divided between them.
run_fuzz() {
	local seconds=$1 targets target each name inputs
	[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz takes seconds, not \"$seconds\""
	build fuzz fuzz-targets
	mapfile -t targets < <(find build/fuzz/bin -maxdepth 1 -name 'fuzz-*' -type f -perm -u+x | sort)
	[ ${#targets[@]} -gt 0 ] || die "no fuzz target was built"
	each=$(((seconds + ${#targets[@]} - 1) / ${#targets[@]}))
	for target in "${targets[@]}"; do
		name=${target##*/fuzz-}
		# New inputs go to the first directory; the second holds the seeds.
		inputs=("build/fuzz/corpus/$name")
		mkdir -p "${inputs[0]}"
		[ ! -d "tests/fuzz/corpus/$name" ] || inputs+=("tests/fuzz/corpus/$name")
		say "Fuzzing $name for $each s"
		"$target" -max_total_time="$each" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix="build/fuzz/" "${inputs[@]}" >"build/fuzz/$name.log" 2>&1 || {
			tail -n 60 "build/fuzz/$name.log"
			die "$name found something: build/fuzz/$name.log"
		}
		grep -E '^(Done|stat::(number_of_executed_units|peak_rss_mb))|cov:' "build/fuzz/$name.log" |
			tail -n 4
	done
}

#!/bin/bash
# An installed libkeystore is found by pkg-config and by CMake, wherever its tree is moved to,
# and brings nothing along that the program would have to link.
set -euo pipefail

top=$1
build=$(cd .. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

grep -q '^KEYSTORE_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt" && {
	echo "a library with a sanitizer is not for other programs"
	exit 0
}

DESTDIR=$work/root cmake --install "$build" >/dev/null
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")
mv "$work/root$prefix" "$work/moved"

cat >"$work/program.c" <<'END'
#include <errno.h>
#include <keystore.h>
#include <stdio.h>

int main(void)
{
	struct ks_client *client = NULL;
	char message[256];

	if (ks_connect("/nonexistent", &client) == KS_UNREACHABLE)
		puts(ks_connect_message("/nonexistent", errno, message, sizeof(message)));
	return client ? 1 : 0;
}
END

PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name keystore.pc)")
export PKG_CONFIG_PATH
read -ra flags < <(pkg-config --cflags --libs keystore)
cc -o "$work/program" "$work/program.c" "${flags[@]}"
LD_LIBRARY_PATH=$(dirname "$(find "$work/moved" -name libkeystore.so.1)") "$work/program" |
	grep -q 'systemctl status keystored'

cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(program LANGUAGES C)
find_package(keystore 0.1 REQUIRED)
add_executable(program program.c)
target_link_libraries(program PRIVATE keystore::keystore)
END
cmake -S "$work" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/cmake" >/dev/null
"$work/cmake/program" | grep -q 'systemctl status keystored'

# The programs find their library without help.
env -u LD_LIBRARY_PATH "$work/moved/bin/keystorectl" --version
env -u LD_LIBRARY_PATH "$work/moved/sbin/keystore-deploy" --version

# A C++ program takes the header too.
if command -v c++ >/dev/null; then
	echo '#include <keystore.h>' | c++ -x c++ -fsyntax-only -Wall -Werror "${flags[@]}" -
fi

for page in keystorectl.1 keystore-ouc-ctl.1 keystore-deploy.8 keystore-ouc.8 keystore-ouc.conf.5 \
	keystore-https.conf.5 keystore-opcua.8 keystore-opcua.conf.5 libkeystore.3; do
	test -n "$(find "$work/moved" -name "$page")"
	mandoc -Tlint -Wwarning "$top/docs/man/$page"
done

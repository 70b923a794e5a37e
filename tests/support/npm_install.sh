#!/bin/sh
# npm_install.sh SOURCE DIR: the packages of SOURCE/package.json in DIR/node_modules, exactly those
# of its package-lock.json. Does nothing when they are there.
set -eu
source=$(readlink -f "$1")
mkdir -p "$2"
cd "$2"
exec 9>lock # builds of several presets share DIR
flock 9
if [ -d node_modules ] && cmp -s "$source/package-lock.json" installed.json; then
	exit 0
fi
cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" .
rm -f installed.json
npm ci --no-progress --fetch-retries=1 >npm.log 2>&1 || {
	cat npm.log >&2
	echo "npm cannot install the packages of $source, see above: does \"npm ping\" work here?" >&2
	exit 1
}
cp package-lock.json installed.json

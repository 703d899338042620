#!/usr/bin/env bash
# Sees to it that what a build needs is installed: ports/fetch/packages.sh NEEDED... Each is one of
#   PROGRAM:PACKAGE         the program, wherever it comes from; PACKAGE is the Debian package that has it
#   COMPILER/FILE:PACKAGE   a file that the compiler finds, a library's
#   PACKAGE                 a Debian package
# Installs what is missing where it may (root); elsewhere it says in one sentence what to do, and fails.
set -euo pipefail

is_there() {
    local file=${1#*/} program=${1%%/*} found
    case $1 in
    */*)
        found=$("$program" --print-file-name="$file" 2>/dev/null) || return 1
        [ "$found" != "$file" ] # the bare name: not found
        ;;
    *) command -v "$program" >/dev/null ;;
    esac
}
is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for needed in "$@"; do
    case $needed in
    *:*) is_there "${needed%:*}" || missing+=("${needed##*:}") ;;
    *) is_installed "$needed" || missing+=("$needed") ;;
    esac
done
[ ${#missing[@]} = 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
    echo "needed here, by the names they have in Debian: ${missing[*]}" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "packages are missing: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Builds that run side by side take turns.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/upyml
mkdir -p "$cache"
exec 9>"$cache/packages.lock"
flock 9
log=$(mktemp)
{ apt-get update -qq && apt-get install -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    exit 1
}
rm -f "$log"

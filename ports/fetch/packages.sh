#!/usr/bin/env bash
# Sees to it that Debian packages are installed: ports/fetch/packages.sh PACKAGE...
# Installs what is missing where it may (root); elsewhere it says in one sentence what to do, and fails.
set -euo pipefail

missing=()
for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
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
exec 9>"${TMPDIR:-/tmp}/upyml-packages.lock"
flock 9
log=$(mktemp)
{ apt-get update -qq && apt-get install -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    exit 1
}
rm -f "$log"

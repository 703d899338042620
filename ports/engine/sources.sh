#!/bin/sh
# Prints the engine's source files for a processor, below this folder: sources.sh [FOLDER]
# FOLDER (cortex_m0) has kernels of its own, listed in its sources.txt; one of them takes the place of its namesake in kernels/.
set -eu
here=$(dirname "$0")
own=
[ $# -eq 0 ] || [ -z "$1" ] || own=$(cat "$here/$1/sources.txt")
while read -r file; do
    replaced=
    for one in $own; do
        [ "${one##*/}" != "${file##*/}" ] || replaced=yes
    done
    [ -n "$replaced" ] || echo "$file"
done <"$here/sources.txt"
for one in $own; do
    echo "$1/$one"
done

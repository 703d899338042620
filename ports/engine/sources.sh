#!/bin/sh
# Prints the engine's source files for a processor, below this folder: sources.sh [FOLDER]
# FOLDER (cortex_m0) has kernels of its own, listed in its sources.txt, some of them in a folder that several share: one
# of them takes the place of its namesake in kernels/.
set -eu
here=$(dirname "$0")
own=
if [ $# -gt 0 ] && [ -n "$1" ]; then
    while read -r file; do
        case $file in
        */*) own="$own $file" ;;
        *) own="$own $1/$file" ;;
        esac
    done <"$here/$1/sources.txt"
fi
while read -r file; do
    replaced=
    for one in $own; do
        [ "${one##*/}" != "${file##*/}" ] || replaced=yes
    done
    [ -n "$replaced" ] || echo "$file"
done <"$here/sources.txt"
for one in $own; do
    echo "$one"
done

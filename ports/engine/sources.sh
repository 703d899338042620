#!/bin/sh
# Prints the engine's source files for a processor, below this folder: [UPYML_WITHOUT="INT4 SPARSE"] sources.sh [FOLDER]
# FOLDER (cortex_m0) has kernels of its own, listed in its sources.txt, some of them in a folder that several share: one
# of them takes the place of its namesake in kernels/. Files of a coding of weights that is left out have its name in theirs,
# those of both `coded`; files of a family of ops that is left out (SIGNAL) lie in its folder, here or below a CPU's.
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
left_out() {
    case " ${UPYML_WITHOUT:-} " in *" INT4 "*) int4=yes ;; *) int4= ;; esac
    case " ${UPYML_WITHOUT:-} " in *" SPARSE "*) sparse=yes ;; *) sparse= ;; esac
    case $1 in
    math/* | recurrent/* | stream/* | signal/* | wide/* | */math/* | */recurrent/* | */stream/* | */signal/* | */wide/*)
        family=${1%/*}
        family=$(echo "${family##*/}" | tr a-z A-Z)
        case " ${UPYML_WITHOUT:-} " in *" $family "*) true ;; *) false ;; esac
        ;;
    *int4*) [ -n "$int4" ] ;;
    *sparse*) [ -n "$sparse" ] ;;
    *coded*) [ -n "$int4" ] && [ -n "$sparse" ] ;;
    *) false ;;
    esac
}
while read -r file; do
    replaced=
    for one in $own; do
        [ "${one##*/}" != "${file##*/}" ] || replaced=yes
    done
    [ -n "$replaced" ] || left_out "$file" || echo "$file"
done <"$here/sources.txt"
for one in $own; do
    left_out "$one" || echo "$one"
done

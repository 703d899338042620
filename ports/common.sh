# What the build scripts share; they source it. It sets `root`, the checkout, and PYTHON, the Python of the venv.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PYTHON=${PYTHON:-$root/build/venv/bin/python}
case $PYTHON in
/*) ;;
*/*) PYTHON=$PWD/$PYTHON ;; # make and CMake run it from other folders
esac
export PYTHON

# begin_build FOLDER PRODUCT...: makes the folder (`folder`), where from now on no other script builds. Unless end_build
# is reached the products in it are removed: nobody takes an old one for what a failed build made.
begin_build() {
    folder=$(mkdir -p "$1" && cd "$1" && pwd)
    shift
    exec 8>"$folder/lock"
    flock 8
    products=("${@/#/$folder/}")
    trap 'rm -f "${products[@]}"' EXIT
}

end_build() { trap - EXIT; }

# fetch_source NAME TARGET: sets `micropython` to the folder that ports/fetch/NAME.py prints.
fetch_source() {
    micropython=$("$PYTHON" "$root/ports/fetch/$1.py" "$root/build/$2")
    # MicroPython asks git for its version. A source that is no checkout has it in py/mpconfig.h: git must not answer
    # with that of a repository around it.
    export GIT_CEILING_DIRECTORIES=$root:${micropython%/*}
}

# Lists of the engine's sources: to make, an object that no longer belongs to a program is no reason to link it anew.
engine_lists=("$root"/ports/engine/sources.* "$root"/ports/engine/*/sources.txt)

# start_anew_if_changed FILE... -- ARGUMENT...: removes FOLDER/obj where the source, the files or the arguments are not
# those of the last build. MicroPython's make does not notice that a variable changed, or a file that sets some.
start_anew_if_changed() {
    local files=("$0" "$root/ports/micropython.mk" "$root/ports/micropython.cmake" "$micropython/py/mpconfig.h") key
    while [ "$1" != -- ]; do
        files+=("$1")
        shift
    done
    key=$({ printf '%s\n' "$micropython" "$@"; cat "${files[@]}"; } | sha256sum)
    if [ "$key" != "$(cat "$folder/arguments" 2>/dev/null)" ]; then
        rm -rf "$folder/obj"
        echo "$key" >"$folder/arguments"
    fi
}

# logged COMMAND...: runs it with its output added to FOLDER/build.log; the end of that is shown if the command fails.
logged() {
    "$@" >>"$folder/build.log" 2>&1 || {
        tail -n 40 "$folder/build.log" >&2
        exit 1
    }
}

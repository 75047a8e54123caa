#!/bin/sh
# The tests of the compiled part, with one that AddressSanitizer and UndefinedBehaviorSanitizer watch.
# Usage: sanitized.sh PYTHON
set -eu
python=$1 tree=$PWD/build/sanitized
fact() { "$python" -c "import sysconfig as s; print($1)"; }

rm -rf "$tree"
mkdir -p build
cp -R src "$tree"
rm -f "$tree"/hallow/journal/*.so
cc -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -shared -fPIC \
    -I "$(fact 's.get_path("include")')" src/hallow/journal/_half.c \
    -o "$tree/hallow/journal/_half$(fact 's.get_config_var("EXT_SUFFIX")')"

# Python itself keeps what it has until it ends, which is no leak of ours.
export PYTHONPATH="$tree" PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0
export LD_PRELOAD="$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)"
exec "$python" -m pytest --quiet tests/journal tests/running/test_running_staging.py

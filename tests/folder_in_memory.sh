# Prints a folder for temporary files: in memory if there is room and programs can be run from there, else the usual one.
memory=/dev/shm
if probe=$(mktemp "$memory/hallow-XXXXXX" 2>/dev/null); then
    room=$(df -Pk "$memory" | awk 'NR == 2 { print $4 }')
    printf '#!/bin/sh\n' >"$probe" && chmod +x "$probe"
    if [ "$room" -gt 2000000 ] && "$probe" 2>/dev/null; then
        folder=$memory
    fi
    rm -f "$probe"
fi
echo "${folder:-${TMPDIR:-/tmp}}"

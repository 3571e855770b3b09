# Makes .venv in the checkout when it is missing or out of date, and goes to the checkout's root.
# To be sourced by bash scripts, which run the rest with .venv/bin/python.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

DISK_MB=3000

stop() {
    echo "$(basename "$0"): $1" >&2
    exit 1
}

can() { # can PYTHON CODE: whether that Python starts and runs the code
    "$1" -c "$2" > /dev/null 2>&1
}

find_python() { # the first Python >= 3.11 that can make environments
    local candidate recent=""
    for candidate in python3.13 python3.12 python3.11 python3; do
        can "$candidate" 'import sys; sys.exit(sys.version_info < (3, 11))' || continue
        recent=${recent:-$candidate}
        can "$candidate" 'import venv, ensurepip' || continue
        echo "$candidate"
        return
    done
    [ -z "$recent" ] && stop "no Python 3.11 or newer was found; install one and run this again"
    stop "$recent has no venv and ensurepip modules; install them (on Debian and Ubuntu: apt install $recent-venv)"
}

check_disk() {
    local free_mb
    free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$DISK_MB" ] || stop "$PWD has $free_mb MB of free disk; the environment needs $DISK_MB MB"
}

make_environment() {
    local python installed
    installed="$PWD $(cat pyproject.toml constraints.txt | cksum)"
    [ "$(cat .venv/installed 2> /dev/null)" = "$installed" ] && can .venv/bin/python "" && return
    check_disk
    if ! can .venv/bin/python 'import pip, sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$(find_python) || exit 1
        echo "making the environment .venv with $("$python" --version)" >&2
        "$python" -m venv --clear .venv || stop "$python could not make .venv; see above"
    fi
    echo "installing into .venv; the first time takes minutes" >&2
    .venv/bin/python -m pip install --quiet -c constraints.txt -e '.[dev]' ||
        stop "installing into .venv failed, for the reason above; a package index must be reachable"
    echo "$installed" > .venv/installed
}

make_environment

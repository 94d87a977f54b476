#!/bin/sh
# Installs the system packages that a make target needs and this machine lacks; says nothing when all are there.
#
#   packaging/system-packages.sh python|demo|test|bench|machine [PYTHON]
#
# Each level up to bench has what the levels before it have. Debian 12, Ubuntu 24.04 and later; elsewhere it names what is missing.
set -eu

level=${1:?python, demo, test, bench or machine}
python=${2:-python3}

error() { printf 'dockd: error: %s\n' "$1" >&2; }
hint() { printf 'dockd: hint: %s\n' "$1" >&2; }

# --- the interpreter: nothing else can be done without it
if ! command -v "$python" >/dev/null 2>&1; then
    error "$python is not installed"
    hint "apt-get install python3, or: make PYTHON=/path/to/python3.11 …"
    exit 11
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    error "$python is Python $version; dockd needs 3.11 or newer"
    hint "name a newer one: make PYTHON=python3.11 …"
    exit 11
fi

# --- what is needed: package, a program of it, what it is for
needs_python() {
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "python$version-venv - makes the folder that holds dockd's own Python packages"
    fi
}
needs_demo() {
    needs_python
    cat <<'PACKAGES'
ffmpeg ffprobe reads what videos say of themselves, and makes those of the demonstration
libimage-exiftool-perl exiftool reads what photos and videos say of themselves
bubblewrap bwrap boxes the two while they read
b3sum b3sum checks manifests without dockd
openssh-client ssh-keygen checks signatures without dockd
PACKAGES
}
needs_test() {
    needs_demo
    cat <<'PACKAGES'
postgresql pg_ctlcluster the catalogue's other database, started by the tests
e2fsprogs mkfs.ext4 makes volumes of recorders: ext4
dosfstools mkfs.vfat makes volumes of recorders: FAT
mtools mcopy fills FAT volumes without mounting them
strace strace lets chosen system calls fail
openssl openssl checks digests and signatures a second way
fonts-wqy-zenhei - has the signs of watermarks
util-linux unshare mounts test volumes out of sight
mount losetup plugs in test volumes where there is no USB
systemd systemd-analyze says how far the units are hardened
procps ps looks after the processes that tests start
PACKAGES
}
needs_bench() {
    needs_test
    cat <<'PACKAGES'
rsync rsync what dockd's copying is measured against
rclone rclone what dockd's copying is measured against
sqlite3 sqlite3 runs a sweep's statements without dockd
PACKAGES
}
needs_machine() {
    needs_python
    cat <<'PACKAGES'
qemu-system-x86 qemu-system-x86_64 is the machine
qemu-utils qemu-img makes its disks
mmdebstrap mmdebstrap makes the system on them
busybox-static busybox starts that system
cpio cpio packs what starts it
kmod depmod orders the modules of its kernel
e2fsprogs mke2fs makes volumes of recorders: ext4
dosfstools mkfs.vfat makes volumes of recorders: FAT
exfatprogs mkfs.exfat makes volumes of recorders: exFAT
mtools mcopy fills FAT volumes without mounting them
fdisk sfdisk partitions the disks of recorders
util-linux unshare installs the package out of sight
ffmpeg ffprobe is lent to the machine, and makes a film for it
libimage-exiftool-perl exiftool is lent to the machine
postgresql pg_ctlcluster its server is lent to the machine
PACKAGES
}
case $level in
    python | demo | test | bench | machine) needs=$("needs_$level") ;;
    *)
        error "no level $level: python, demo, test, bench or machine"
        exit 2
        ;;
esac

# --- what is missing
installed() { # PACKAGE PROGRAM
    if command -v dpkg-query >/dev/null 2>&1; then
        dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'
    else
        PATH=$PATH:/usr/sbin:/sbin command -v "$2" >/dev/null 2>&1
    fi
}
missing=
reasons=
while read -r package program reason; do
    if [ -n "$package" ] && ! installed "$package" "$program"; then
        missing="$missing $package"
        reasons="$reasons$(printf '  %-24s %s' "$package" "$reason")
"
    fi
done <<NEEDS
$needs
NEEDS
[ -n "$missing" ] || exit 0

printf 'dockd: these system packages are missing and will be installed:\n%s' "$reasons"

# --- installing
by_hand="install them by hand, then run make again: apt-get install$missing"
if ! command -v apt-get >/dev/null 2>&1; then
    error "this system has no apt-get"
    hint "install what these packages are called here, then run make again:$missing"
    exit 11
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        error "installing needs root, and there is no sudo"
        hint "$by_hand"
        exit 11
    fi
    as_root="sudo"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
failed() {
    tail -n 15 "$log" >&2
    error "$1"
    hint "is the network there, and may this user install? otherwise $by_hand"
    exit 11
}
# sudo asks for its password on the terminal, not in our log.
[ -z "$as_root" ] || sudo -v || failed "sudo refused"

# The lists are fetched only when the packages cannot be had without: none yet, or so old that files have moved.
# shellcheck disable=SC2086  # a list of words
if ! apt install --simulate $missing || ! apt install --no-install-recommends $missing; then
    printf 'dockd: fetching the lists of packages\n'
    apt update || failed "the lists of packages cannot be fetched"
    # shellcheck disable=SC2086
    apt install --no-install-recommends $missing || failed "the packages cannot be installed"
fi
printf 'dockd: installed:%s\n' "$missing"

"""What the guest is made of: packages of Debian, modules of its kernel, what is left out, and its settings."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PACKAGES = _words(
    "systemd systemd-sysv udev dbus polkitd kmod qemu-guest-agent python3 python3-venv bubblewrap debconf "
    "util-linux e2fsprogs procps psmisc usbutils"
)
STAND_INS = ("ffmpeg", "libimage-exiftool-perl", "fonts-wqy-zenhei")

# What the kernel of a dock needs of its 400 MB of modules. The cloud kernel will not do: it has no USB at all.
MODULES = _words(
    "drivers/usb drivers/virtio drivers/hid drivers/input drivers/block/virtio_blk.ko drivers/block/loop.ko "
    "drivers/char/virtio_console.ko drivers/char/hw_random drivers/scsi/scsi_mod.ko drivers/scsi/scsi_common.ko "
    "drivers/scsi/sd_mod.ko drivers/scsi/sg.ko fs/ext4 fs/jbd2 fs/mbcache.ko fs/fat fs/exfat fs/nls fs/fuse "
    "fs/overlayfs fs/autofs fs/configfs net/packet net/unix crypto lib arch/x86/crypto block kernel mm"
)

# None of these matters to a dock; together they are a quarter of the boot.
MASKED = _words(
    "getty@tty1.service serial-getty@ttyS0.service getty.target apt-daily.timer apt-daily-upgrade.timer "
    "dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-hwdb-update.service "
    "systemd-update-done.service systemd-journal-catalog-update.service systemd-pcrphase.service "
    "systemd-pcrphase-initrd.service systemd-pcrphase-sysinit.service systemd-boot-system-token.service "
    "systemd-binfmt.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount "
    "sys-kernel-tracing.mount modprobe@drm.service modprobe@efi_pstore.service systemd-firstboot.service "
    "modprobe@loop.service modprobe@dm_mod.service systemd-update-utmp.service "
    "systemd-update-utmp-runlevel.service systemd-logind.service systemd-network-generator.service "
    "systemd-networkd-wait-online.service"
)

INIT = """\
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
while read -r m; do $b insmod /mod/$m 2>/dev/null; done < /mod/order
i=0
until $b mount -t ext4 -o rw,noatime /dev/vda /new 2>/dev/null; do
  i=$((i+1)); [ $i -gt 100 ] && { echo "no file system on /dev/vda"; $b poweroff -f; }
  $b usleep 50000
done
$b mount --move /dev /new/dev
$b umount /proc
exec $b switch_root /new /lib/systemd/systemd
"""

ETC = {
    "etc/hostname": "station\n",
    "etc/hosts": "127.0.0.1 localhost station\n",
    "etc/fstab": "/dev/vda / ext4 rw,noatime 0 0\n",
    "etc/resolv.conf": "",
    "etc/systemd/journald.conf.d/test.conf": "[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n",
    # Emulation is 15 to 30 times slower than a real CPU: units get time, but not for ever.
    "etc/systemd/system.conf.d/test.conf": "[Manager]\nDefaultTimeoutStartSec=180s\nDefaultTimeoutStopSec=60s\n",
    # The agent would log every command of the tests into the journal under test.
    "etc/systemd/system/qemu-guest-agent.service.d/test.conf": "[Service]\nLogLevelMax=warning\n",
}

# The eight bays of the hub in port 1, and a recorder for each; enrolled here, where it takes no emulated second.
CONTROLLER = "pci-0000:00:04.0"
BAYS = range(1, 9)
VENDOR_PRODUCT = "46f4:0001"


def serial(bay: int) -> str:
    """The serial number of the recorder that is enrolled for this bay."""
    return f"BWC{bay:04d}"


SETTINGS = {"when": '"later"', "clear": '"after-verify"', "checkpoint_mib": "2", "free_space_floor_mib": "64"}

# Run in the tree once the package is installed. Parsers are missing: reading facts would fail in the middle of a play.
PREPARE = (
    "systemctl disable --quiet dockd-facts.timer",
    "sed -i "
    + " ".join(f"-e 's/^#{name} = .*/{name} = {value}/'" for name, value in SETTINGS.items())
    + " /etc/dockd/dockd.toml",
    *(f"dockd slot bind {bay} --port {CONTROLLER}/1.{bay}" for bay in BAYS),
    *(f"dockd recorder enrol {VENDOR_PRODUCT}:{serial(bay)} --name {serial(bay)}" for bay in BAYS),
)

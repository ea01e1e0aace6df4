#!/bin/sh
# Run by mmdebstrap in front of the new system: customize.sh ROOT
set -eu
root=$1

# How it boots: GRUB reads this, and the kernel's package keeps /vmlinuz and /initrd.img at the newest.
mkdir -p "$root/boot/grub"
cat >"$root/boot/grub/grub.cfg" <<'CFG'
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
linux /vmlinuz root=LABEL=vxmig-root rw console=ttyS0
initrd /initrd.img
boot
CFG
[ -e "$root/vmlinuz" ] || ln -s "boot/$(basename "$root"/boot/vmlinuz-*)" "$root/vmlinuz"
[ -e "$root/initrd.img" ] || ln -s "boot/$(basename "$root"/boot/initrd.img-*)" "$root/initrd.img"
echo 'LABEL=vxmig-root / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"

# What it is told comes from the seed alone: nobody asks a network for it, which would cost a minute at each start.
cat >"$root/etc/cloud/cloud.cfg.d/90-vxmig.cfg" <<'CFG'
datasource_list: [NoCloud, None]
disable_root: false
ssh_pwauth: false
manage_etc_hosts: true
system_info:
  network: {renderers: [networkd]}
cloud_init_modules: [migrator, seed_random, bootcmd, write-files, growpart, resizefs, set_hostname, update_hostname, update_etc_hosts, users-groups, ssh]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user, ssh-authkey-fingerprints]
CFG

cat >"$root/etc/systemd/system/iperf3-server.service" <<'UNIT'
[Unit]
Description=iperf3, to be measured with
After=network.target

[Service]
ExecStart=/usr/bin/iperf3 --server
DynamicUser=yes
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl --quiet enable systemd-networkd ssh nginx iperf3-server serial-getty@ttyS0
# Nothing of its own accord: what it measures or is measured by would be disturbed.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online.service

# Each guest has an identity of its own, made at its first start.
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log

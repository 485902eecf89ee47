# SPDX-License-Identifier: MIT
# Runs in dom0 for `make run`: starts a Linux guest with a disk and a network interface and shows what it does.
set -e

image=/var/lib/xen/images/demo.img
log=/var/log/xen/console/guest-demo.log
patience=240 # seconds for the guest to do all of it

echo "=== dom0"
dmesg | sed -n 's/.*\(Linux version .*\)/\1/p' | head -n 1

echo "=== a disk for the guest"
dd if=/dev/zero of=$image bs=1M count=16 2>/dev/null
mke2fs -F $image >/dev/null
mount -o loop $image /mnt
echo "Hello from the disk image that dom0 made." >/mnt/hello.txt
cp /root/demo-guest.sh /mnt/
umount /mnt
ls -lh $image

echo "=== xl create /root/demo.cfg"
xl create /root/demo.cfg
echo "=== xl list"
xl list

echo "=== the guest's console"
shown=0
while [ $((patience -= 1)) -ge 0 ]; do
	# Its kernel's banner, then everything from /init on.
	if [ -e $log ]; then
		sed -n -e '/Linux version/{p;d}' -e '/Run \/init/,/^--- end/p' $log | tr -d '\r' >/tmp/console
		lines=$(wc -l </tmp/console)
		[ "$lines" -le $shown ] || sed -n "$((shown + 1)),${lines}p" /tmp/console
		shown=$lines
		if grep -q 'end of the demonstration' /tmp/console; then
			grep -q ' 0% packet loss' /tmp/console
			exit
		fi
	fi
	xl domid demo >/dev/null || {
		echo "the guest is gone"
		exit 1
	}
	sleep 1
done
echo "the guest has not come to its end"
exit 1

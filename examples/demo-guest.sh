# SPDX-License-Identifier: MIT
# Runs in the guest of `make run`, from the guest's disk.
set -e
echo "--- a file read from the disk"
cat hello.txt
echo "--- a file written, and read back after the disk was unmounted and mounted again"
echo "written by $(uname -n), kernel $(uname -r), uptime $(cut -d ' ' -f 1 /proc/uptime) s" >written.txt
cd /
umount /mnt
mount /dev/xvda /mnt
cat /mnt/written.txt
echo "--- the network: dom0"
ping -c 5 10.77.0.1
echo "--- end of the demonstration"
exec setsid cttyhack sh

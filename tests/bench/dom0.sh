# SPDX-License-Identifier: MIT
# Runs in dom0: creates the guests that /root/bench.env asks for and prints what they print. Variables there:
#
#   GUEST=WORDS    the benchmark guest, with these words on its command line
#   PEER=1         a second guest beside it
#   LINUX=WORDS    the Linux guest, likewise
#   MEMORY=1       the memory that the hypervisor leaves
#   WORK=SLOTS     (of 10 ms) one and two guests that only compute, ROUNDS times, on CPU 0 and 1
#   PATIENCE=N     seconds for each
. /root/bench.env

logs=/var/log/xen/console

# create NAME KERNEL MEMORY VCPUS WORDS [LINE...]: a paused guest.
create()
{
	cat >"/root/$1.cfg" <<END
name = "$1"
kernel = "$2"
memory = $3
vcpus = $4
extra = "$5"
on_poweroff = "destroy"
on_crash = "preserve"
END
	name=$1
	shift 5
	printf '%s\n' "$@" >>"/root/$name.cfg"
	rm -f "$logs/guest-$name.log"
	xl create -p "/root/$name.cfg" || exit 1
}

# Whether xl list shows a guest as crashed.
crashed()
{
	xl list | grep -q "^$1 .* ..*c[^ ]* "
}

# wait_for NAME LINE: until its console shows the line, then prints the console. Looks seldom: what dom0 does
# takes time from the guests.
wait_for()
{
	tries=$((PATIENCE * 2))
	until grep -q "^$2" "$logs/guest-$1.log" 2>/dev/null; do
		tries=$((tries - 1))
		if [ $tries -lt 0 ] || { [ $((tries % 20)) = 0 ] && crashed "$1"; }; then
			echo "error: $1 did not come to its end"
			cat "$logs/guest-$1.log"
			xl list
			exit 1
		fi
		usleep 500000
	done
	tr -d '\r' <"$logs/guest-$1.log"
}

run_guest()
{
	create bench /root/guest 16 2 "$GUEST" 'cpus = "0"'
	if [ -n "$PEER" ]; then
		create peer /root/guest 16 1 "role=peer" 'cpus = "0"'
		bench=$(xl domid bench) peer=$(xl domid peer)
		xenstore-write "/local/domain/$bench/data/other" "$peer" "/local/domain/$peer/data/other" "$bench"
		xl unpause peer
	fi
	xl unpause bench
	wait_for bench "bench done"
	[ -z "$PEER" ] || xl destroy peer
}

run_linux()
{
	mkdir -p /kernel && mount -o ro /dev/vda /kernel || exit 1
	create linux /kernel/vmlinux 192 1 "console=hvc0 quiet $LINUX" 'ramdisk = "/root/linux-initramfs"'
	xl unpause linux
	wait_for linux "bench done"
	umount /kernel
}

# work NAME...: these guests compute at the same time, each on its own CPU.
work()
{
	cpu=0
	for name; do
		create "$name" /root/guest 16 1 "role=work slots=$WORK" "cpus = \"$cpu\""
		cpu=$((cpu + 1))
	done
	for name; do
		xl unpause "$name"
	done
	sleep $((WORK / 100 + 1))
	for name; do
		wait_for "$name" "work done" | sed -n "s/^work \([0-9]\)/work $name \1/p"
	done
}

if [ -n "$MEMORY" ]; then
	xl info | grep -E '^(total|free)_memory'
	xl list | sed -n 's/^Domain-0 *0 *\([0-9]*\) .*/dom0_memory : \1/p'
fi
[ -z "$GUEST" ] || run_guest
[ -z "$LINUX" ] || run_linux
if [ -n "$WORK" ]; then
	while [ $((ROUNDS -= 1)) -ge 0 ]; do
		work one
		work left right
	done
fi

# SPDX-License-Identifier: MIT
# Runs in dom0: takes commands from the virtio port "agent". A command is a line "ID LIMIT BASE64"; the
# answer is a line "ID STATUS SIZE" and SIZE bytes of output.
modprobe virtio_console || exit 1
mkdir -p /kernel && mount -o ro /dev/vda /kernel || exit 1
port=
for p in /sys/class/virtio-ports/*; do
	[ "$(cat "$p/name")" = agent ] && port=/dev/${p##*/}
done
[ -n "$port" ] || exit 1
exec 3<>"$port"
echo ready >&3
while read -r id limit text <&3; do
	[ "$id" = quit ] && exit 0
	echo "$text" | base64 -d >/tmp/agent.sh
	timeout -s KILL "$limit" sh /tmp/agent.sh >/tmp/agent.out 2>&1 3<&- 7<&- </dev/null
	status=$?
	# A process that the command left running may still write: what there is now counts.
	cp /tmp/agent.out /tmp/agent.answer
	echo "$id $status $(wc -c </tmp/agent.answer)" >&3
	cat /tmp/agent.answer >&3
done
exit 1

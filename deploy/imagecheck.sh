#!/bin/bash
# Lays out the image as deploy/rootfs.sh does, and runs it as an engine would: bot and worker from the entry
# point, as its user, with nothing of this machine but Redis, a read-only root and 200 MB at most. A file or a
# shared library that is missing shows, and it is checked that it does. It takes root and redis-server.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=200 # MB
fail() { echo "image-check: $*" >&2 && exit 1; }

if [ -z "${IMAGE_SCRATCH:-}" ]; then
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	deploy/rootfs.sh "$scratch/root"
	size=$(du --summarize --apparent-size --block-size=1000000 "$scratch/root" | cut -f 1)
	echo "The image has $size MB, of $limit at most."
	[ "$size" -le "$limit" ] || fail "it is too large"
	# What follows is in namespaces of its own, with no network but loopback: it ends with its first process.
	IMAGE_SCRATCH=$scratch unshare --mount --propagation private --net --pid --fork --kill-child "$0"
	exit
fi

root=$IMAGE_SCRATCH/root log=$IMAGE_SCRATCH/log
ip link set lo up
echo 127.0.0.1 localhost >"$root/etc/hosts" # as an engine does
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom; do
	touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done

# What the Dockerfile sets.
setting() { sed -n "s/^$1 *//p" "$root.config"; }
words() { sed -e 's/.*CMD //' -e 's/[][",]//g'; }
read -r -a settings <<<"$(setting ENV | tr '\n' ' ')"
read -r -a entrypoint <<<"$(setting ENTRYPOINT | words)"
read -r -a health <<<"$(setting HEALTHCHECK | words)"
user=$(setting USER)
[ "${user%%:*}" -gt 0 ] || fail "it runs as $user"

# Becomes a command in the image: enter SETTING... -- COMMAND...
enter() {
	local more=()
	while [ "$1" != -- ]; do more+=("$1") && shift; done
	shift
	exec env -i PATH=/usr/sbin:/usr/bin "${settings[@]}" "${more[@]}" setpriv --no-new-privs chroot --userspec="$user" "$root" "$@"
}
inside() { (enter "$@"); }

# Starts a process of ours, and waits until the health check is content with it.
declare -A processes
start() {
	local command=$1 && shift
	enter "$@" -- "${entrypoint[@]}" "$command" >"$log.$command" 2>&1 &
	processes[$command]=$!
	for ((tries = 0; tries < 600; tries++)); do
		kill -0 "${processes[$command]}" 2>/dev/null || break
		if inside "$@" -- "${health[@]}" >/dev/null 2>&1; then
			echo "$command is healthy."
			return
		fi
		sleep 0.2
	done
	tail -n 20 "$log.$command" >&2
	fail "$command does not become healthy"
}

redis-server --port 6379 --save '' --dir "$IMAGE_SCRATCH" >"$log.redis" &
redis=REDIS_URL=redis://127.0.0.1:6379/0
start worker "$redis" DEEPSKIN_OPS_ADDR=:9091
key=$(head -c 32 /dev/urandom | base64)
start bot "$redis" DATABASE_URL=sqlite:/tmp/deepskin.db DEEPSKIN_IDENTITY_KEY="$key" DEEPSKIN_ADDRESS_KEY="$key"
for command in bot worker; do
	kill -TERM "${processes[$command]}"
	wait "${processes[$command]}" || fail "$command does not end cleanly: $(tail -n 5 "$log.$command")"
done

cp classifier/testdata/golden/sampling-444.jpg "$root/tmp/photo.jpg"
inside -- "${entrypoint[@]}" classify /tmp/photo.jpg
if touch "$root/app/there" 2>/dev/null; then fail "its root could be written to"; fi

# That what is missing shows.
for file in usr/lib/x86_64-linux-gnu/libstdc++.so.6 app/deploy/lib/linux-amd64/libonnxruntime.so.1 app/models/deepskin.onnx; do
	mount --bind /dev/null "$root/$file"
	if inside -- "${entrypoint[@]}" classify /tmp/photo.jpg >/dev/null 2>&1; then fail "nobody misses $file"; fi
	umount "$root/$file"
done
echo "Where a library or the model is missing, it shows."
echo "Not run, for want of their base images: the stages cuda and training."

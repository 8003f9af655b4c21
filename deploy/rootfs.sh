#!/bin/bash
# Lays out a stage of a Dockerfile in FOLDER, where there is no container engine: its RUN steps in an overlay
# of this machine's root, which stands for the image that is built in (so it has to be that Debian, with that
# Go), its COPY steps as they are. In FOLDER.config it leaves what the stage sets besides: env, user, health
# and entrypoint. It takes root, and reads of the Dockerfile's language what deploy/Dockerfile uses.
#
# usage: deploy/rootfs.sh FOLDER [STAGE]     (DOCKERFILE=file for another one; STAGE is the last, if none)
set -euo pipefail

# What is mounted is so for the inner script alone: by the time that the scratch folder is removed, nothing is.
if [ -z "${ROOTFS_SCRATCH:-}" ]; then
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	ROOTFS_SCRATCH=$scratch unshare --mount --propagation private "$0" "$@"
	exit
fi
scratch=$ROOTFS_SCRATCH

target=$(realpath -m "$1") wanted=${2:-}
cd "$(dirname "$0")/.."
file=${DOCKERFILE:-deploy/Dockerfile}
fail() { echo "rootfs: $*" >&2 && exit 1; }

# One instruction a line, without comments.
steps=$(sed -e '/^#/d' -e '/^$/d' "$file" | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta')
declare -A stages arguments
while read -r verb rest; do
	case $verb in
	FROM) stage=${rest##* AS }; stages[$stage]="$verb $rest" ;;
	ARG) [ -n "${stage:-}" ] || arguments[${rest%%=*}]=${rest#*=} ;;
	*) stages[$stage]+=$'\n'"$verb $rest" ;;
	esac
done <<<"$steps"
wanted=${wanted:-$stage}
[ -n "${stages[$wanted]:-}" ] || fail "$file has no stage $wanted"

# The files of Debian's packages that the base image is made of, without what it leaves out.
debian() {
	local package
	mkdir -p "$1"/usr/{bin,lib,lib64,sbin} "$1"/{proc,dev,tmp,etc/ssl/certs,home/nonroot}
	for package in base-files netbase tzdata ca-certificates media-types libc6 libssl3 libgcc-s1 libgomp1 libstdc++6; do
		dpkg -L "$package" || fail "install $package, which the base image has"
	done | sort -u | while read -r path; do
		case $path in
		/usr/share/doc/*/copyright) ;;
		/usr/share/doc* | /usr/share/man* | /usr/share/info* | /usr/share/lintian* | /usr/sbin/*) continue ;;
		esac
		if [ -f "$path" ] || [ -L "$path" ]; then echo "${path#/}"; fi
	done | tar --create --no-recursion --directory=/ --files-from=- | tar --extract --directory="$1"
	chmod 1777 "$1/tmp"
	cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
	printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$1/etc/passwd"
}

# This machine, or a stage that was made of it, as an overlay: what is written goes with this script, but for
# Go's caches.
machine() {
	mkdir -p "$1" "${1%/root}"/{upper,work}
	mount -t overlay overlay -o "lowerdir=$2,upperdir=${1%/root}/upper,workdir=${1%/root}/work" "$1"
	local place
	for place in /proc /dev /sys "$(go env GOCACHE)" "$(go env GOMODCACHE)"; do
		mkdir -p "$1$place"
		mount --rbind "$place" "$1$place"
	done
}

# Copies what a build may see: the names after "!" in .dockerignore, without those that begin with "**/".
context() {
	local names=() without=() line
	while read -r line; do
		case $line in
		'' | '#'* | '*') ;;
		'!'*) for name in ${line#!}; do names+=("./$name"); done ;;
		'**/'*) without+=("--exclude=${line#\*\*/}") ;;
		*/*) without+=("--exclude=./$line") ;;
		*) fail ".dockerignore: $line" ;;
		esac
	done <.dockerignore
	mkdir -p "$1"
	tar --create "${without[@]}" "${names[@]}" | tar --extract --no-same-owner --directory="$1"
}

# Copies a file to a place, or what is in a folder into one. A place that ends in / is a folder.
place() {
	if [ -d "$1" ]; then
		mkdir -p "$2" && cp -a "$1/." "$2"
	elif [ "${2%/}" != "$2" ] || [ -d "$2" ]; then
		mkdir -p "$2" && cp -a "$1" "$2"
	else
		mkdir -p "$(dirname "$2")" && cp -a "$1" "$2"
	fi
}

# Makes a stage's root in $scratch/STAGE/root, and its config beside it.
make_stage() {
	local name=$1 root=$scratch/$1/root config=$scratch/$1/config here=/ verb rest from words given
	[ ! -e "$config" ] || return 0
	mkdir -p "$root"
	while read -r verb rest; do
		case $verb in
		FROM)
			from=${rest%% AS *}
			case $from in '${'*'}') given=${from#??}; from=${arguments[${given%\}}]} ;; esac
			case $from in
			golang:*) machine "$root" / ;;
			*/distroless/cc-debian12:*) debian "$root" ;;
			*)
				[ -n "${stages[$from]:-}" ] || fail "nothing here stands for the image $from"
				make_stage "$from"
				if mountpoint -q "$scratch/$from/root"; then
					machine "$root" "$scratch/$from/root"
				else
					cp -a "$scratch/$from/root/." "$root"
				fi
				;;
			esac
			touch "$config"
			if [ -e "$scratch/$from/config" ]; then
				cp "$scratch/$from/config" "$config"
				here=$(sed -n 's/^WORKDIR //p' "$config" | tail -n 1)
			fi
			;;
		ARG) ;; # from the environment, if at all
		WORKDIR)
			here=$rest
			mkdir -p "$root$here"
			echo "$verb $rest" >>"$config"
			;;
		COPY)
			read -r -a words <<<"$rest"
			given=$scratch/context
			case $rest in
			--from=*)
				make_stage "${words[0]#--from=}"
				given=$scratch/${words[0]#--from=}/root words=("${words[@]:1}")
				;;
			*) [ -e "$given" ] || context "$given" ;;
			esac
			to=${words[-1]}
			case $to in /*) ;; ./) to=$here/ ;; *) to=$here/$to ;; esac
			for from in "${words[@]::${#words[@]}-1}"; do
				[ -e "$given/$from" ] || fail "COPY $rest: there is no $from"
				place "$given/$from" "$root$to"
			done
			;;
		RUN)
			echo "RUN $rest" >&2
			chroot "$root" /bin/sh -c "cd '$here' && $rest" >"$scratch/log" 2>&1 </dev/null || { tail -n 20 "$scratch/log" >&2 && fail "RUN $rest"; }
			;;
		ENV | USER | HEALTHCHECK | ENTRYPOINT) echo "$verb $rest" >>"$config" ;;
		EXPOSE) ;;
		*) fail "$file: $verb" ;;
		esac
	done <<<"${stages[$name]}"
}

make_stage "$wanted"
mountpoint -q "$scratch/$wanted/root" && fail "$wanted is all of this machine"
mkdir -p "$target"
cp -a "$scratch/$wanted/root/." "$target"
cp "$scratch/$wanted/config" "$target.config"

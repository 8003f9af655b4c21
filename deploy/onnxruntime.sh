#!/bin/sh
# Puts ONNX Runtime's shared library into deploy/lib/<os>-<arch>/, checked by its SHA-256.
#
# Looked for in this order: the file that DEEPSKIN_ONNXRUNTIME names (used where it is), the npm
# package onnxruntime-node, Microsoft's release archive, or ONNXRUNTIME_RELEASES instead of where
# those are.
#
# usage: deploy/onnxruntime.sh [cuda]
#
# With "cuda": the GPU build for CUDA 12, into deploy/lib/linux-amd64-cuda/, from the release archive.
set -eu

version=1.27.0
releases=${ONNXRUNTIME_RELEASES:-https://github.com/microsoft/onnxruntime/releases/download}

if [ -n "${DEEPSKIN_ONNXRUNTIME:-}" ] && [ -z "${1:-}" ]; then
	[ -f "$DEEPSKIN_ONNXRUNTIME" ] && exit 0
	echo "DEEPSKIN_ONNXRUNTIME names $DEEPSKIN_ONNXRUNTIME, which is not a file." >&2
	exit 1
fi

# The sums are those of the library in the npm package, and of the whole release archive.
case "$(uname -s)-$(uname -m)${1:+-$1}" in
Linux-x86_64)
	platform=linux-amd64 npm_arch=x64 archive=onnxruntime-linux-x64-$version
	library_sum=d8aff4aa8abee8fb2abb2f2f2459ffc94461e781e41b9f7c072829dd0d470221
	archive_sum=547e40a48f1fe73e3f812d7c88a948612c23f896b91e4e2ee1e232d7b468246f
	;;
Linux-aarch64)
	platform=linux-arm64 npm_arch=arm64 archive=onnxruntime-linux-aarch64-$version
	library_sum=c36bc200e7e6c093b8abb0b34590fbdd8c52fd3fb5e33795b9523ffdde2fce0f
	archive_sum=3e4d83ac06924a32a07b6d7f91ce6f852876153fc0bbdf931bf517a140bfbe48
	;;
Linux-x86_64-cuda)
	platform=linux-amd64-cuda npm_arch= archive=onnxruntime-linux-x64-gpu_cuda12-$version
	archive_sum=3fed2d2f45f01f8bc1c1597a31afe29efd692c7ea4648d58e1844a8a0d0a48cb
	;;
*)
	echo "No ONNX Runtime${1:+ for $1} is known for $(uname -sm): set DEEPSKIN_ONNXRUNTIME to a libonnxruntime of version 1.24 or newer." >&2
	exit 1
	;;
esac

folder=$(cd "$(dirname "$0")" && pwd)/lib/$platform
accepted=$folder/$version.sha256 # written once a library has passed its check

if [ -f "$accepted" ] && (cd "$folder" && sha256sum --check --status "$accepted"); then
	exit 0
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir found unpacked

matches() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]; }

from_npm() {
	[ -n "$npm_arch" ] || return 1
	file=package/bin/napi-v6/linux/$npm_arch/libonnxruntime.so.1
	npm pack --silent "onnxruntime-node@$version" >npm.log 2>&1 &&
		tar -xzf "onnxruntime-node-$version.tgz" "$file" &&
		matches "$file" "$library_sum" &&
		mv "$file" found
}

from_release() {
	curl --silent --show-error --fail --location --max-time 1200 --output archive.tgz \
		"$releases/v$version/$archive.tgz" 2>curl.log &&
		matches archive.tgz "$archive_sum" &&
		tar -xzf archive.tgz --strip-components=1 --directory=unpacked &&
		mv "unpacked/lib/libonnxruntime.so.$version" found/libonnxruntime.so.1 || return 1
	# The GPU build loads these from beside itself.
	for provider in shared cuda; do
		library=unpacked/lib/libonnxruntime_providers_$provider.so
		[ "$platform" != linux-amd64-cuda ] || mv "$library" found || return 1
	done
}

echo "Fetching ONNX Runtime $version for $platform..." >&2
if ! from_npm && ! from_release; then
	echo "ONNX Runtime $version could not be had from npm or from Microsoft's releases (or its checksum was wrong): download $archive.tgz elsewhere, unpack it, and set DEEPSKIN_ONNXRUNTIME to the libonnxruntime.so.$version in it." >&2
	exit 1
fi
mkdir -p "$folder"
mv found/* "$folder"
(cd "$folder" && sha256sum ./*.so* >"$accepted")

# SPDX-License-Identifier: Apache-2.0
# The images that the engines run: one of busybox.
# shellcheck shell=bash

# make_image DIRECTORY: a root file system of busybox and of our probes, describe and status_field.
make_image() {
	local applet
	mkdir -p "$1"/{bin,dev,etc,proc,root,sys,tmp,var}
	chmod 1777 "$1/tmp"
	cp /usr/bin/busybox "$1/bin/"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh alice:x:1000:1000::/home/alice:/bin/sh \
		>"$1/etc/passwd"
	printf 'root:x:0:\nalice:x:1000:\nstaff:x:50:alice\n' >"$1/etc/group"
	printf 'neither a program nor a script\n' >"$1/bin/garbage"
	printf '#!/bin/no-such-interpreter\n' >"$1/bin/orphan"
	printf '#!/bin/sh\nsed -n "s/^$1:\t//p" /proc/self/status\n' >"$1/bin/status_field"
	cp /clients/describe "$1/bin/"
	chmod 755 "$1/bin/"{garbage,orphan,status_field,describe}
}

# oci_archive DIRECTORY NAME FILE CONFIG: a root file system as an image for `ctr image import`.
# CONFIG is the JSON of the image's "config".
oci_archive() {
	local blobs=/tmp/oci/blobs/sha256 layer config manifest
	blob() { # FILE: put in place by its digest, which is printed
		local digest
		digest=$(sha256sum <"$1")
		mv "$1" "$blobs/${digest%% *}"
		echo "${digest%% *}"
	}
	descriptor() { # TYPE DIGEST
		local size
		size=$(stat -c %s "$blobs/$2")
		echo "\"mediaType\": \"application/vnd.oci.image.$1\"," \
			"\"digest\": \"sha256:$2\", \"size\": $size"
	}
	rm -rf /tmp/oci
	mkdir -p $blobs
	tar -C "$1" -c . >/tmp/oci/layer
	layer=$(blob /tmp/oci/layer)
	cat >/tmp/oci/config <<-END
		{ "architecture": "$(go_architecture)", "os": "linux", "config": $4,
		  "rootfs": { "type": "layers", "diff_ids": ["sha256:$layer"] } }
	END
	config=$(blob /tmp/oci/config)
	cat >/tmp/oci/manifest <<-END
		{ "schemaVersion": 2, "config": { $(descriptor config.v1+json "$config") },
		  "layers": [{ $(descriptor layer.v1.tar "$layer") }] }
	END
	manifest=$(blob /tmp/oci/manifest)
	cat >/tmp/oci/index.json <<-END
		{ "schemaVersion": 2, "manifests": [{ $(descriptor manifest.v1+json "$manifest"),
		  "annotations": { "io.containerd.image.name": "$2" } }] }
	END
	echo '{ "imageLayoutVersion": "1.0.0" }' >/tmp/oci/oci-layout
	tar -C /tmp/oci -cf "$3" .
}

# The name that Go, and so image configurations, have for this processor.
go_architecture() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

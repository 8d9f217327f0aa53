# SPDX-License-Identifier: Apache-2.0
# Packages of Debian testing, for scripts that unpack them somewhere.
# shellcheck shell=sh
#
# The mirror is the one that this machine's own apt uses for Debian; its configuration and package
# lists are not touched.

# testing_apt_start FOLDER: begin with an apt that has its state in this new folder.
testing_apt_start() {
	testing_state=$1
	testing_mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME)' \
		'Created-By: Packages' | awk '$1 == "Debian" && $3 !~ /-/ { print $2; exit }')
	[ -n "$testing_mirror" ] || {
		echo "${0##*/}: apt knows no Debian mirror; run apt-get update first" >&2
		return 1
	}
	rm -rf "$testing_state"
	mkdir -p "$testing_state/lists/partial" "$testing_state/cache/archives/partial"
	: >"$testing_state/status"
	testing_key=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb [signed-by=$testing_key] $testing_mirror testing main" \
		>"$testing_state/sources.list"
	testing_apt update
}

# testing_apt ARGUMENT...: apt-get, of which nothing is installed yet.
# The Release file may look expired to a machine whose clock is ahead of its mirror.
testing_apt() {
	apt-get -qq -o Dir::State="$testing_state" -o Dir::State::status="$testing_state/status" \
		-o Dir::State::lists="$testing_state/lists" -o Dir::Cache="$testing_state/cache" \
		-o Dir::Etc::sourcelist="$testing_state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false "$@"
}

# testing_apt_end: remove that state, and the packages that were loaded.
testing_apt_end() {
	rm -rf "$testing_state"
}

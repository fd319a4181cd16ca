# bash completion for verify(1)

# The options of a command, one word each.
_verify_options() {
	local reports='--text --json --html --markdown'
	local common='-q --quiet -v --verbose --help'
	local budgets='--depth --members --bytes --ratio'
	case $1 in
	run) echo "--rebuilt --keep $reports $common" ;;
	compare | report) echo "$reports $common" ;;
	signatures)
		echo "--trust --trust-timestamp --intermediate --crl --ocsp --at --policy" \
			"--detached --list --archive --key --pgp-keyring --signer --identity --identity-issuer --tuf" \
			"$reports $common"
		;;
	rebuild) echo "-o --output $reports $common" ;;
	unpack) echo "$budgets $common" ;;
	list) echo "--digests --json $budgets $common" ;;
	toolchain)
		echo "--debian --build-dep --package --tar --directory --host --name" \
			"-o --output --pool $common"
		;;
	*) echo "--help --version" ;;
	esac
}

_verify() {
	local commands='run compare signatures rebuild unpack list toolchain report'
	local current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=
	[ "$COMP_CWORD" -gt 1 ] && command=${COMP_WORDS[1]}
	local words=
	COMPREPLY=()
	case $previous in
	--at) words='signing-time now' ;;
	--depth | --members | --bytes | --ratio | --name | --signer | --debian | \
		--build-dep | --package)
		return
		;;
	--rebuilt | --keep | --directory | --pool)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--policy | --trust | --trust-timestamp | --intermediate | --crl | --ocsp | --key | --detached | --list | --archive | --pgp-keyring | --text | --json | \
		--html | --markdown | -o | --output | --tar | --host) ;;
	*)
		case $current in
		-*) words=$(_verify_options "$command") ;;
		*)
			[ -z "$command" ] && words=$commands
			[ "$command $COMP_CWORD" = 'toolchain 2' ] &&
				words='pin fetch check show'
			;;
		esac
		;;
	esac
	[ -n "$words" ] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	# The first word can be a release description as well.
	case $current in
	-*) ;;
	*)
		[ -n "$words" ] && [ -n "$command" ] && return
		local file
		while IFS= read -r file; do
			COMPREPLY+=("$file")
		done < <(compgen -f -- "$current")
		;;
	esac
}

complete -o filenames -F _verify verify

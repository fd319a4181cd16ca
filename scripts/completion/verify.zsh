#compdef verify
# zsh completion for verify(1)

_verify() {
	local -a commands reports common budgets
	commands=(
		'run:verify a release by its description'
		'compare:byte difference of two files or folders'
		'signatures:who signed these files'
		'rebuild:build a release in the sandbox'
		'unpack:all files of a file, through all containers'
		'list:the tree of a file with digests'
		'toolchain:pin, fetch, check or show what a build may see'
		'report:make any report again from a findings file'
	)
	reports=(
		'--text=[write the report as text]:file:_files'
		'--json=[write the findings]:file:_files'
		'--html=[write the report as HTML]:file:_files'
		'--markdown=[write the report as Markdown]:file:_files'
	)
	common=(
		'(-q --quiet)'{-q,--quiet}'[say nothing but errors]'
		'(-v --verbose)'{-v,--verbose}'[say more]'
		'--help[print the options]'
	)
	budgets=(
		'--depth=[containers in containers]:number:'
		'--members=[members at most]:number:'
		'--bytes=[decompressed bytes at most]:size:'
		'--ratio=[growth of a stream at most]:number:'
	)
	if (( CURRENT == 2 )); then
		_alternative 'commands:command:{_describe command commands}' \
			'files:release description:_files' \
			'options:option:(--help --version)'
		return
	fi
	local command=$words[2]
	shift words
	(( CURRENT-- ))
	case $command in
	run)
		_arguments $reports $common '--rebuilt=[a build made elsewhere]:folder:_files -/' '--keep=[keep what the build left]:folder:_files -/' \
			'1:release:_files'
		;;
	compare) _arguments $reports $common '1:shipped:_files' '2:rebuilt:_files' ;;
	signatures)
		_arguments $reports $common \
			'*--trust=[trust signers below]:certificate:_files' \
			'*--trust-timestamp=[trust timestamps below]:certificate:_files' \
			'--at=[time to judge at]:time:(signing-time now)' \
			'*--intermediate=[certificates between signer and anchor]:certificate:_files' \
			'*--crl=[a revocation list]:file:_files' \
			'*--ocsp=[an OCSP response]:file:_files' \
			'--policy=[what signatures must meet]:policy:_files' \
			'*--archive=[lists of a Debian archive]:folder:_files' \
			'*--detached=[a signature in a file of its own]:file:_files' \
			'--list=[a list of digests that names the files]:file:_files' \
			'*--tuf=[a folder with the metadata of a TUF repository]:folder:_files -/' \
			'*--identity=[whose sigstore certificates count]:identity:' \
			'*--identity-issuer=[who must have vouched for the identity]:issuer:' \
			'*--key=[a public key that may sign]:file:_files' \
			'*--pgp-keyring=[trust these OpenPGP keys]:file:_files' \
			'*--signer=[only this OpenPGP key]:fingerprint:' \
			'*:file:_files'
		;;
	rebuild)
		_arguments $reports $common '(-o --output)'{-o,--output=}'[a new folder]:folder:_files' \
			'1:release:_files'
		;;
	unpack) _arguments $budgets $common '1:file:_files' '2:folder:_files -/' ;;
	list)
		_arguments $budgets $common '--digests[lines for the Unbuilt field]' \
			'--json=[write the list as JSON]:file:_files' '1:file:_files'
		;;
	toolchain)
		_arguments $common \
			'--debian=[a suite]:suite:' \
			'*--build-dep=[what a source needs to be built]:source:' \
			'*--package=[one more package]:package:' \
			'--tar=[a root as a tar archive]:file:_files' \
			'--directory=[a root as a folder]:folder:_files -/' \
			'*--host=[a program of this machine]:file:_files' \
			'--name=[what reports call it]:name:' \
			'(-o --output)'{-o,--output=}'[the description to write]:file:_files' \
			'--pool=[take the packages from a folder]:folder:_files -/' \
			'1:action:(pin fetch check show)' '2:toolchain:_files'
		;;
	report) _arguments $reports $common '1:findings:_files' ;;
	esac
}

_verify "$@"

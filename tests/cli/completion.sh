# shellcheck shell=sh
# The completions offer exactly the commands and options that --help prints.
set -eu
command -v bash >/dev/null || {
	echo "needs bash"
	exit 77
}

fail() {
	echo "completion: $*"
	exit 1
}

# What bash offers after these words, one a line, sorted.
offered() {
	bash -c '. "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_verify
		printf "%s\n" "${COMPREPLY[@]}"' sh "$SOURCE/scripts/completion/verify.bash" "$@" |
		sort -u
}
# The options that a text of --help names at the start of its lines.
options() {
	sed -n 's/^  \(-[^ ].*\)/\1/p' | sed 's/   .*//' | tr -s ', =' '\n' |
		grep -e '^-[a-z]$' -e '^--[a-z-]*$' | sort -u
}

"$VERIFY" --help >help
commands=$(sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' help)
[ "$(echo "$commands" | wc -l)" -ge 8 ] || fail "no list of commands in --help"
offered verify '' >words
for command in $commands; do
	grep -qx "$command" words || fail "bash does not offer '$command'"
	grep -q "'$command:" "$SOURCE/scripts/completion/verify.zsh" ||
		fail "zsh does not offer '$command'"
	grep -q -- "-a $command " "$SOURCE/scripts/completion/verify.fish" ||
		fail "fish does not offer '$command'"
	"$VERIFY" "$command" --help >help 2>err || {
		cat err
		continue # a build without that command
	}
	options <help >wanted
	# -o FILE of pin stands in the middle of a line of help.
	[ "$command" = toolchain ] && printf '%s\n' -o >>wanted && sort -u -o wanted wanted
	offered verify "$command" - | grep '^-' >found
	diff wanted found >changes || fail "$command: $(cat changes)"
	if command -v fish >/dev/null; then
		fish -c "source $SOURCE/scripts/completion/verify.fish
			complete -C 'verify $command --'" | cut -f 1 | grep '^--' | sort -u >found
		grep '^--' wanted | diff - found >changes || fail "fish $command: $(cat changes)"
	else
		while read -r option; do
			case $option in
			--*) grep -q -- "-l ${option#--} " "$SOURCE/scripts/completion/verify.fish" ;;
			*) grep -q -- "-s ${option#-} " "$SOURCE/scripts/completion/verify.fish" ;;
			esac || fail "fish does not offer $option"
		done <wanted
	fi
	while read -r option; do
		grep -q -- "$option\([],=[}]\|\$\)" "$SOURCE/scripts/completion/verify.zsh" ||
			fail "zsh does not offer $option"
	done <wanted
done
offered verify --v | grep -qx -- --version || fail "no --version"
offered verify toolchain '' | tr '\n' ' ' | grep -q 'check fetch pin show' || fail "toolchain"

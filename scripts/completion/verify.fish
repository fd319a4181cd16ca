# fish completion for verify(1)

function __verify_no_command
    test (count (commandline -opc)) -eq 1
end

function __verify_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

complete -c verify -n __verify_no_command -l help -d 'print the commands'
complete -c verify -n __verify_no_command -l version -d 'print the version'
complete -c verify -n __verify_no_command -a run -d 'verify a release by its description'
complete -c verify -n __verify_no_command -a compare -d 'byte difference of two files or folders'
complete -c verify -n __verify_no_command -a signatures -d 'who signed these files'
complete -c verify -n __verify_no_command -a rebuild -d 'build a release in the sandbox'
complete -c verify -n __verify_no_command -a unpack -d 'all files, through all containers'
complete -c verify -n __verify_no_command -a list -d 'the tree of a file with digests'
complete -c verify -n __verify_no_command -a toolchain -d 'what a build may see'
complete -c verify -n __verify_no_command -a report -d 'make a report again from findings'

set -l every run compare signatures rebuild unpack list toolchain report
complete -c verify -n "__verify_command $every" -s q -l quiet -d 'say nothing but errors'
complete -c verify -n "__verify_command $every" -s v -l verbose -d 'say more'
complete -c verify -n "__verify_command $every" -l help -d 'print the options'

set -l reporting run compare signatures rebuild report
complete -c verify -n "__verify_command $reporting" -l text -r -F -d 'write the report as text'
complete -c verify -n "__verify_command $reporting list" -l json -r -F -d 'write the findings as JSON'
complete -c verify -n "__verify_command $reporting" -l html -r -F -d 'write the report as HTML'
complete -c verify -n "__verify_command $reporting" -l markdown -r -F -d 'write the report as Markdown'

complete -c verify -n '__verify_command run' -l rebuilt -r -F -d 'a build made elsewhere'
complete -c verify -n '__verify_command run' -l keep -r -F -d 'keep what the build left'

complete -c verify -n '__verify_command signatures' -l trust -r -F -a system -d 'trust signers below'
complete -c verify -n '__verify_command signatures' -l trust-timestamp -r -F -a system -d 'trust timestamps below'
complete -c verify -n '__verify_command signatures' -l at -x -a 'signing-time now' -d 'time to judge at'
complete -c verify -n '__verify_command signatures' -l archive -r -F -d 'lists of a Debian archive'
complete -c verify -n '__verify_command signatures' -l detached -r -F -d 'a signature in a file of its own'
complete -c verify -n '__verify_command signatures' -l list -r -F -d 'a list of digests that names the files'
complete -c verify -n '__verify_command signatures' -l tuf -r -F -d 'a folder with the metadata of a TUF repository'
complete -c verify -n '__verify_command signatures' -l identity -r -d 'whose sigstore certificates count'
complete -c verify -n '__verify_command signatures' -l identity-issuer -r -d 'who must have vouched for the identity'
complete -c verify -n '__verify_command signatures' -l intermediate -r -F -d 'certificates between signer and anchor'
complete -c verify -n '__verify_command signatures' -l crl -r -F -d 'a revocation list'
complete -c verify -n '__verify_command signatures' -l ocsp -r -F -d 'an OCSP response'
complete -c verify -n '__verify_command signatures' -l policy -r -F -d 'what signatures must meet'
complete -c verify -n '__verify_command signatures' -l key -r -F -d 'a public key that may sign'
complete -c verify -n '__verify_command signatures' -l pgp-keyring -r -F -d 'trust these OpenPGP keys'
complete -c verify -n '__verify_command signatures' -l signer -x -d 'only this OpenPGP key'

complete -c verify -n '__verify_command rebuild toolchain' -s o -l output -r -F -d 'what to write'

complete -c verify -n '__verify_command unpack list' -l depth -x -d 'containers in containers'
complete -c verify -n '__verify_command unpack list' -l members -x -d 'members at most'
complete -c verify -n '__verify_command unpack list' -l bytes -x -d 'decompressed bytes at most'
complete -c verify -n '__verify_command unpack list' -l ratio -x -d 'growth of a stream at most'
complete -c verify -n '__verify_command list' -l digests -d 'lines for the Unbuilt field'

complete -c verify -n '__verify_command toolchain' -a 'pin fetch check show'
complete -c verify -n '__verify_command toolchain' -l debian -x -d 'a suite'
complete -c verify -n '__verify_command toolchain' -l build-dep -x -d 'what a source needs to be built'
complete -c verify -n '__verify_command toolchain' -l package -x -d 'one more package'
complete -c verify -n '__verify_command toolchain' -l tar -r -F -d 'a root as a tar archive'
complete -c verify -n '__verify_command toolchain' -l directory -r -F -d 'a root as a folder'
complete -c verify -n '__verify_command toolchain' -l host -r -F -d 'a program of this machine'
complete -c verify -n '__verify_command toolchain' -l name -x -d 'what reports call it'
complete -c verify -n '__verify_command toolchain' -l pool -r -F -d 'take packages from a folder'

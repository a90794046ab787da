"""Gives every built program and every subcommand command lines that are wrong: see usage.sh."""

import os
import re
import subprocess
import sys
import tempfile

BUILD, ROOT = sys.argv[1:3]
SCRIPT = os.path.join(ROOT, "python", "verifykeypackage.py")
failed = False


class Wrong(Exception):
    """The program did something else than it should."""


class Run:
    """One run of a program without a terminal, in an empty directory that must stay empty."""

    def __init__(self, *command):
        done = subprocess.run(command, cwd=EMPTY, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True,
                              start_new_session=True, timeout=60, check=False)
        self.command, self.status = command, done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.must(not os.listdir(EMPTY), "it made files")

    def must(self, condition, what):
        if not condition:
            raise Wrong("%s: %s: status %d, output %r, error %r" %
                        (" ".join(self.command), what, self.status, self.out[:100], self.err[:200]))


def refused(text, *command):
    """A usage error that names `text`."""
    run = Run(*command)
    run.must(run.status == 2, "not status 2")
    run.must(not run.out, "output")
    run.must(text in run.err, "%s is not named" % text)
    return run


def fails(status, text, *command):
    """Ends with that status and names `text`, on whichever stream."""
    run = Run(*command)
    run.must(run.status == status, "not status %d" % status)
    run.must(text in run.out + run.err, "%s is not named" % text)


def ok(name, check, *arguments):
    global failed
    try:
        check(*arguments)
        print("ok %s" % name)
    except (Wrong, subprocess.TimeoutExpired) as reason:
        print("FAIL %s: %s" % (name, reason))
        failed = True


def options_in(help_text):
    """(name, takes a value, may be repeated) of every option but --help and --version."""
    found = re.findall(r"^ +(?:-\w(?: \w+)?[|,] ?)?--([\w-]+)([= ]\S+)?(?:(.*may be repeated))?", help_text, re.MULTILINE)
    return [(name, bool(value.strip()), bool(again)) for name, value, again in found if name not in ("help", "version")]


def subcommands_in(help_text):
    listed = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", help_text, re.MULTILINE)
    alternatives = re.match(r"Usage: \S+ ([a-z][a-z-]*(?:\|[a-z][a-z-]*)+) ", help_text)
    return alternatives[1].split("|") if alternatives else listed if "COMMAND --help" in help_text else []


def check_help_and_version(*command):
    run = Run(*command, "--help")
    run.must(run.status == 0 and not run.err and run.out.lower().startswith("usage:"), "no help")
    run = Run(*command, "--version")
    name = os.path.basename(command[0])
    run.must(run.status == 0 and not run.err and re.match(re.escape(name) + r".* \(Safeconduct\) \d", run.out), "no version")


def check_no_arguments(*command):
    if not re.match(r"Usage: \S+ \[OPTIONS\]$", Run(*command, "--help").out.splitlines()[0]):  # it needs none
        refused("", *command)


def check_wrong_options(*command):
    refused("--nonsense", *command, "--nonsense")
    refused("--nonsense", *command, "--nonsense=3")
    run = refused("-Nonsense", *command, "-Nonsense")
    run.must("--Nonsense" not in run.err, "not as it was typed")


def check_every_option(*command):
    for name, has_value, is_list in options_in(Run(*command, "--help").out):
        option = "--" + name
        if has_value:
            refused(option, *command, option)
            run = Run(*command, option, "x ")
            run.must(not re.search(r'(?<![\w"])x [ :]', run.out + run.err), "the blank after x is not shown")
        else:
            refused(option, *command, option + "=x")
        if not is_list:
            refused(option, *command, *[option + "=1" if has_value else option] * 2)


def check_subcommands(program, known):
    run = refused("frobnicate", program, "frobnicate")
    run.must(all(name in run.err for name in known), "does not list the known subcommands")
    refused(known[-1], program)


def check_same_status(expected, *arguments):
    for verifier in ([os.path.join(BUILD, "src/tools/verifykeypackage")], ["python3", SCRIPT]):
        run = Run(*verifier, *arguments)
        run.must(run.status == expected, "not status %d" % expected)


def check_same_text(text, *arguments):
    for verifier in ([os.path.join(BUILD, "src/tools/verifykeypackage")], ["python3", SCRIPT]):
        run = Run(*verifier, *arguments)
        run.must(text in run.out + run.err, "%s is not said" % text)


def check_version_of_the_script():
    versions = {Run(*program, "--version").out.split()[-1] for program in (["python3", SCRIPT], [tool("enquiry")])}
    if len(versions) != 1:
        raise Wrong("two versions: %s" % versions)


def check_readme():
    with open(os.path.join(ROOT, "src/base/status.h"), encoding="utf-8") as file:
        used = set(re.findall(r"SC_STATUS\(\w+, *\d+, *(\d+),", file.read()))
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        section = file.read().split("## Exit status")[1].split("## ")[0]
    listed = set(re.findall(r"^\| (\d+) \|", section, re.MULTILINE))
    if used != listed:
        raise Wrong("in only one of README and status.h: %s" % sorted(used ^ listed))


def tool(name):
    return os.path.join(BUILD, "src/tools", name)


def programs():
    found = []
    for folder, _, files in os.walk(os.path.join(BUILD, "src")):
        paths = [os.path.join(folder, name) for name in files]
        found += [path for path in paths if os.access(path, os.X_OK)]
    return sorted(found) + [os.path.join(WORK, "verifykeypackage.py")]


def check_programs():
    if len(programs()) < 20:
        raise Wrong("not all are built: %s" % programs())


def try_command(*command):
    name = "-".join([os.path.basename(command[0]), *command[1:]])
    ok(name + "-has-help-and-version-on-standard-output", check_help_and_version, *command)
    ok(name + "-refuses-no-arguments", check_no_arguments, *command)
    ok(name + "-shows-a-wrong-option-as-it-was-typed", check_wrong_options, *command)
    ok(name + "-refuses-a-missing-a-superfluous-and-a-second-value", check_every_option, *command)


def try_programs():
    ok("all-programs-are-built", check_programs)
    ok("readme-lists-every-exit-status", check_readme)
    for program in programs():
        subcommands = subcommands_in(Run(program, "--help").out)
        if subcommands:
            ok(os.path.basename(program) + "-names-an-unknown-subcommand-and-lists-the-known", check_subcommands,
               program, subcommands)
        for subcommand in subcommands:
            try_command(program, *subcommand.split())
        try_command(program)
    ok("safeconduct-names-an-unknown-second-word", refused, "region frobnicate: no such subcommand",
       tool("safeconduct"), "region", "frobnicate")
    ok("safeconduct-needs-the-second-word", refused, "region: no such subcommand: give init, region request",
       tool("safeconduct"), "region")
    # What belongs to another subcommand would have no effect.
    factory = tool("factory")
    ok("factory-init-answers-no-request", refused, "request.der: too many", factory, "init", "--dir=f", "--name=n",
       "request.der")
    ok("factory-root-hash-writes-no-answer", refused, "-o: ", factory, "root-hash", "--dir=f", "-o", "answer")
    ok("factory-warrant-makes-no-root", refused, "--name: ", factory, "warrant", "--dir=f", "request.der", "-o", "a",
       "--name=n")


def try_without_a_terminal():
    """Each program says how else to give what it would ask for."""
    ok("factory-says-how-to-give-the-passphrase", refused, "give --passphrase-from-fd", tool("factory"), "init",
       "--dir=f", "--name=n")
    ok("add-azureaccount-says-how-to-give-the-password", refused, "give -Password-From-FD", tool("Add-AzureAccount"),
       "-Credential", "ann@contoso", "-Authority", "https://login.localhost/adfs", "-ResourceManager",
       "https://management.localhost")
    ok("generatekey-says-which-parameter-is-missing", refused, "ident", tool("generatekey"), "--generate", "simple")


def shows(text, *command):
    """Refuses what was typed with a blank at its end, and shows the blank."""
    run = Run(*command)
    run.must(run.status != 0, "success")
    run.must(text in run.out + run.err, "%s is not shown" % text)


def try_blanks():
    """A blank at the end of a value, as a copy from a document brings it, would not be seen otherwise."""
    transfer = ["-KeyIdentifier", "k", "-ExchangeKeyPackage", "a", "-NewSecurityWorldPackage", "b"]
    for text, name, *arguments in (
            ['"ECp521mAES "', "new-world", "--initialize", "--acs-quorum=1/1", "--cipher-suite=ECp521mAES "],
            ['"2-3 "', "new-world", "--initialize", "--acs-quorum=2-3 "],
            ['"simple "', "generatekey", "--generate", "simple ", "ident=k"],
            ['size="2048 "', "generatekey", "--generate", "--batch", "simple", "ident=k", "size=2048 "],
            ['pubexp="10001 "', "generatekey", "--generate", "--batch", "simple", "ident=k", "pubexp=10001 "],
            ['protect="module "', "generatekey", "--generate", "--batch", "simple", "ident=k", "protect=module "],
            ['verify="yes "', "generatekey", "--generate", "--batch", "simple", "ident=k", "verify=yes "],
            ['type="RSA "', "generatekey", "--generate", "--batch", "simple", "ident=k", "type=RSA "],
            ['nvram="no "', "generatekey", "--generate", "--batch", "simple", "ident=k", "nvram=no "],
            ['"batch "', "generatekey", "--generate", "simple", "batch "],
            ['"simple "', "KeyTransferRemote", "-ModifyAcls", "-KeyAppName", "simple ", *transfer],
            ['"HSM "', "Add-AzureKeyVaultKey", "-VaultName", "v", "-Name", "n", "-KeyFilePath", "f", "-Destination", "HSM "],
            ['"Decrypt "', "Invoke-AzureKeyVaultKeyOperation", "-Operation", "Decrypt "],
            ['"SHA256 "', "Get-FileHash", "-Algorithm", "SHA256 ", "f"],
            ['"/etc/hostname "', "Get-FileHash", "/etc/hostname "],
            ['"init "', "factory", "init "],
            ['"region "', "safeconduct", "region "],
            ['"region init "', "safeconduct", "region", "init "],
            ['"x "', "enquiry", "x "]):
        value = "-".join(re.findall(r"\w+", text))
        ok("%s-shows-the-blank-of-%s" % (name, value), shows, text, tool(name), *arguments)


def try_descriptors():
    """One that was not given is refused, whichever file of the program's own would get its number."""
    pins = ["--cards=/none", "--pins-from-fd=%d"]
    for number in range(3, 8):
        for name, *arguments in (
                ["new-world", "--initialize", "--acs-quorum=1/1", *pins],
                ["KeyTransferRemote", "-ModifyAcls", "-KeyAppName", "simple", "-KeyIdentifier", "k", "-ExchangeKeyPackage",
                 SCRIPT, "-NewSecurityWorldPackage", SCRIPT, *pins],
                ["safeconduct", "region", "init", "EU", "--certificate", SCRIPT, *pins],
                ["factory", "init", "--dir=f", "--name=n", "--passphrase-from-fd=%d"],
                ["Add-AzureAccount", "-Credential", "ann@contoso", "-Authority", "https://login.localhost/adfs",
                 "-ResourceManager", "https://management.localhost", "-Password-From-FD=%d"]):
            arguments[-1] %= number
            ok("%s-needs-descriptor-%d-to-be-given" % (name, number), refused, "descriptor %d is not open" % number,
               tool(name), *arguments)


def try_both_verifiers():
    """They end with the same status for the same reason."""
    package, kmdata, sockets = [os.path.join(WORK, name) for name in ("package", "kmdata", "kmdata/config/modules")]
    both = ["-k", package, "-w", package]
    open(package, "wb").close()
    ok("both-verifiers-have-one-version", check_version_of_the_script)
    ok("both-verifiers-a-package-that-does-not-exist", check_same_status, 66, "-k", package + "-none", "-w", package)
    ok("both-verifiers-a-directory-for-a-package", check_same_status, 2, "-k", WORK, "-w", package)
    ok("both-verifiers-one-package", check_same_status, 2, "-k", package)
    ok("both-verifiers-a-wrong-module-number", check_same_status, 2, *both, "-m", "0")
    ok("both-verifiers-a-surplus-argument", check_same_status, 2, *both, "more")
    ok("both-verifiers-nfast-kmdata-not-set", check_same_status, 2, *both)
    ENVIRONMENT["NFAST_KMDATA"] = kmdata
    ok("both-verifiers-no-map-of-modules", check_same_status, 66, *both)
    os.makedirs(os.path.dirname(sockets))
    open(sockets, "w", encoding="utf-8").close()
    ok("both-verifiers-a-module-that-is-not-in-the-map", check_same_status, 66, *both)
    with open(sockets, "w", encoding="utf-8") as file:
        file.write("1 use %s\n" % os.path.join(WORK, "none"))
    ok("both-verifiers-a-module-that-does-not-run", check_same_status, 69, *both)
    fifo = os.path.join(WORK, "fifo")
    os.mkfifo(fifo)
    ok("both-verifiers-a-fifo-for-a-package", check_same_status, 2, "-k", fifo, "-w", package)
    for name, line in (("a-map-from-windows", b"\xef\xbb\xbf1 use /none\r\n"), ("a-path-with-a-blank", b"1  use /no ne # x\n"),
                       ("a-path-with-a-hash", b"1\tuse /no#ne\n")):
        with open(sockets, "wb") as file:
            file.write(line)
        ok("both-verifiers-" + name, check_same_status, 69, *both)
    for text, line in (("/no ne", b"1 use /no ne # x\n"), ("/no#ne", b"1 use /no#ne\n")):
        with open(sockets, "wb") as file:
            file.write(line)
        ok("both-verifiers-read-%s-whole" % text[1:].replace(" ", "-"), check_same_text, text + ": ", *both)


def try_to_read_what_is_not_there():
    """What only reads makes nothing (Run checks that): neither the key management data nor a session."""
    kmdata = os.path.join(EMPTY, "kmdata")
    world = os.path.join(WORK, "package")
    ENVIRONMENT["NFAST_KMDATA"] = kmdata
    for name, *arguments in (["enquiry"], ["verifykeypackage", "-k", world, "-w", world],
                             ["verifyreceipt", world, "--public-key", world], ["verifyreceipt", world, "--key", "k"],
                             ["safeconduct", "region", "publish", "EU", "-o", os.path.join(EMPTY, "published")]):
        ok("%s-makes-no-kmdata-%d" % (name, len(arguments)), fails, 66, kmdata + "/config/modules: does not exist",
           tool(name), *arguments)
    ok("get-azuresubscription-makes-no-session", fails, 66, "sign in with Add-AzureAccount",
       tool("Get-AzureSubscription"))


with tempfile.TemporaryDirectory() as WORK:
    EMPTY = os.path.join(WORK, "empty")
    os.mkdir(EMPTY)
    ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": EMPTY, "TMPDIR": EMPTY}
    ENVIRONMENT.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
    with open(SCRIPT, "rb") as source, open(os.path.join(WORK, "verifykeypackage.py"), "wb") as executable:
        executable.write(source.read())
    os.chmod(os.path.join(WORK, "verifykeypackage.py"), 0o700)
    try_programs()
    try_without_a_terminal()
    try_blanks()
    try_descriptors()
    try_both_verifiers()
    try_to_read_what_is_not_there()
sys.exit(1 if failed else 0)

"""The file of those who may sign in, and `dateline password`, which writes it.

It holds a line `name:hash` for each person. The hashes are of the form that Datasette's plugin
datasette-auth-passwords and Django use: PBKDF2 with SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import sys
from pathlib import Path

import click

from archive.cli.base import archive_option, cli, typed_text
from archive.errors import UsageError

PASSWORD_ITERATIONS = 480_000
"""Iterations of PBKDF2: about a quarter of a second for each sign-in."""
MIN_PASSWORD_CHARS = 8
USER_NAME_PATTERN = re.compile(r"[\w.@+-]{1,60}")
PASSWORD_HASH_PATTERN = re.compile(r"pbkdf2_sha256\$\d{1,8}\$[^$:\s]+\$[A-Za-z0-9+/=]+")


@cli.command()
@click.argument("name", metavar="NAME")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--remove", is_flag=True, help="Remove the person from the file.")
@archive_option
def password_command(name: str, file: Path, remove: bool, folder: Path) -> None:  # noqa: ARG001
    """Set the password of a person for `serve --password-file FILE`.

    The password is asked for, or read from standard input. The file holds a hash of it, and is
    readable for you alone.

    \b
    Examples: dateline password mara passwords.txt
              dateline password mara passwords.txt --remove
    """
    name = typed_text(name)
    if not USER_NAME_PATTERN.fullmatch(name):
        raise UsageError(f"{name}: a name has letters, digits and .@+-_ only, 60 at most")
    known = read_password_file(file) if file.exists() else {}
    if remove:
        if known.pop(name, None) is None:
            raise UsageError(f"{name}: not in {file}")
        _write_password_file(file, known)
        click.echo(f"{name} is removed from {file}; restart `dateline serve` to shut them out.")
        return
    known[name] = hash_password(_asked_password())
    _write_password_file(file, known)
    click.echo(f"{file}: {len(known)} may sign in with `dateline serve --password-file {file}`.")


def hash_password(password: str) -> str:
    """Return the salted hash of a password."""
    salt = secrets.token_hex(16)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), PASSWORD_ITERATIONS)
    return f"pbkdf2_sha256${PASSWORD_ITERATIONS}${salt}${base64.b64encode(digest).decode()}"


def read_password_file(file: Path) -> dict[str, str]:
    """Return the hashes by name; raises UsageError if the file is missing or invalid."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file}: cannot be read ({error}); `dateline password NAME {file}` writes it"
        ) from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, _, password_hash = line.strip().partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if not (
            USER_NAME_PATTERN.fullmatch(name) and PASSWORD_HASH_PATTERN.fullmatch(password_hash)
        ):
            raise UsageError(
                f"{file}, line {number}: not of the form name:hash; "
                f"`dateline password NAME {file}` writes such lines"
            )
        found[name] = password_hash
    return found


def _asked_password() -> str:
    """Return a password from the terminal, typed twice, or from standard input."""
    stdin = sys.stdin
    if stdin.isatty():
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        password = stdin.readline().rstrip("\r\n")
    if len(password) < MIN_PASSWORD_CHARS:
        raise UsageError(f"a password needs {MIN_PASSWORD_CHARS} characters at least")
    return password


def _write_password_file(file: Path, hashes: dict[str, str]) -> None:
    """Write the file, complete or not at all, readable for its owner alone."""
    text = "".join(f"{name}:{password_hash}\n" for name, password_hash in sorted(hashes.items()))
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(text)
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from error

"""Secrets: what looks like one, in arguments, addresses and the names of files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

MASK: Final = "***"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS: Final = re.compile(
    r"secret|secrets|password|passwords|passwd|passphrase|pwd|credential|credentials|"
    r"apikey|apikeys"
)
_LOGIN_WORDS: Final = re.compile(r"auth|authorization|bearer|cookie")
_KEY_OWNERS: Final = re.compile(
    r"api|access|private|secret|auth|ssh|encryption|signing|license|account"
)
# `pad_token`, `mask_token` and the like are words of language models.
_HARMLESS_TOKENS: Final = re.compile(
    r"pad|mask|cls|eos|bos|unk|sep|class|start|end|special|additional"
)

_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_ASSIGNMENT = re.compile(r"(-*[A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
_JSON_MEMBER = re.compile(r'(["\'])([\w.-]+)\1(\s*:\s*)("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^\s,}\]]+)')
_WITH_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/\s@'\"]*(?:@[^/\s@'\"]*)*)@")
TOKEN: Final = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}\b|AIza[\w-]{35}|xox[abeprs]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{36}"
    r"|pypi-AgE[\w-]{50,}|sk-[A-Za-z0-9]{32,}|sk-(?:proj|svcacct|ant-[a-z0-9]+|or-v1)-[\w-]{20,}"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{20,}|SG\.[\w-]{22}\.[\w-]{43}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
)

_KEY_SUFFIXES: Final = re.compile(
    r"\.pem|\.key|\.p12|\.pfx|\.pkcs12|\.jks|\.keystore|\.kdb|\.kdbx|\.ppk|\.asc|\.gpg|"
    r"\.pgp|\.der|\.crt|\.ovpn"
)
_KEY_NAMES: Final = re.compile(
    r"\.netrc|_netrc|\.npmrc|\.pypirc|\.pgpass|\.htpasswd|\.git-credentials|\.dockercfg|"
    r"\.my\.cnf|\.s3cfg|\.boto|\.token|token|\.envrc|\.dockerconfigjson|\.vault-token|"
    r"kubeconfig(?:\.\w+)?|rclone\.conf|pip\.conf|pgpass\.conf|service[-_]account.*\.json|"
    r"terraform\.tfvars(?:\.json)?|.*\.env\.\w+|.*[_.-]rsa"
)
_KEY_FOLDERS: Final = frozenset({".ssh", ".aws", ".gnupg", ".azure", ".gcloud", ".kube", ".docker"})
_CODE_SUFFIXES: Final = re.compile(
    r"\.py|\.pyi|\.pyx|\.c|\.cc|\.cpp|\.cu|\.cuh|\.h|\.hpp|\.rs|\.jl|\.r|\.sh|\.bash|"
    r"\.ipynb"
)


def name_looks_secret(name: str) -> bool:
    """Whether an option or key of that name would hold a secret: `hf_token`, `--api-key`."""
    words = _words(name)
    if _names_a_secret(words) or any(_LOGIN_WORDS.fullmatch(word) for word in words):
        return True
    before = words[-2] if len(words) > 1 else ""
    return bool(words) and words[-1].endswith("token") and not _HARMLESS_TOKENS.fullmatch(before)


def name_holds_password(name: str) -> bool:
    """The same, but for words that have another meaning in code: tokens, cookies, logins."""
    return _names_a_secret(_words(name))


def masked_arguments(arguments: Iterable[str]) -> tuple[str, ...]:
    """A command line with the values of what looks secret replaced by `***`."""
    masked: list[str] = []
    value_is_secret = False
    for argument in arguments:
        hidden = value_is_secret and not argument.startswith("--")
        masked.append(MASK if hidden else _masked_argument(argument))
        value_is_secret = bool(_OPTION.fullmatch(argument)) and name_looks_secret(argument)
    return tuple(masked)


def _masked_argument(argument: str) -> str:
    assignment = _ASSIGNMENT.fullmatch(argument)
    if assignment is None:
        return masked_text(argument)
    name, value = assignment[1], assignment[2]
    return f"{name}={MASK if name_looks_secret(name) else _masked_argument(value)}"


def masked_text(text: str) -> str:
    """A text without access tokens, credentials in addresses, and secret members of JSON."""
    text = _JSON_MEMBER.sub(
        lambda found: (
            f'{found[1]}{found[2]}{found[1]}{found[3]}"{MASK}"'
            if name_looks_secret(found[2])
            else found[0]
        ),
        text,
    )
    return TOKEN.sub(MASK, _WITH_CREDENTIALS.sub(_without_userinfo, text))


def masked_address(address: str) -> str:
    """The address of a repository or package without credentials, query and fragment.

    The user of an ssh address stays (`git@host`): it is needed to clone, and no secret. Of an
    address that names a command (`ext::…`) only the scheme stays.
    """
    scheme, double_colon, _ = address.partition("::")
    if double_colon and re.fullmatch(r"[A-Za-z][\w+.-]*", scheme):
        return f"{scheme}::{MASK}"
    if "://" in address:
        address = re.split(r"[?#]", address, maxsplit=1)[0]
    return masked_text(address)


def path_looks_secret(path: str, *, tracked: bool) -> bool:
    """Whether a file of that name is likely a key, a `.env` or a list of credentials.

    Code that git tracks is judged by its content alone: `secrets.py` may be a module about secrets.
    """
    pure = PurePosixPath(path)
    name = pure.name.lower()
    suffix = pure.suffix.lower()
    if tracked and _CODE_SUFFIXES.fullmatch(suffix):
        return False
    if name.endswith((".example", ".sample", ".template", ".dist", ".pub")):
        return False
    if _KEY_NAMES.fullmatch(name) or _KEY_SUFFIXES.fullmatch(suffix):
        return True
    if _KEY_FOLDERS & set(pure.parts[:-1]):
        return True
    if name.startswith((".env", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")) or suffix == ".env":
        return True
    stem = pure.name.removesuffix(pure.suffix)
    if _CODE_SUFFIXES.fullmatch(suffix):
        # auth.py and token.py are code as a rule, secrets.py is not.
        return _names_a_secret(_words(stem))
    return name_looks_secret(stem) or _words(stem)[-1:] in (["key"], ["keys"])


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _names_a_secret(words: list[str]) -> bool:
    pairs = zip(["", *words], words, strict=False)
    return any(word.endswith(("password", "passwd", "apikey")) for word in words) or any(
        _SECRET_WORDS.fullmatch(word) or (word == "key" and _KEY_OWNERS.fullmatch(before))
        for before, word in pairs
    )


def _without_userinfo(found: re.Match[str]) -> str:
    scheme, userinfo = found[1], found[2]
    user, colon, _ = userinfo.partition(":")
    if scheme.lower() in ("ssh", "git+ssh") and user:
        return f"{scheme}://{user}@"
    return f"{scheme}://" if colon or userinfo else found[0]

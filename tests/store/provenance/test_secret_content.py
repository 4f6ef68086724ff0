"""Secret content: keys, tokens and passwords in files are seen, and ordinary code is not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stride
from stride.store.provenance.secret_content import content_looks_secret

PASSWORD = "hunter2-9f8e7d"


@pytest.mark.parametrize(
    "line",
    [
        "password = 'PASSWORD'",
        '    self.api_key: str = "PASSWORD"  # mine',
        '{"db": {"password": "PASSWORD", "port": 3}}',
        'wandb.login(api_key="PASSWORD")',
        '"source": ["client_secret=\\"PASSWORD\\""]',
        "db_password: PASSWORD",
        "export WANDB_API_KEY=PASSWORD",
        "+aws_secret_access_key = PASSWORD; more",
        "hf_token = 'PASSWORD-PASSWORD'",
        "url = 'postgres://me:PASSWORD@db/runs'",
        "curl -H 'Authorization: Bearer PASSWORD'",
        "key = 'sk_live_aB3daB3daB3daB3daB3d'",
        "x = 'SG." + "a" * 22 + "." + "b" * 43 + "'",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_a_password_is_seen_wherever_it_stands(line: str, ending: str) -> None:
    text = line.replace("PASSWORD", PASSWORD)
    assert content_looks_secret((f"import os{ending}{text}{ending}" if ending else text).encode())


@pytest.mark.parametrize(
    "line",
    [
        "password = os.environ['DB_PASSWORD']",
        "password = getpass.getpass()",
        "def connect(password: str, api_key: str | None = None) -> None:",
        "api_key = config.api_key2",
        "password = '<your password>'",
        "PASSWORD=${DB_PASSWORD_1}",
        "api_key: changeme123",
        "pad_token = '[PAD-0123456789abc]'",
        "next_token = 'embedding_of_the_word'",
        "key = 'model.layers.0.weight'",
        "url = 'https://user:password@example.org/x'",
        "url = 'https://{user}:{password}@db/x'",
        "git clone git@github.com:me/project.git",
        "secret_path = '/run/secrets/database1'",
        ".sk-toggleable__content-with-a-very-long-name-indeed {}",
    ],
)
def test_code_that_names_passwords_and_holds_none_is_kept(line: str) -> None:
    assert not content_looks_secret(f"import os\n{line}\n".encode())


def test_the_code_of_stride_itself_holds_no_secret() -> None:
    files = list(Path(stride.__file__).parent.rglob("*.py"))
    assert len(files) > 50
    assert [path for path in files if content_looks_secret(path.read_bytes())] == []


@given(before=st.binary(max_size=3000), after=st.binary(max_size=300))
def test_a_password_is_seen_in_the_midst_of_anything(before: bytes, after: bytes) -> None:
    line = b"password = '" + PASSWORD.encode() + b"'"
    assert content_looks_secret(before + b"\n" + line + b"\n" + after)


@pytest.mark.parametrize("kind", ["", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED "])
def test_private_keys_are_seen_in_files(kind):
    assert content_looks_secret(f"x\n-----BEGIN {kind}".encode() + b"PRIVATE KEY-----\n")
    assert not content_looks_secret(f"x\n-----BEGIN {kind}PUBLIC KEY-----\n".encode())


def test_styles_of_a_web_page_are_no_tokens():
    assert not content_looks_secret(b".sk-toggleable__content-with-a-very-long-name-indeed {}")

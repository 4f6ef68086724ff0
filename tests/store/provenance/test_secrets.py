"""Secrets: nothing that looks like one gets through, and what does not is left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.store.provenance.secrets import (
    MASK,
    masked_address,
    masked_arguments,
    masked_text,
    name_looks_secret,
    path_looks_secret,
)

SECRET = "hunter2-9f8e7d"
TOKENS = [
    "ghp_" + "aB3" * 12,
    "github_pat_" + "aB3_" * 12,
    "glpat-" + "aB3-" * 6,
    "hf_" + "aB3" * 11,
    "AKIA" + "A1" * 8,
    "AIza" + "aB3_x" * 7,
    "xoxb-" + "1234-" * 4,
    "sk-" + "aB3d" * 12,
    "sk-proj-" + "aB3_-" * 8,
    "sk-ant-api03-" + "aB3_-" * 8,
    "npm_" + "aB3" * 12,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlc2lnbg",
]


@pytest.mark.parametrize(
    "name",
    ["hf_token", "--api-key", "model_kwargs.apiKey", "PASSWORD", "dbPassword",
     "AWS_SECRET_ACCESS_KEY", "wandb.auth", "x.credentials",
     "private_key", "sessionToken", "mypassword", "token"],
)  # fmt: skip
def test_names_of_secrets_are_seen(name):
    assert name_looks_secret(name)


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "tokenizer", "num_tokens", "pad_token", "model_kwargs.mask_token", "author",
     "key", "keys", "monkey", "seed", "token_dim", "secretary", "license", "passes"],
)  # fmt: skip
def test_names_of_other_things_are_not(name):
    assert not name_looks_secret(name)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token", SECRET],
        ["--token=" + SECRET],
        ["--config", "model_kwargs.api_key=" + SECRET],
        ["--config=model_kwargs.api_key=" + SECRET],
        ["--config", 'log_kwargs={"hf_token": "' + SECRET + '", "every": 3}'],
        ["--config", "log_kwargs={'hf_token': '" + SECRET + "'}"],
        ["HF_TOKEN=" + SECRET, "stride"],
        ["https://user:" + SECRET + "@example.org/x"],
        ["--config", "data.url=s3://key:" + SECRET + "@bucket"],
        ["postgres://user:p@" + SECRET + "@example.org/db"],
    ],
)
def test_secrets_among_arguments_are_masked(arguments):
    masked = masked_arguments(["stride", "fit", *arguments])
    assert SECRET not in " ".join(masked)
    assert len(masked) == len(arguments) + 2


@pytest.mark.parametrize("token", TOKENS)
def test_well_known_tokens_are_masked_wherever_they_stand(token):
    assert masked_text(f"x={token}, y") == f"x={MASK}, y"


def test_arguments_without_secrets_stay_as_they_are():
    arguments = (
        "python", "-m", "stride", "fit", "--config", "optimizer_kwargs.lr=1e-3", "--config",
        "model_kwargs.hidden_dims=[64, 64]", "--config-file", "a=b.yaml", "--config", "a.url=s3://bucket/x@y",
        "--config", 'x={"a": {"b": "c"}}', "--no-auth-needed=", "C:/x",
    )  # fmt: skip
    assert masked_arguments(arguments)[:13] == arguments[:13]


def test_an_option_that_follows_a_secret_one_is_not_its_value():
    assert masked_arguments(["--token", "--verbose", "x"]) == ("--token", "--verbose", "x")


values = st.text("abcdefghijkXYZ0123456789_+/.", min_size=12, max_size=40)
keys = st.sampled_from(["token", "api_key", "a.b.hf_token", "x.password", "client-secret"])


@given(
    values,
    keys,
    st.sampled_from(["--{0}={1}", "{0}={1}", "--config={0}={1}", "c={{'{0}': '{1}'}}"]),
)
def test_the_value_of_a_secret_name_never_gets_through(value, key, form):
    argument = form.format(key, value)
    masked = masked_arguments([argument])
    assert value not in masked[0]
    assert masked_arguments(masked) == masked


@given(st.text(max_size=80))
def test_masking_twice_is_masking_once(text):
    once = masked_text(text)
    assert masked_text(once) == once
    assert masked_address(masked_address(text)) == masked_address(text)


@pytest.mark.parametrize(
    "path",
    [".env", "a/.env.production", "prod.env", "server.pem", "id_rsa", "a/id_ed25519", ".netrc",
     ".npmrc", "credentials.json", "aws_credentials", "client_secret_12.json",
     "secrets.yaml", "secrets.py",
     ".aws/config", "keys/service.key", "api-key.txt", "hf_token", "passwords.txt", "auth.json",
     "kubeconfig.yaml", "service-account-3.json", "rclone.conf", "pip.conf", "terraform.tfvars",
     "apikeys.yaml", "wandb_key.txt", "keys.json", "local.env.json", ".envrc", "deploy_rsa"],
)  # fmt: skip
def test_files_of_secrets_are_seen_by_their_names(path):
    assert path_looks_secret(path, tracked=False)


@pytest.mark.parametrize(
    "path",
    [".env.example", "id_rsa.pub", "tokenizer.json", "token.py", "auth.py", "keys.py", "model.py",
     "environment.yml", "tokens.txt", "keyboard.md", "special_tokens_map.json", "keypoints.json",
     "secrets.yaml.example", "environment.json"],
)  # fmt: skip
def test_other_files_are_not(path):
    assert not path_looks_secret(path, tracked=False)


def test_code_that_git_tracks_is_judged_by_its_content_alone():
    assert not path_looks_secret("app/secrets.py", tracked=True)
    assert path_looks_secret("app/secrets.yaml", tracked=True)

"""Digests of the state at each checkpoint, which stay when the checkpoint goes."""

from stride.store.checkpoint_manifest import FileFacts, Manifest
from stride.store.position import Position
from stride.store.work_dir import WorkDir
from stride.training.checkpoints.kept_digests import keep_digest, put_back_digests


def manifest(step, state="sha256:a", **files):
    names = files or {"tensors.safetensors": state, "weights/best.safetensors": "sha256:w"}
    return Manifest(
        created="",
        position=Position(step=step, epoch=step // 10, consumed=0),
        epoch_end=True,
        best=False,
        versions={},
        files={name: FileFacts(size=1, digest=digest) for name, digest in names.items()},
    )


def test_a_resume_cuts_the_rows_back_and_writes_the_one_that_a_kill_has_kept_back(tmp_path):
    run = WorkDir(tmp_path / "exp").create({})
    for step in (10, 20, 40):
        keep_digest(run, manifest(step))
    put_back_digests(run, manifest(20))
    assert [row["step"] for row in run.digests.read()] == [10, 20]
    put_back_digests(run, manifest(30, "sha256:b"))
    assert run.digests.read()[-1] == {"step": 30, "epoch": 3, "state": "sha256:b"}


def test_the_state_in_several_files_has_one_digest_whatever_their_order():
    parts = {f"tensors-0000{n}-of-00002.safetensors": f"sha256:{n}" for n in (1, 2)}
    turned = dict(reversed(parts.items()))
    assert manifest(1, **parts).state_digest == manifest(1, **turned).state_digest
    assert manifest(1, **parts).state_digest != manifest(1).state_digest == "sha256:a"

"""The catalog that the config floor is given."""

from __future__ import annotations

from stride.config.catalog import KINDS, Catalog
from stride.config.schema import NAMED_GROUPS


def test_every_group_of_the_schema_picks_a_kind_of_the_catalog() -> None:
    assert set(NAMED_GROUPS.values()) <= set(KINDS)
    assert set(KINDS) - set(NAMED_GROUPS.values()) == {"loss", "sampler", "collate", "callback"}


def test_a_class_with_names_and_signatures_is_a_catalog(catalog: Catalog) -> None:
    for kind in KINDS:
        for name in catalog.names(kind):
            assert catalog.signature(kind, name).name == name

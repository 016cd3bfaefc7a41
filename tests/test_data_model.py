"""docs/data-model.md says what the models are: this holds it to them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

DOCUMENT = (Path(__file__).parent.parent / "docs" / "data-model.md").read_text()
OWN_APPS = ("accounts", "audit", "integrations", "jobs", "messaging", "presence", "rooms")
MODELS = [model for app in OWN_APPS for model in apps.get_app_config(app).get_models()]


def told_of(model: type[Model]) -> str:
    """What the document says of the model: from its name in bold to the next one's, or the next heading."""
    found = re.search(rf"^\*\*`{model.__name__}`\*\*(.*?)(?=^\*\*`|^#)", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert found, f"{model.__name__} is not described"
    return found[1]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_described(model: type[Model]) -> None:
    names = {field.name for field in model._meta.local_concrete_fields} - {"pk"}
    assert names - set(re.findall(r"`(\w+)`", told_of(model))) == set()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nothing_is_described_that_is_not_there(model: type[Model]) -> None:
    rows = re.findall(r"^\| (`.*?) \|", told_of(model), re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described - {field.name for field in model._meta.get_fields()} == set()

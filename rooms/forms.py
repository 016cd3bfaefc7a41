"""The forms of rooms: what a page can check by itself. The rules are the services'."""

from __future__ import annotations

import re

from django import forms

from accounts.models import User
from realtime.errors import Refusal
from rooms.models import Kind

# What a person can make; direct rooms come about by writing to somebody.
OFFERED_KINDS = [Kind.PUBLIC, Kind.PRIVATE, Kind.CHANNEL]
# More people than this are invited, not typed.
TYPED_PEOPLE_MAX = 100


class RoomForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        help_text="Short and clear: people will look for it by this name.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the room a name."},
    )
    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in OFFERED_KINDS], initial=Kind.PUBLIC.value)
    topic = forms.CharField(
        max_length=1000,
        required=False,
        help_text="What belongs here. It stands next to the name.",
        widget=forms.Textarea(attrs={"autocomplete": "off", "rows": 2}),
    )
    people = forms.CharField(
        required=False,
        label="Add people",
        help_text="Usernames, with commas or spaces between them. You are in it anyway.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_people(self) -> list[User]:
        """Turn usernames into active users; say which of them nobody has."""
        names = list(dict.fromkeys(re.findall(r"[^\s,;@]+", self.cleaned_data["people"].casefold())))
        if len(names) > TYPED_PEOPLE_MAX:
            raise forms.ValidationError(f"Add up to {TYPED_PEOPLE_MAX} people here; others can join later.")
        found = {user.username.casefold(): user for name in names for user in User.objects.active().named(name)}
        if unknown := [name for name in names if name not in found]:
            raise forms.ValidationError(f"Nobody here is called {', '.join(f'“{name}”' for name in unknown)}.")
        return list(found.values())

    def focus(self) -> None:
        """Put the cursor where something is to be done: at the first error, or else at the start."""
        first = next((name for name in self.fields if name in self.errors), "name")
        self.fields[first].widget.attrs["autofocus"] = True

    def refuse(self, refusal: Refusal) -> None:
        show_refusal(self, refusal)


def show_refusal(form: forms.Form, refusal: Refusal) -> None:
    """Show what a service said: beside the field that it names, or else above the form."""
    for field, details in refusal.fields.items():
        for detail in details:
            form.add_error(field if field in form.fields else None, detail)
    if not refusal.fields:
        form.add_error(None, refusal.detail)

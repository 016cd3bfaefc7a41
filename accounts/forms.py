"""The admin's forms for users, and those of the account pages that are not allauth's.

The admin's only check; `accounts.admin` hands what was typed to the services.
"""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth import forms as auth_forms
from django.utils import timezone

from accounts import names, services, wording
from accounts.models import Audience, Privacy, User
from realtime.errors import Refusal


def _check_mention_word(form: forms.ModelForm, field: str = "username") -> str:
    username: str = form.cleaned_data[field]
    if username.lower() in names.MENTION_WORDS:
        raise forms.ValidationError("This word addresses many people in a message. Choose another name.")
    return username


class UserAddForm(auth_forms.AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username", "email", "display_name")

    def clean_username(self) -> str:
        return _check_mention_word(self)


class UserChangeForm(auth_forms.UserChangeForm):
    """One form for all. Suspension is a box to tick with its reason and end."""

    suspended = forms.BooleanField(required=False, help_text="Keeps them out; open sessions and sockets end at once.")

    class Meta:
        model = User
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "suspended" in self.fields:
            self.fields["suspended"].initial = self.instance.is_suspended

    def clean_username(self) -> str:
        return _check_mention_word(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("suspended") and {"suspended", "suspension_reason", "suspended_until"} & set(self.changed_data):
            if not data.get("suspension_reason", "").strip():
                self.add_error("suspension_reason", "Give a reason: the person reads it when they try to sign in.")
            until = data.get("suspended_until")
            if until is not None and until <= timezone.now():
                self.add_error("suspended_until", "The end of a suspension lies in the future. Choose a later time.")
        for name in set(self.changed_data) & wording.FIELDS & data.keys():
            try:
                data |= wording.checked({name: data[name]})
            except Refusal as refusal:
                self.add_error(name, refusal.detail)
        return data


class PasswordForm(auth_forms.AdminPasswordChangeForm):
    """Sets somebody's password through the service. `actor` is who does it."""

    def __init__(self, user: User, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        # Django offers to take the password away here. To shut somebody out, their account is closed.
        self.fields.pop("usable_password", None)
        self.fields["password1"].required = self.fields["password2"].required = True
        self.actor = actor

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            services.check_control(self.actor, self.user)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail) from refusal
        return data

    def save(self, commit: bool = True) -> User:
        services.set_password(self.user, self.cleaned_data["password1"], actor=self.actor)
        return self.user


class AddPasskeyForm(AddWebAuthnForm):
    """allauth's, with the box ticked that makes a passkey of a second factor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "passwordless" in self.fields:
            self.fields["passwordless"].initial = True


class PrivacyForm(forms.Form):
    """What one lets others know and do. What a request leaves out stays as it is."""

    # What each means for the person; the first are of what others know, the rest of what they do.
    KNOW: ClassVar[dict[Privacy, str]] = {
        Privacy.PRESENCE: "The dot beside your name, and that you are typing.",
        Privacy.LAST_SEEN: "The time when you were last here, on your profile.",
        Privacy.READ_RECEIPTS: "It goes both ways: you see it of those who see it of you. What you read while "
        "nobody sees it is not told later.",
        Privacy.PHONE: "The number on your profile, if you have given one.",
    }
    DO: ClassVar[dict[Privacy, str]] = {
        Privacy.MESSAGES: "Begin a conversation with you. Whoever you have answered may go on writing.",
        Privacy.ROOMS: "Put you into a room. Others can send you an invitation, which you accept or not.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for what, help_text in (self.KNOW | self.DO).items():
            self.fields[str(what)] = forms.ChoiceField(
                choices=Audience.choices, label=what.label, help_text=help_text, required=False
            )

    def know(self) -> list[forms.BoundField]:
        return [self[str(what)] for what in self.KNOW]

    def do(self) -> list[forms.BoundField]:
        return [self[str(what)] for what in self.DO]

    def changes(self) -> dict[str, str]:
        """The settings that came with the request."""
        return {name: audience for name, audience in self.cleaned_data.items() if audience}

"""The admin's forms for users, and where a form of allauth's is not strict enough here.

The admin's only check; `accounts.admin` hands what was typed to the services.
"""

from __future__ import annotations

from typing import Any

from allauth.account import app_settings
from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth import forms as auth_forms
from django.utils import timezone

from accounts import services, wording
from accounts.models import Audience, User
from realtime.errors import Refusal


def _check_mention_word(form: forms.ModelForm, field: str = "username") -> str:
    username: str = form.cleaned_data[field]
    if username.lower() in services.MENTION_WORDS:
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


class AddEmailForm(allauth_forms.AddEmailForm):
    """Takes no address of somebody else.

    allauth takes it, so as not to tell that it is in use: the mail for its verification settles
    whose it is. Without verification nothing would, and it could become the main one of two people.
    """

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY:
            return email
        addresses = EmailAddress.objects.filter(email=email).exclude(user=self.user)
        if addresses.exists() or User.objects.filter(email=email).exclude(pk=self.user.pk).exists():
            raise get_adapter().validation_error("email_taken")
        return email


class PrivacyForm(forms.Form):
    """What one lets others know. Each choice is a row of the page that says what it means."""

    read_receipts = forms.ChoiceField(choices=Audience.choices)

"""Where allauth's sign-up and sign-in ask this product: who may, under which name, in which words."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from accounts import addresses, names, services
from accounts.models import User
from audit import origin
from realtime.errors import Refusal

# Rate limits count by address. Where nothing tells it (a Unix socket without proxy) all share one count.
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 (a bucket's name; nothing listens there)

SPENT = "hashed for the time that it takes"


def user_display(user: User) -> str:
    """What allauth's pages and mails call somebody."""
    return user.name


def sign_in_refusal(user: User) -> str | None:
    """Return why somebody with the right credentials may not sign in, in words for them; else None."""
    if not user.is_active:
        return "This account has been closed. Ask the people who run this server to open it again."
    if user.is_suspended:
        until = f" until {user.suspended_until:%-d %B %Y, %H:%M} UTC" if user.suspended_until else ""
        return f"This account is suspended{until}. Reason: {user.suspension_reason}"
    return None


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This address and password don’t go together. Check both and try again.",
        "username_password_mismatch": "This name and password don’t go together. Check both and try again.",
        "username_taken": "This name is taken. Choose another.",
        "email_taken": "This e-mail address is in use. Sign in with it, or use another.",
        "too_many_login_attempts": "There were many attempts to sign in. Wait ten minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.OPEN_SIGNUP)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        for validator in app_settings.USERNAME_VALIDATORS:  # the model's
            validator(username)
        try:
            names.check_username(username)
        except Refusal as refusal:
            raise ValidationError(refusal.detail, code="username_reserved") from refusal
        if not shallow and User.objects.named(username).exists():
            raise self.validation_error("username_taken")
        return username

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        if not commit:
            return super().save_user(request, user, form, commit=False)
        data = form.cleaned_data
        email, password = data.get("email"), data.get("password1") or data.get("password")
        # An address of somebody else is taken as a claim: a refusal would tell that it is in use.
        own = email if email and not addresses.is_taken(email) else None
        try:
            # The name is what another site knows of them, if they come from one.
            known = user.display_name
            made = services.create_user(data["username"], email=own, password=password, display_name=known)
            # Not saved: allauth makes an `EmailAddress` of it, the same whether it is a claim or not.
            made.email = email
            return made
        except Refusal as refusal:
            # The form was right, and somebody else took the name before this was saved.
            self.add_message(request, messages.ERROR, message=refusal.detail)
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_signup"))) from refusal

    def respond_email_verification_sent(self, request: HttpRequest, user: User | None) -> HttpResponseBase:
        """Answer a sign-up. Without a user it only looks like one, as the address has an account already.

        Nobody was made then, so nothing has been hashed: the time would tell.
        """
        if user is None:
            make_password(SPENT)
        answer: HttpResponseBase = super().respond_email_verification_sent(request, user)
        return answer

    def set_password(self, user: User, password: str) -> None:
        """Called for a change, and for a reset by mail: then nobody is signed in."""
        request = self.request
        actor = request.user if request is not None and request.user.is_authenticated else None
        services.set_password(user, password, actor=actor)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user = super().authenticate(request, **credentials)
        if user is not None and (reason := sign_in_refusal(user)):
            # Only after the right password: to others the account looks like any wrong guess.
            raise ValidationError(reason, code="not_admitted")
        return user

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Stop on the other ways in, too: by a code, or by another site's account."""
        if reason := sign_in_refusal(user):
            self.add_message(request, messages.ERROR, message=reason)
            return HttpResponseRedirect(reverse("account_login"))
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in. Who was signed in in this browser before is signed out first, and told so."""
        if request.user.is_authenticated and request.user.pk != user.pk:
            self.logout(request)
        super().login(request, user)

    def get_client_ip(self, request: HttpRequest) -> str:
        return origin.of_request(request.META).ip or UNKNOWN_ADDRESS

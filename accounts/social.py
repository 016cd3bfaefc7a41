"""Signing in with an account of another site (OpenID Connect), where an installation has that."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from requests import RequestException

from accounts import addresses, services, wording
from accounts.models import User

logger = logging.getLogger(__name__)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Named by `SOCIALACCOUNT_ADAPTER`, if there is any."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        for address in sociallogin.email_addresses:
            address.verified = _is_true(address.verified)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.display_name = wording.shown_of(str(data.get("name") or ""))[: wording.DISPLAY_NAME_MAX]
        return user

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Return whose account it is by an address that both sites have verified; None: nobody's.

        An address that was only entered here could be anybody's: its account would become that of
        whoever signs in, with whoever made it still in it.
        """
        for address in sociallogin.email_addresses:
            if not _is_true(address.verified):
                continue
            found = EmailAddress.objects.filter(email=address.email.lower(), verified=True).select_related("user")
            if own := found.first():
                return own.user, own.email
        return None

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: BaseForm | None = None) -> User:
        """Make the account through the service, as every other."""
        if form is not None:
            user: User = get_account_adapter().save_user(request, sociallogin.user, form)
        else:
            suggested = sociallogin.user
            get_account_adapter().populate_username(request, suggested)
            email = suggested.email or None
            own = email if email and not addresses.is_taken(email) else None
            user = services.create_user(suggested.username, email=own, display_name=suggested.display_name)
            user.email = email
        sociallogin.user = user
        sociallogin.save(request)
        return user


class OtherSite(MiddlewareMixin):
    """Says so when the other site cannot be reached: allauth asks it where to go before anybody goes there."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if not isinstance(exception, RequestException) or match is None or match.url_name != "openid_connect_login":
            return None
        logger.warning("The site for signing in does not answer: %s", exception)
        return render(request, "socialaccount/authentication_error.html", {"is_down": True}, status=502)


def _is_true(verified: Any) -> bool:
    """Some sites send the word “false”, which is true to Python."""
    return verified is True or verified == "true"

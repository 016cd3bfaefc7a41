"""Addresses of the pages about one's own API tokens."""

from django.urls import path

from integrations import pages

urlpatterns = [
    path("settings/tokens/", pages.tokens, name="settings_tokens"),
    path("settings/tokens/new/", pages.new_token, name="token_new"),
    path("settings/tokens/<uuid:token>/revoke/", pages.revoke, name="token_revoke"),
]

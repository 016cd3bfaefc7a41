"""Addresses of the account pages beside allauth's."""

from django.conf import settings
from django.urls import path

from accounts import media, profile_pages, views

urlpatterns = [
    path("accounts/theme/", views.theme, name="theme"),
    path("settings/", profile_pages.settings_home, name="settings"),
    path("settings/profile/", profile_pages.profile, name="settings_profile"),
    path("settings/profile/picture/", profile_pages.avatar, name="settings_avatar"),
    path("settings/profile/status/", profile_pages.status, name="settings_status"),
    path(f"{settings.MEDIA_URL.lstrip('/')}<path:name>", media.picture, name="picture"),
    path("settings/privacy/", views.privacy_settings, name="settings_privacy"),
]

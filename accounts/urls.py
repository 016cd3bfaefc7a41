"""Addresses of the account pages beside allauth's."""

from django.conf import settings
from django.urls import path
from django.views.generic import RedirectView

from accounts import media, profile_pages, security, views

urlpatterns = [
    path("accounts/theme/", views.theme, name="theme"),
    # allauth's own overview of second factors, which it comes back to after each change.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="settings_security")),
    path("settings/", profile_pages.settings_home, name="settings"),
    path("settings/profile/", profile_pages.profile, name="settings_profile"),
    path("settings/profile/picture/", profile_pages.avatar, name="settings_avatar"),
    path("settings/profile/status/", profile_pages.status, name="settings_status"),
    path(f"{settings.MEDIA_URL.lstrip('/')}<path:name>", media.picture, name="picture"),
    path("settings/privacy/", views.privacy_settings, name="settings_privacy"),
    path("settings/security/", security.overview, name="settings_security"),
    path("settings/security/devices/end-others/", security.end_other_devices, name="devices_end_others"),
    path("settings/security/devices/<uuid:device>/name/", security.rename_device, name="device_rename"),
    path("settings/security/devices/<uuid:device>/end/", security.end_device, name="device_end"),
]

"""Addresses of the account pages beside allauth's."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("accounts/theme/", views.theme, name="theme"),
    path("settings/privacy/", views.privacy_settings, name="settings_privacy"),
]

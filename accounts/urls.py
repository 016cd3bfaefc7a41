"""Addresses of the account pages beside allauth's."""

from django.urls import path

from accounts import views

urlpatterns = [path("theme/", views.theme, name="theme")]

"""Addresses of the pages about presence."""

from django.urls import path

from presence import views

urlpatterns = [path("settings/availability/", views.availability, name="availability")]

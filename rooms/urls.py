"""Addresses of the pages about rooms."""

from django.urls import path

from rooms import contacts, deciding, guests, views

urlpatterns = [
    path("", views.home, name="home"),
    path("rooms/", views.directory, name="directory"),
    path("rooms/new/", views.new_room, name="room_new"),
    path("direct/new/", views.new_direct, name="direct_new"),
    path("guest/<slug:slug>/", guests.enter, name="guest"),
    path("contacts/", contacts.contacts_page, name="contacts"),
    path("r/<slug:slug>/settings/", deciding.room_settings, name="room_settings"),
    path("r/<slug:slug>/join/", views.join, name="room_join"),
    path("r/<slug:slug>/leave/", views.leave, name="room_leave"),
]

"""Addresses of the pages about rooms."""

from django.urls import path

from rooms import contacts, deciding, guests, people_pages, views

urlpatterns = [
    path("", views.home, name="home"),
    path("rooms/", views.directory, name="directory"),
    path("rooms/new/", views.new_room, name="room_new"),
    path("direct/new/", views.new_direct, name="direct_new"),
    path("guest/<slug:slug>/", guests.enter, name="guest"),
    path("contacts/", contacts.contacts_page, name="contacts"),
    path("people/<uuid:user_id>/", people_pages.profile, name="profile"),
    path("u/<slug:username>/", people_pages.profile_named, name="profile_named"),
    path("r/<slug:slug>/settings/", deciding.room_settings, name="room_settings"),
    path("r/<slug:slug>/join/", views.join, name="room_join"),
    path("r/<slug:slug>/leave/", views.leave, name="room_leave"),
]

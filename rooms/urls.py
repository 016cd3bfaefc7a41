"""Addresses of the pages about rooms."""

from django.urls import path

from rooms import contacts, deciding, guests, people_pages, views
from rooms.roster import adding, banning, inviting, managing, members

urlpatterns = [
    path("", views.home, name="home"),
    path("rooms/", views.directory, name="directory"),
    path("rooms/new/", views.new_room, name="room_new"),
    path("direct/new/", views.new_direct, name="direct_new"),
    path("guest/<slug:slug>/", guests.enter, name="guest"),
    path("contacts/", contacts.contacts_page, name="contacts"),
    path("people/<uuid:user_id>/", people_pages.profile, name="profile"),
    path("u/<slug:username>/", people_pages.profile_named, name="profile_named"),
    path("invitations/", inviting.my_invitations, name="my_invitations"),
    path("invite/<str:code>/", inviting.invitation_link, name="invitation"),
    path("r/<slug:slug>/settings/", deciding.room_settings, name="room_settings"),
    path("r/<slug:slug>/join/", views.join, name="room_join"),
    path("r/<slug:slug>/leave/", managing.leave, name="room_leave"),
    path("r/<slug:slug>/picture/", managing.picture, name="room_picture"),
    path("r/<slug:slug>/archive/", managing.archive, name="room_archive"),
    path("r/<slug:slug>/delete/", managing.delete, name="room_delete"),
    path("r/<slug:slug>/invitations/", inviting.room_invitations, name="room_invitations"),
    path("r/<slug:slug>/bans/", banning.bans, name="room_bans"),
    path("r/<slug:slug>/members/", members.member_list, name="room_members"),
    path("r/<slug:slug>/members/add/", adding.add_people, name="room_add"),
    path("r/<slug:slug>/members/<uuid:user_id>/", members.member, name="room_member"),
]

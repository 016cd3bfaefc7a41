"""Addresses of rooms under `/api/v1/`."""

from django.urls import path

from rooms.api import bans, invitations, members, people, pictures, preferences, views

urlpatterns = [
    path("me/sections/", preferences.SectionsView.as_view()),
    path("me/sections/<uuid:section_id>/", preferences.SectionView.as_view()),
    path("rooms/<uuid:room_id>/me/", preferences.OwnRoomView.as_view()),
    path("rooms/", views.RoomsView.as_view()),
    path("rooms/directory/", views.DirectoryView.as_view()),
    path("rooms/<uuid:room_id>/", views.RoomView.as_view()),
    path("rooms/<uuid:room_id>/avatar/", pictures.PictureView.as_view()),
    path("rooms/<uuid:room_id>/join/", views.JoinView.as_view()),
    path("rooms/<uuid:room_id>/leave/", views.LeaveView.as_view()),
    path("rooms/<uuid:room_id>/members/", members.MembersView.as_view()),
    path("rooms/<uuid:room_id>/members/<uuid:user_id>/", members.MemberView.as_view()),
    path("rooms/<uuid:room_id>/owner/", members.OwnerView.as_view()),
    path("rooms/<uuid:room_id>/bans/", bans.BansView.as_view()),
    path("rooms/<uuid:room_id>/bans/<uuid:user_id>/", bans.BanView.as_view()),
    path("rooms/<uuid:room_id>/invitations/", invitations.RoomInvitationsView.as_view()),
    path("invitations/", invitations.InvitationsView.as_view()),
    path("invitations/<uuid:invitation_id>/", invitations.InvitationView.as_view()),
    path("invitations/links/<str:code>/", invitations.LinkView.as_view()),
    path("users/", people.PeopleView.as_view()),
    path("users/<uuid:user_id>/", people.PersonView.as_view()),
]

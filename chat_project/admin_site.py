"""The admin site that moderators live in."""

from django.contrib.admin import AdminSite


class ChatAdminSite(AdminSite):
    site_header = "Chat administration"
    site_title = "Chat administration"
    index_title = "Moderation and upkeep"

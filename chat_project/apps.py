"""The admin site's configuration."""

from django.contrib.admin.apps import AdminConfig


class ChatAdminConfig(AdminConfig):
    """Django's admin with this product's own site (names, no surprises)."""

    default_site = "chat_project.admin_site.ChatAdminSite"

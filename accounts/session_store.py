"""Django's sessions in the database, with the device's record beside each (named by `SESSION_ENGINE`).

Whoever ends a session or gives it another key (a sign-out, a new password, code of Django's or
allauth's that knows nothing of devices) comes through here, so the two never part.
"""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction
from django.utils import timezone

from accounts.models import DeviceSession


class SessionStore(DatabaseStore):
    def cycle_key(self) -> None:
        old = self.session_key
        with transaction.atomic():
            # Before the old session goes, and its device with it.
            device = DeviceSession.objects.filter(session_key=old).first() if old else None
            if device is not None:
                DeviceSession.objects.filter(pk=device.pk).update(session_key=f"moving-{device.pk.hex}")
            super().cycle_key()
            if device is not None:
                DeviceSession.objects.filter(pk=device.pk).update(session_key=self.session_key)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        super().delete(session_key)
        if key:
            # One that was replaced stays for a while: its sockets are to learn why they end.
            DeviceSession.objects.filter(session_key=key, replaced_at__isnull=True).delete()

    @classmethod
    def clear_expired(cls) -> None:
        super().clear_expired()
        standing = cls.get_model_class().objects.filter(expire_date__gt=timezone.now()).values("session_key")
        DeviceSession.objects.filter(replaced_at__isnull=True).exclude(session_key__in=standing).delete()

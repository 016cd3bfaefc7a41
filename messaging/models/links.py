"""What is known of addresses that messages link to."""

from __future__ import annotations

from django.db import models


class LinkPreview(models.Model):
    """What was found at an address, and when; asked for once, whoever links to it."""

    id = models.BigAutoField(primary_key=True)
    # SHA-256 of the address: addresses are longer than an index entry may be.
    digest = models.BinaryField(max_length=32, unique=True)
    url = models.TextField()
    # Empty where nothing was found: then there is no preview, and no second try for a while.
    title = models.CharField(max_length=300, blank=True)
    description = models.CharField(max_length=500, blank=True)
    site = models.CharField(max_length=100, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    fetched_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["fetched_at"], name="linkpreview_age")]

    def __str__(self) -> str:
        return self.url

"""Jobs in the admin: what waits, what runs, what failed too often; to try again or to give up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chat_project.admin_site import ReadOnlyAdmin, ServiceAdmin
from jobs import services
from jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin, ServiceAdmin):
    list_display = ("task", "state", "tries", "due_at", "last_error")
    list_filter = ("state", "queue")
    search_fields = ("=key", "=task")
    search_help_text = "Exactly: a key, or the name of a task."
    ordering = ("due_at",)
    fields = (
        *("id", "task", "queue", "arguments", "key", "state", "tries", "due_at"),
        *("worker", "error", "enqueued_at"),
    )
    actions = ("retry", "discard")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Staff who may change jobs; there is no form to change one by."""
        return bool(request.user.has_perm("jobs.change_job"))

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("jobs.delete_job"))

    @admin.action(description="Try again now", permissions=["retry"])
    def retry(self, request: HttpRequest, chosen: QuerySet[Job]) -> None:
        def change(job: Job) -> None:
            services.retry(job.pk)
            self.log_change(request, job, "Tried again.")

        self.apply_to_each(request, chosen, change, "Jobs to be tried again")

    @admin.action(description="Discard: the work will not be done", permissions=["discard"])
    def discard(self, request: HttpRequest, chosen: QuerySet[Job]) -> None:
        def change(job: Job) -> None:
            services.discard(job.pk)
            self.log_change(request, job, f"Discarded: {job}.")

        self.apply_to_each(request, chosen, change, "Jobs discarded")

    @admin.display(description="attempts", ordering="attempts")
    def tries(self, job: Job) -> str:
        return f"{job.attempts} of {job.attempts_max}"

    @admin.display(description="last error")
    def last_error(self, job: Job) -> str:
        return job.error.strip().rsplit("\n", 1)[-1][:200]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._refuse_raw_write("save_model")

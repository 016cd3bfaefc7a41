"""Pages of one's own profile: what others see of one, the picture, the status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import pace, pictures, services, statuses, wording
from accounts.models import User
from accounts.requests import user_of
from realtime.errors import Refusal

AFTER_WORDS = {
    statuses.After.HALF_HOUR: "30 minutes",
    statuses.After.HOUR: "1 hour",
    statuses.After.TODAY: "Today",
    statuses.After.WEEK: "This week",
    statuses.After.NEVER: "Don’t clear",
}
# The choice of somebody whose status ends at a time that is none of these.
KEEP = "keep"


class ProfileForm(forms.Form):
    """What one says of oneself. Each field's rule is the service's."""

    display_name = forms.CharField(required=False, max_length=wording.DISPLAY_NAME_MAX, strip=False)
    bio = forms.CharField(
        required=False, max_length=wording.BIO_MAX, strip=False, widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"})
    )
    phone = forms.CharField(
        required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    time_zone = forms.ChoiceField(required=False)
    locale = forms.ChoiceField(required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User) -> None:
        super().__init__(data, initial={name: getattr(user, name) or "" for name in self.base_fields})
        self.fields["time_zone"].choices = _zone_choices(user.time_zone)  # type: ignore[attr-defined]
        self.fields["locale"].choices = [("", "As the server"), *settings.LANGUAGES]  # type: ignore[attr-defined]
        if len(settings.LANGUAGES) < 2:  # nothing to choose from
            del self.fields["locale"]
        self.fields["display_name"].widget.attrs.update(dir="auto", autocomplete="name")


class StatusForm(forms.Form):
    emoji = forms.CharField(required=False, max_length=statuses.EMOJI_MAX)
    text = forms.CharField(required=False, max_length=statuses.TEXT_MAX)
    after = forms.ChoiceField(choices=[*((each.value, words) for each, words in AFTER_WORDS.items()), (KEEP, "")])
    # The browser's own, where it says: someone on a journey means the clock on their wall.
    zone = forms.CharField(required=False, max_length=64)


@require_safe
@login_required
def settings_home(request: HttpRequest) -> HttpResponse:
    return redirect("settings_profile")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = ProfileForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in form.changed_data}

        def save() -> None:
            pace.profile(user)
            if fields:  # a form that is sent as it was is no mistake
                services.change_profile(user, **fields)

        if _done(form, save):
            messages.success(request, "Your profile is saved.")
            return redirect("settings_profile")
    return _page(request, form=form)


@require_POST
@login_required
def avatar(request: HttpRequest) -> HttpResponse:
    """Put the uploaded picture in the place of the one before, or (`remove`) nothing."""
    user = user_of(request)
    form, upload = forms.Form(request.POST), request.FILES.get("avatar")

    def save() -> None:
        if "remove" in request.POST:
            pace.profile(user)
            services.remove_avatar(user, actor=user)
        elif upload is None:
            raise Refusal("Choose a picture first.")
        else:
            pace.picture(user)
            services.set_avatar(user, upload, actor=user)

    if int(request.META.get("CONTENT_LENGTH") or 0) > pictures.BYTES_MAX * 2:
        form.add_error(None, pictures.too_large().detail)
    elif _done(form, save):
        messages.success(request, "Your picture is gone." if "remove" in request.POST else "Your picture is changed.")
        return redirect("settings_profile")
    return _page(request, avatar_errors=form.non_field_errors())


@require_POST
@login_required
def status(request: HttpRequest) -> HttpResponse:
    """Set what one says of oneself, or (`clear`) end it."""
    user = user_of(request)
    form = StatusForm(request.POST)

    def save() -> None:
        pace.profile(user)
        if "clear" in request.POST:
            services.clear_status(user, actor=user)
            return
        data = form.cleaned_data
        if data["after"] == KEEP:
            until = user.status_until
        else:
            until = statuses.end_of(statuses.After(data["after"]), _zone(data["zone"], user))
        services.set_status(user, emoji=data["emoji"], text=data["text"], until=until, actor=user)

    if ("clear" in request.POST or form.is_valid()) and _done(form, save):
        messages.success(request, "Your status is cleared." if "clear" in request.POST else "Your status is set.")
        return redirect("settings_profile")
    return _page(request, status_form=form)


def _page(
    request: HttpRequest,
    *,
    form: ProfileForm | None = None,
    status_form: StatusForm | None = None,
    avatar_errors: Sequence[Any] | None = None,
) -> HttpResponse:
    user = user_of(request)
    failed = any(each is not None for each in (status_form, avatar_errors)) or (form is not None and form.is_bound)
    context = {
        "form": form or ProfileForm(user=user),
        "status_form": status_form,
        "avatar_errors": avatar_errors,
        "status": user.status,
        "after": [(each.value, words) for each, words in AFTER_WORDS.items()],
        "picture": pictures.url(user.avatar.name or "", pictures.LARGE),
    }
    return render(request, "settings/profile.html", context, status=400 if failed else 200)


def _done(form: forms.Form, save: Callable[[], None]) -> bool:
    """Do it; what was refused is said at the field that it is about."""
    try:
        save()
    except Refusal as refusal:
        known = {name.removeprefix("status_"): texts for name, texts in refusal.fields.items()}
        for name, texts in known.items():
            form.add_error(name if name in form.fields else None, texts)
        if not known:
            form.add_error(None, refusal.detail)
        return False
    return True


def _zone(named: str, user: User) -> ZoneInfo:
    return wording.zone_of(named if named in wording.time_zones() else user.time_zone)


def _zone_choices(held: str) -> list[tuple[str, object]]:
    """The zones of the continents and oceans by group; others, such as “EST”, only where somebody has one."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(wording.time_zones() | ({held} - {""})):
        area, _, place = name.partition("/")
        if (place and area not in ("Etc", "US", "Canada", "Brazil", "Chile", "Mexico")) or name in (held, "UTC"):
            words = place.replace("_", " ").replace("/", ", ") or name
            groups.setdefault(area if place else "Others", []).append((name, words))
    return [("", "Not said"), *groups.items()]

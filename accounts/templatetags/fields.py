"""Template tags for forms."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """Draw a field's control without a placeholder: its label says the same, and stays."""
    return field.as_widget(attrs={"placeholder": False})

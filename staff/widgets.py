"""The plain inputs of a form, drawn without a template each.

Django draws a select by one template, one more for each option, and one more for the attributes of each of these: on a
list with filters that is a sixth of the page's time. What is drawn is the same.
"""

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe


def _attributes(attrs: dict) -> str:
    drawn = []
    for name, value in attrs.items():
        if value is True:
            drawn.append(f" {name}")
        elif value is not False:
            drawn.append(f' {name}="{escape(value)}"')
    return "".join(drawn)


def _input(widget: dict) -> str:
    value = "" if widget["value"] is None else f' value="{escape(widget["value"])}"'
    return f'<input type="{widget["type"]}" name="{escape(widget["name"])}"{value}{_attributes(widget["attrs"])}>'


def _option(option: dict) -> str:
    value = escape(option["value"])
    return f'<option value="{value}"{_attributes(option["attrs"])}>{conditional_escape(option["label"])}</option>'


def _select(widget: dict) -> str:
    groups = []
    for name, options, _ in widget["optgroups"]:
        drawn = "\n".join(_option(option) for option in options)
        groups.append(f'<optgroup label="{escape(name)}">{drawn}</optgroup>' if name else drawn)
    return f'<select name="{escape(widget["name"])}"{_attributes(widget["attrs"])}>{"".join(groups)}</select>'


def _textarea(widget: dict) -> str:
    text = escape(widget["value"] or "")
    return f'<textarea name="{escape(widget["name"])}"{_attributes(widget["attrs"])}>\n{text}</textarea>'


_DRAWN_BY = {
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
    **{
        f"django/forms/widgets/{kind}.html": _input
        for kind in ("text", "number", "date", "datetime", "email", "hidden", "password")
    },
}


class QuickRenderer(DjangoTemplates):
    """Django's renderer of forms, but for the plain inputs."""

    def render(self, template_name, context, request=None) -> SafeString:
        draw = _DRAWN_BY.get(template_name)
        if draw is None:
            return super().render(template_name, context, request)
        return mark_safe(draw(context["widget"]))  # noqa: S308 — everything above is escaped

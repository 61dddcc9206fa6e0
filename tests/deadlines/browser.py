"""A browser without JavaScript: fills in the form of a page as it was sent, and presses a button of it."""

from html.parser import HTMLParser


class _Form(HTMLParser):
    """The controls of the form with an id, those outside it with `form="…"` included, as a browser would send them."""

    def __init__(self, form_id: str):
        super().__init__()
        self.form_id = form_id
        self.action: str | None = None
        self.fields: dict[str, list[str]] = {}
        self.buttons: dict[str, tuple[str, str]] = {}
        self._inside = False
        self._select = self._textarea = self._button = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form" and given.get("id") == self.form_id:
            self._inside, self.action = True, given.get("action", "")
        is_ours = self._inside or given.get("form") == self.form_id
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "input" and is_ours and name:
            if given.get("type") not in ("checkbox", "radio"):
                self.fields.setdefault(name, []).append(value)
            elif "checked" in given:
                self.fields.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "select" and is_ours:
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = [value]
        elif tag == "textarea" and is_ours:
            self._textarea = name
            self.fields[name] = [""]
        elif tag == "button" and is_ours:
            self._button = (name, value)

    def handle_data(self, data):
        if self._textarea:
            self.fields[self._textarea][0] += data
        elif self._button is not None:
            self.buttons[data.strip()] = self._button

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            # A browser drops the line break that HTML puts first.
            self.fields[self._textarea][0] = self.fields[self._textarea][0].removeprefix("\n")
            self._textarea = None
        elif tag == "button":
            self._button = None


def form_of(response, form_id: str) -> _Form:
    """The form as it stands on the page."""
    form = _Form(form_id)
    form.feed(response.content.decode())
    assert form.action is not None, f"no form #{form_id} on the page"
    return form


def press(client, response, form_id: str, words: str, **typed):
    """Fill in `typed` (a list for several ticks, None to clear) and press the button with these words."""
    form = form_of(response, form_id)
    fields = {**form.fields, **{name: value for name, value in typed.items() if value is not None}}
    for name in (name for name, value in typed.items() if value is None):
        fields.pop(name, None)
    name, value = form.buttons[words]
    if name:
        fields[name] = [value]
    return client.post(form.action or response.request["PATH_INFO"], fields)

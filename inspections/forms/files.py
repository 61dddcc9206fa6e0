"""Photos and documents as proof: chosen from the files, or taken with the camera of a phone."""

from django import forms

from uploads import ACCEPT, ALLOWED_TEXT

# What a phone's camera may hand over. Naming the types makes an iPhone convert its own format.
PHOTOS = "image/jpeg,image/png"


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class EvidenceField(forms.FileField):
    """Any number of files; cleans to a list. How many, how large and what they are is judged by the service."""

    def __init__(self, **more):
        told = {"label": "证据", "required": False, "allow_empty_file": True, "help_text": f"可上传：{ALLOWED_TEXT}。"}
        super().__init__(**told | {"widget": ManyFilesInput(attrs={"accept": ACCEPT})} | more)

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) else [data]
        return [super(EvidenceField, self).clean(file, initial) for file in files if file]


class PhotoField(EvidenceField):
    """Opens the camera where there is one; elsewhere it chooses pictures."""

    def __init__(self, **more):
        widget = ManyFilesInput(attrs={"accept": PHOTOS, "capture": "environment"})
        super().__init__(**{"label": "拍照", "help_text": "", "widget": widget} | more)

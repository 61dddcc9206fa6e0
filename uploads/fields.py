"""Form fields for uploads. How many, how large and what they are is judged by the services, which look into every file."""

from django import forms

from uploads import ACCEPT, ALLOWED_TEXT

# What a phone's camera may hand over. Naming the types makes an iPhone convert its own format.
PHOTOS = "image/jpeg,image/png"


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; cleans to a list."""

    def __init__(self, **more):
        told = {"allow_empty_file": True, "help_text": f"可上传：{ALLOWED_TEXT}。"}
        super().__init__(**told | {"widget": ManyFilesInput(attrs={"accept": ACCEPT})} | more)

    def clean(self, data, initial=None):
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if not files:
            super().clean(None, initial)
        # A file without content, or with a long name, gets its own reason from uploads.
        return [super(FilesField, self).clean(file, initial) for file in files]


class EvidenceField(FilesField):
    """Photos and documents as proof."""

    def __init__(self, **more):
        super().__init__(**{"label": "证据", "required": False} | more)


class PhotoField(EvidenceField):
    """Opens the camera where there is one; elsewhere it chooses pictures."""

    def __init__(self, **more):
        widget = ManyFilesInput(attrs={"accept": PHOTOS, "capture": "environment"})
        super().__init__(**{"label": "拍照", "help_text": "", "widget": widget} | more)

"""While a request is still coming in: no file fills the disk beyond the limit, whoever sends it."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MAX_FILES_OF_FULL_SIZE = 5


class LimitedUploadHandler(FileUploadHandler):
    """Stands first in FILE_UPLOAD_HANDLERS. Lets a file through to a little over the limit, so that `inspect` can say
    that it is too large, and swallows the rest; refuses a request that announces more than several such files."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > MAX_FILES_OF_FULL_SIZE * settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig("upload too large")

    def receive_data_chunk(self, raw_data, start):
        return raw_data if start <= settings.UPLOAD_MAX_BYTES else None

    def file_complete(self, file_size):
        """The handlers behind this one make the file."""
        return None

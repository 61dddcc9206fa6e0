"""While a request of the public is still coming in: five files of 20 MB, and not a byte more on our disk."""

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from feedback.services.receiving import FILE_BYTES, MOST_FILES

WORDS_BYTES = 1024 * 1024


class PublicUploadHandler(FileUploadHandler):
    """Stands before all others. Lets a file through to a little over the limit, so that the service can say that it is
    too large, and swallows the rest; of more files than allowed a few bytes, so that they are counted."""

    def __init__(self, request=None):
        super().__init__(request)
        self._files = 0

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > MOST_FILES * FILE_BYTES + WORDS_BYTES:
            raise RequestDataTooBig("upload too large")

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self._files += 1

    def receive_data_chunk(self, raw_data, start):
        if self._files > MOST_FILES and start:
            return None
        return raw_data if start <= FILE_BYTES else None

    def file_complete(self, file_size):
        """The handlers behind this one make the file."""
        return None

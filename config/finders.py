"""Which files of the front-end packages become static files of the site."""

from django.contrib.staticfiles.finders import FileSystemFinder

# Variants that no page uses; some of them point to pictures that we do not ship either.
UNUSED = [
    *("tabler-*", "*.rtl.*", "*.esm.*", "tabler.css*", "tabler.js*", "tabler.bundle*"),
    *("echarts.js*", "echarts.min.js", "echarts.simple.*", "echarts.common.js*", "package.json", "extension"),
]


class LeanFinder(FileSystemFinder):
    """STATICFILES_DIRS without what no page uses."""

    def list(self, ignore_patterns):
        return super().list([*(ignore_patterns or []), *UNUSED])

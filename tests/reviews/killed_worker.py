"""A worker that stops in mid-transaction and waits to be killed: `python -m tests.reviews.killed_worker DATABASE MEDIA DELIVERABLE POINT`.

POINT is `module:function` of the product; the worker stops as soon as that function has done its work.
"""

import importlib
import sys
import time


def stop_after(point: str) -> None:
    path, name = point.split(":")
    module = importlib.import_module(path)
    real = getattr(module, name)

    def stopping(*args, **kwargs):
        done = real(*args, **kwargs)
        print("stopped", flush=True)
        time.sleep(600)
        return done

    setattr(module, name, stopping)


def main(database: str, media: str, deliverable: str, point: str) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    settings.MEDIA_ROOT = media
    django.setup()
    from printing import pdf
    from projects.models import Deliverable
    from tests.reviews import flow

    pdf.render = lambda template, context, **options: options["title"].encode()  # not what is looked at here, and slow
    stop_after(point)
    found = Deliverable.objects.get(pk=deliverable)
    step = flow.issue if flow.live(found).state == "issuing" else flow.sign
    step(found)


if __name__ == "__main__":
    main(*sys.argv[1:])

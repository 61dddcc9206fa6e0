import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_guard_evidence"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Nudge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nudged_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="催办时间")),
                (
                    "nudged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="催办人",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nudges",
                        to="reviews.round",
                        verbose_name="轮次",
                    ),
                ),
            ],
            options={"verbose_name": "催办", "verbose_name_plural": "催办", "ordering": ["-nudged_at", "-pk"]},
        ),
    ]

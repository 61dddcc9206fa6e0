"""Annual ranking, policy of rewards and penalties, the year's settlement."""

app_name = "rankings"

urlpatterns = []

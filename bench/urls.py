from django.urls import include, path

from bench import bare

urlpatterns = [
    path("bare/inbox/", bare.inbox),
    path("bare/deliverables/", bare.deliverables),
    path("bare/deliverables/<int:pk>/", bare.deliverable),
    path("bare/deliverables/<int:pk>/remarks/", bare.remarks),
    path("", include("config.urls")),
]

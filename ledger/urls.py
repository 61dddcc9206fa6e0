from django.urls import path

from ledger import views

app_name = "ledger"

urlpatterns = [
    path("ledger/", views.entry_list, name="entry_list"),
    path("ledger/<int:number>/", views.entry_detail, name="entry_detail"),
    path("ledger/verify/", views.verify, name="verify"),
]

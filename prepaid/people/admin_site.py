from django.contrib.admin import AdminSite


class PrepaidAdminSite(AdminSite):
    pass

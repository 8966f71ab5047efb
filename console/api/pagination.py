from rest_framework.pagination import PageNumberPagination as P
class PageNumberPagination(P):
    page_size = 50

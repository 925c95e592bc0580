import datetime


class Shown:
    def process(self, form):
        return datetime.datetime(2024, 3, 6, 21, 7, 5).strftime(form)

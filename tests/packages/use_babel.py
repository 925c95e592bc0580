"""babel==2.18.0: numbers and dates of many countries"""


class Use:
    def process(self, item):
        from datetime import date

        from babel.dates import format_date
        from babel.numbers import format_currency

        assert format_date(date(2024, 3, 1), locale="de") == "01.03.2024"
        assert format_currency(1234.5, "EUR", locale="en_US") == "€1,234.50"
        return format_date(date(2024, 3, 1), "full", locale="fr")
